CREATE TABLE app.trips (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id bigint NOT NULL REFERENCES app.accounts (id),
  destination_id bigint REFERENCES app.places (id),
  title text NOT NULL CHECK (title <> ''),
  status app.trip_status NOT NULL DEFAULT 'draft',
  travel_dates daterange NOT NULL CHECK (NOT isempty(travel_dates) AND NOT lower_inf(travel_dates) AND NOT upper_inf(travel_dates)),
  budget app.price,
  currency app.currency_code NOT NULL DEFAULT 'EUR',
  tags text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX trips_owner_id_idx ON app.trips (owner_id, created_at DESC);
CREATE INDEX trips_destination_id_idx ON app.trips (destination_id) INCLUDE (title);
CREATE INDEX trips_tags_idx ON app.trips USING gin (tags);
CREATE INDEX trips_travel_dates_idx ON app.trips USING gist (travel_dates);
CREATE INDEX trips_upcoming_idx ON app.trips (lower(travel_dates)) WHERE status IN ('draft', 'planned');

CREATE TABLE app.trip_members (
  trip_id bigint NOT NULL REFERENCES app.trips (id) ON DELETE CASCADE,
  account_id bigint NOT NULL REFERENCES app.accounts (id) ON DELETE CASCADE,
  can_edit boolean NOT NULL DEFAULT false,
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (trip_id, account_id)
);
CREATE INDEX trip_members_account_id_idx ON app.trip_members (account_id);

CREATE TABLE app.itinerary_items (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trip_id bigint NOT NULL REFERENCES app.trips (id) ON DELETE CASCADE,
  place_id bigint REFERENCES app.places (id),
  position integer NOT NULL CHECK (position > 0),
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  note text NOT NULL DEFAULT '',
  CONSTRAINT itinerary_items_order CHECK (starts_at < ends_at),
  CONSTRAINT itinerary_items_position_key UNIQUE (trip_id, position) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX itinerary_items_place_id_idx ON app.itinerary_items (place_id);

CREATE FUNCTION app.trip_needs_owner_as_member() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $body$
DECLARE
  missing bigint;
BEGIN
  SELECT t.owner_id INTO missing
  FROM app.trips AS t
  WHERE t.id = NEW.id
    AND NOT EXISTS (SELECT FROM app.trip_members AS m WHERE m.trip_id = t.id AND m.account_id = t.owner_id);
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'trip % lacks its owner % among its members', NEW.id, missing
      USING ERRCODE = 'integrity_constraint_violation', HINT = $hint$Add the owner; then commit.$hint$;
  END IF;
  RETURN NULL;
END;
$body$;

CREATE CONSTRAINT TRIGGER trips_owner_is_member AFTER INSERT OR UPDATE OF owner_id ON app.trips
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION app.trip_needs_owner_as_member();
CREATE TRIGGER trips_touch BEFORE UPDATE ON app.trips
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION app.touch_updated_at();

COMMENT ON CONSTRAINT itinerary_items_order ON app.itinerary_items IS 'A stop ends after it starts; both are in UTC';
