INSERT INTO app.countries (code, name, currency) VALUES
  ('DE', 'Germany', 'EUR'),
  ('FR', 'France', 'EUR'),
  ('IT', 'Italy', 'EUR'),
  ('JP', 'Japan', 'JPY'),
  ('CH', 'Switzerland', 'CHF');

INSERT INTO app.places (country_code, name, summary, latitude, longitude) VALUES
  ('DE', 'Berlin', 'Museums, lakes and late evenings; flat enough to cycle', 52.52001, 13.40495),
  ('FR', 'Lyon', 'Between two rivers, known for its kitchens', 45.76404, 4.83566),
  ('IT', 'Torino', 'Arcades, chocolate and the Alps at the end of the street', 45.07049, 7.68682),
  ('JP', '京都', 'Temples and gardens; it''s best before nine', 35.01156, 135.76815),
  ('CH', 'Basel', 'Three countries in one afternoon', 47.55960, 7.58858);

INSERT INTO app.places (country_code, parent_id, name, summary)
SELECT 'DE', p.id, 'Berlin Hauptbahnhof', 'The main station'
FROM app.places AS p WHERE p.country_code = 'DE' AND p.name = 'Berlin';

WITH supplier AS (
  INSERT INTO app.suppliers (name, contact_email) VALUES ('Nachtzug AG', 'post@nachtzug.example') RETURNING id
), offer AS (
  INSERT INTO app.offers (supplier_id, place_id, kind, title, details)
  SELECT s.id, p.id, 'train', 'Berlin - Basel by night', '{"class": "sleeper"}'
  FROM supplier AS s CROSS JOIN app.places AS p WHERE p.name = 'Basel'
  RETURNING id
)
INSERT INTO app.offer_prices (offer_id, valid_from, amount, currency)
SELECT o.id, DATE '2025-04-01', 89.90, 'EUR' FROM offer AS o;

REFRESH MATERIALIZED VIEW app.destination_popularity;
