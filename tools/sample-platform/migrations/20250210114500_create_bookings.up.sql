CREATE SEQUENCE app.booking_number_seq AS bigint START WITH 100001;

CREATE TABLE app.bookings (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reference text NOT NULL DEFAULT 'B' || nextval('app.booking_number_seq')::text UNIQUE,
  trip_id bigint NOT NULL REFERENCES app.trips (id),
  booked_by bigint NOT NULL REFERENCES app.accounts (id),
  status app.booking_status NOT NULL DEFAULT 'held',
  held_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT bookings_hold_ends CHECK (status <> 'held' OR held_until IS NOT NULL)
);
ALTER SEQUENCE app.booking_number_seq OWNED BY app.bookings.reference;
CREATE INDEX bookings_trip_id_idx ON app.bookings (trip_id);
CREATE INDEX bookings_booked_by_idx ON app.bookings (booked_by);

CREATE TABLE app.booking_items (
  booking_id bigint NOT NULL REFERENCES app.bookings (id) ON DELETE CASCADE,
  line smallint NOT NULL CHECK (line > 0),
  offer_id bigint NOT NULL REFERENCES app.offers (id),
  quantity integer NOT NULL DEFAULT 1 CHECK (quantity > 0),
  unit_price app.price NOT NULL,
  currency app.currency_code NOT NULL,
  total numeric(14, 2) GENERATED ALWAYS AS (quantity * unit_price::numeric) STORED,
  PRIMARY KEY (booking_id, line)
);
CREATE INDEX booking_items_offer_id_idx ON app.booking_items (offer_id);

CREATE TABLE app.payments (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  booking_id bigint NOT NULL REFERENCES app.bookings (id),
  amount app.price NOT NULL,
  currency app.currency_code NOT NULL,
  state app.payment_state NOT NULL DEFAULT 'pending',
  provider_reference text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_booking_id_idx ON app.payments (booking_id);
CREATE UNIQUE INDEX payments_provider_reference_idx ON app.payments (provider_reference) WHERE provider_reference IS NOT NULL;

CREATE FUNCTION app.guard_booking_status() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $guard$
BEGIN
  IF (OLD.status, NEW.status) NOT IN (
    ('held', 'confirmed'), ('held', 'cancelled'), ('confirmed', 'cancelled'), ('confirmed', 'refunded')
  ) THEN
    RAISE EXCEPTION 'booking % cannot go from % to %', OLD.reference, OLD.status, NEW.status
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END;
$guard$;

CREATE TRIGGER bookings_guard_status BEFORE UPDATE OF status ON app.bookings
  FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION app.guard_booking_status();
CREATE TRIGGER bookings_touch BEFORE UPDATE ON app.bookings
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER payments_touch BEFORE UPDATE ON app.payments
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION app.touch_updated_at();

CREATE PROCEDURE app.release_expired_holds(INOUT released bigint DEFAULT 0)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  UPDATE app.bookings SET status = 'cancelled' WHERE status = 'held' AND held_until < pg_catalog.now();
  GET DIAGNOSTICS released = ROW_COUNT;
END;
$$;

COMMENT ON TABLE app.bookings IS 'What a trip has reserved; a hold ends by itself, see app.release_expired_holds';
