DROP FUNCTION app.search_places(text, integer);
DROP TABLE app.places;
DROP TABLE app.countries;
