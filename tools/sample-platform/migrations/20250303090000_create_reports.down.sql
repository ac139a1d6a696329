DROP FUNCTION app.refresh_reports();
DROP MATERIALIZED VIEW app.destination_popularity;
DROP VIEW app.active_offers;
DROP VIEW app.trip_overview;
