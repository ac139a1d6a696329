CREATE TABLE app.suppliers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  contact_email app.email,
  active boolean NOT NULL DEFAULT true
);

CREATE TABLE app.offers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  supplier_id bigint NOT NULL REFERENCES app.suppliers (id),
  place_id bigint NOT NULL REFERENCES app.places (id),
  kind app.offer_kind NOT NULL,
  title text NOT NULL,
  details jsonb NOT NULL DEFAULT '{}'::jsonb CHECK (jsonb_typeof(details) = 'object'),
  withdrawn_at timestamptz,
  UNIQUE (supplier_id, title)
);
CREATE INDEX offers_place_id_idx ON app.offers (place_id, kind);
CREATE INDEX offers_stars_idx ON app.offers (((details ->> 'stars')::integer)) WHERE kind = 'stay';

CREATE TABLE app.offer_prices (
  offer_id bigint NOT NULL REFERENCES app.offers (id) ON DELETE CASCADE,
  valid_from date NOT NULL,
  amount app.price NOT NULL,
  currency app.currency_code NOT NULL,
  PRIMARY KEY (offer_id, valid_from)
);

CREATE FUNCTION app.price_of(wanted_offer bigint, on_day date DEFAULT current_date) RETURNS app.money_amount
LANGUAGE plpgsql STABLE SET search_path = '' AS $$
DECLARE
  found_price app.money_amount;
BEGIN
  SELECT p.amount, p.currency INTO found_price
  FROM app.offer_prices AS p
  WHERE p.offer_id = wanted_offer AND p.valid_from <= on_day
  ORDER BY p.valid_from DESC
  LIMIT 1;
  RETURN found_price;
END
$$;

COMMENT ON FUNCTION app.price_of(bigint, date) IS 'The price that holds on a day: the newest one that started before it; null when there is none';
