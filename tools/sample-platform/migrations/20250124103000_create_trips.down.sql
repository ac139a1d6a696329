DROP TABLE app.itinerary_items;
DROP TABLE app.trip_members;
DROP TABLE app.trips;
DROP FUNCTION app.trip_needs_owner_as_member();
