CREATE TABLE audit.changes (
  id bigint GENERATED ALWAYS AS IDENTITY,
  changed_at timestamptz NOT NULL DEFAULT now(),
  table_name text NOT NULL,
  operation text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
  row_key text NOT NULL,
  account_id bigint,
  before jsonb,
  after jsonb,
  PRIMARY KEY (changed_at, id)
) PARTITION BY RANGE (changed_at);

CREATE TABLE audit.changes_2025 PARTITION OF audit.changes
  FOR VALUES FROM ('2025-01-01 00:00:00+00') TO ('2026-01-01 00:00:00+00');
CREATE TABLE audit.changes_2026 PARTITION OF audit.changes
  FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
CREATE TABLE audit.changes_rest PARTITION OF audit.changes DEFAULT;

CREATE INDEX changes_row_idx ON audit.changes (table_name, row_key, changed_at DESC);
CREATE INDEX changes_account_idx ON audit.changes (account_id) WHERE account_id IS NOT NULL;

CREATE FUNCTION audit.record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $body$
DECLARE
  old_row jsonb := CASE WHEN TG_OP <> 'INSERT' THEN pg_catalog.to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP <> 'DELETE' THEN pg_catalog.to_jsonb(NEW) END;
BEGIN
  INSERT INTO audit.changes (table_name, operation, row_key, account_id, before, after)
  VALUES (
    TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME,
    TG_OP,
    coalesce(new_row, old_row) ->> coalesce(TG_ARGV[0], 'id'),
    app.current_account_id(),
    old_row,
    new_row
  );
  RETURN NULL;  -- an AFTER trigger; what it returns is not read
END;
$body$;
REVOKE ALL ON FUNCTION audit.record_change() FROM PUBLIC;

CREATE TRIGGER accounts_audit AFTER INSERT OR UPDATE OR DELETE ON app.accounts
  FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE TRIGGER trips_audit AFTER INSERT OR UPDATE OR DELETE ON app.trips
  FOR EACH ROW EXECUTE FUNCTION audit.record_change('id');
CREATE TRIGGER bookings_audit AFTER INSERT OR UPDATE OR DELETE ON app.bookings
  FOR EACH ROW EXECUTE FUNCTION audit.record_change('reference');
CREATE TRIGGER payments_audit AFTER INSERT OR UPDATE OR DELETE ON app.payments
  FOR EACH ROW EXECUTE FUNCTION audit.record_change();

COMMENT ON TABLE audit.changes IS 'One row for each changed row, partitioned by year';
