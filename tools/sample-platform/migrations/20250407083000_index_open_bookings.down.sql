DROP INDEX CONCURRENTLY app.bookings_month_idx;
DROP INDEX CONCURRENTLY app.bookings_held_idx;
