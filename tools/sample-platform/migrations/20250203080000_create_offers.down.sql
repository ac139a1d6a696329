DROP FUNCTION app.price_of(bigint, date);
DROP TABLE app.offer_prices;
DROP TABLE app.offers;
DROP TABLE app.suppliers;
