DROP FUNCTION app.current_account_id();
DROP FUNCTION app.touch_updated_at();
DROP DOMAIN app.price;
DROP DOMAIN app.currency_code;
DROP DOMAIN app.country_code;
DROP DOMAIN app.email;
DROP TYPE app.money_amount;
DROP TYPE app.offer_kind;
DROP TYPE app.payment_state;
DROP TYPE app.booking_status;
DROP TYPE app.trip_status;
DROP TYPE app.account_role;
DROP SCHEMA audit;
-- init-database makes the schema app and lets the roles in: it stays.
COMMENT ON SCHEMA app IS NULL;
