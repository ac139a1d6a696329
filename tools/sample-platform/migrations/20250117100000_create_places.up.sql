CREATE TABLE app.countries (
  code app.country_code PRIMARY KEY,
  name text NOT NULL UNIQUE,
  currency app.currency_code NOT NULL
);

CREATE TABLE app.places (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  country_code app.country_code NOT NULL REFERENCES app.countries (code),
  parent_id bigint REFERENCES app.places (id) ON DELETE SET NULL,
  name text NOT NULL,
  summary text NOT NULL DEFAULT '',
  latitude numeric(8, 5) CHECK (latitude BETWEEN -90 AND 90),
  longitude numeric(8, 5) CHECK (longitude BETWEEN -180 AND 180),
  search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple'::regconfig, name), 'A') ||
    setweight(to_tsvector('english'::regconfig, summary), 'B')
  ) STORED,
  CONSTRAINT places_name_key UNIQUE (country_code, name),
  CONSTRAINT places_position CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX places_parent_id_idx ON app.places (parent_id);
CREATE INDEX places_search_idx ON app.places USING gin (search);

CREATE FUNCTION app.search_places(query text, max_rows integer DEFAULT 20)
RETURNS TABLE (id bigint, name text, rank real)
LANGUAGE sql STABLE SET search_path = ''
BEGIN ATOMIC
  SELECT p.id, p.name, ts_rank(p.search, websearch_to_tsquery('english'::regconfig, search_places.query))
  FROM app.places AS p
  WHERE p.search @@ websearch_to_tsquery('english'::regconfig, search_places.query)
  ORDER BY 3 DESC, 2
  LIMIT search_places.max_rows;
END;

COMMENT ON COLUMN app.places.parent_id IS 'The place that this one lies in, such as the city of a station';
