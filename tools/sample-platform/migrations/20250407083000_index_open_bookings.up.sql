-- Bookings are written all day: these indexes are built without blocking, outside a transaction.
CREATE INDEX CONCURRENTLY bookings_held_idx ON app.bookings (held_until) WHERE status = 'held';
CREATE INDEX CONCURRENTLY bookings_month_idx ON app.bookings (date_trunc('month', created_at AT TIME ZONE 'UTC'));
