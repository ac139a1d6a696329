DROP TRIGGER payments_audit ON app.payments;
DROP TRIGGER bookings_audit ON app.bookings;
DROP TRIGGER trips_audit ON app.trips;
DROP TRIGGER accounts_audit ON app.accounts;
DROP FUNCTION audit.record_change();
DROP TABLE audit.changes;
