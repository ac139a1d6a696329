CREATE VIEW app.trip_overview WITH (security_invoker = true) AS
SELECT
  t.id,
  t.title,
  t.status,
  a.display_name AS owner_name,
  p.name AS destination,
  lower(t.travel_dates) AS first_day,
  upper(t.travel_dates) - lower(t.travel_dates) AS days,
  (SELECT count(*) FROM app.trip_members AS m WHERE m.trip_id = t.id) AS members
FROM app.trips AS t
JOIN app.accounts AS a ON a.id = t.owner_id
LEFT JOIN app.places AS p ON p.id = t.destination_id;

CREATE VIEW app.active_offers AS
SELECT o.id, o.kind, o.title, s.name AS supplier, o.place_id
FROM app.offers AS o
JOIN app.suppliers AS s ON s.id = o.supplier_id
WHERE o.withdrawn_at IS NULL AND s.active;

CREATE MATERIALIZED VIEW app.destination_popularity AS
SELECT p.id AS place_id, p.name, count(t.id) AS trips, max(t.created_at) AS last_trip_at
FROM app.places AS p
LEFT JOIN app.trips AS t ON t.destination_id = p.id AND t.status <> 'cancelled'
GROUP BY p.id, p.name
WITH DATA;
CREATE UNIQUE INDEX destination_popularity_place_id_idx ON app.destination_popularity (place_id);

CREATE FUNCTION app.refresh_reports() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  REFRESH MATERIALIZED VIEW app.destination_popularity;
END
$$;
REVOKE ALL ON FUNCTION app.refresh_reports() FROM PUBLIC;

COMMENT ON VIEW app.trip_overview IS 'Trips as a list shows them; each reader sees what the policies of app.trips let through';
COMMENT ON MATERIALIZED VIEW app.destination_popularity IS 'Refreshed by app.refresh_reports()';
