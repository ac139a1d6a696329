DROP PROCEDURE app.release_expired_holds(bigint);
DROP TABLE app.payments;
DROP TABLE app.booking_items;
DROP TABLE app.bookings;
DROP FUNCTION app.guard_booking_status();
