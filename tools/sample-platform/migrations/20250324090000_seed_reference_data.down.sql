DELETE FROM app.offer_prices;
DELETE FROM app.offers;
DELETE FROM app.suppliers;
DELETE FROM app.places;
DELETE FROM app.countries;
REFRESH MATERIALIZED VIEW app.destination_popularity;
