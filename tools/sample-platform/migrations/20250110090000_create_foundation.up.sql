-- Schemas, types and the helpers that every later table leans on.
CREATE SCHEMA IF NOT EXISTS app AUTHORIZATION app_owner;
CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION app_owner;

CREATE TYPE app.account_role AS ENUM ('traveller', 'agent', 'admin');
CREATE TYPE app.trip_status AS ENUM ('draft', 'planned', 'travelling', 'finished', 'cancelled');
CREATE TYPE app.booking_status AS ENUM ('held', 'confirmed', 'cancelled', 'refunded');
CREATE TYPE app.payment_state AS ENUM ('pending', 'captured', 'failed', 'refunded');
CREATE TYPE app.offer_kind AS ENUM ('flight', 'train', 'stay', 'activity');
CREATE TYPE app.money_amount AS (amount numeric(12, 2), currency char(3));

CREATE DOMAIN app.email AS text
  CONSTRAINT email_shape CHECK (value ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$');
CREATE DOMAIN app.country_code AS char(2)
  CONSTRAINT country_code_shape CHECK (value ~ '^[A-Z]{2}$');
CREATE DOMAIN app.currency_code AS char(3)
  CONSTRAINT currency_code_shape CHECK (value ~ '^[A-Z]{3}$');
CREATE DOMAIN app.price AS numeric(12, 2)
  CONSTRAINT price_not_negative CHECK (value >= 0);

CREATE FUNCTION app.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  -- A change that changes nothing keeps its time; the trigger's WHEN sees to that.
  NEW.updated_at := pg_catalog.clock_timestamp();
  RETURN NEW;
END;
$$;

CREATE FUNCTION app.current_account_id() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
RETURN nullif(current_setting('app.account_id', true), '')::bigint;

COMMENT ON SCHEMA app IS 'The trip booking application';
COMMENT ON SCHEMA audit IS 'Who changed what; append only';
COMMENT ON DOMAIN app.price IS 'An amount of money; never negative';
COMMENT ON FUNCTION app.current_account_id() IS 'The account of the session: setting app.account_id; null when nobody is signed in';
