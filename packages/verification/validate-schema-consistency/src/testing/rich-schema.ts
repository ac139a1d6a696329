/** Roles are shared by all databases of a server, so a test's own have names of their own. */
export const roles = { reader: "drift_reader", writer: "drift_writer", other: "drift_other" } as const;

export const createRoles = `DO $$ BEGIN
${Object.values(roles)
  .map((role) => `  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role}; END IF;`)
  .join("\n")}
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another test has just made it
END $$`;

/** A schema with something of every kind, as a collection of migrations. */
export const richMigrations: Readonly<Record<string, string>> = {
  "1_types.sql": `
    CREATE SCHEMA shop;
    CREATE SCHEMA "Hostile ""Schema""";
    CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sent');
    CREATE TYPE shop.address AS (street text, city text);
    CREATE TYPE shop.span AS RANGE (subtype = int4);
    CREATE DOMAIN shop.email AS text DEFAULT 'nobody@example.org' CONSTRAINT email_shape CHECK (value LIKE '%@%');
    CREATE COLLATION shop.german (provider = icu, locale = 'de-DE');
    CREATE SEQUENCE shop.numbers START 100 INCREMENT 5;
    CREATE TEXT SEARCH CONFIGURATION shop.words (COPY = pg_catalog.simple);
    CREATE TEXT SEARCH DICTIONARY shop.plain (TEMPLATE = pg_catalog.simple);`,
  "2_tables.sql": `
    CREATE TABLE shop.customers (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      mail shop.email NOT NULL UNIQUE,
      name text COLLATE "C",
      note text,
      born date CHECK (born > '1900-01-01'),
      "Odd Name" integer,
      scores integer DEFAULT 0
    );
    CREATE TABLE shop.orders (
      id bigserial PRIMARY KEY,
      customer_id bigint NOT NULL REFERENCES shop.customers (id) ON DELETE CASCADE,
      state shop.state NOT NULL DEFAULT 'new',
      price numeric(10, 2) NOT NULL DEFAULT 1.50,
      tax numeric GENERATED ALWAYS AS (price * 0.19) STORED,
      placed_at timestamptz NOT NULL DEFAULT now(),
      ships daterange,
      CONSTRAINT price_positive CHECK (price > 0),
      CONSTRAINT one_customer_state UNIQUE (customer_id, state) DEFERRABLE INITIALLY DEFERRED
    ) WITH (fillfactor = 90);
    CREATE INDEX orders_state_idx ON shop.orders (state) WHERE state <> 'sent';
    CREATE INDEX orders_lower_idx ON shop.orders ((price * 2), placed_at DESC);
    CREATE UNIQUE INDEX customers_name_idx ON shop.customers (name, born) INCLUDE (note);
    CREATE TABLE shop.events (id bigint, at timestamptz NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
    CREATE TABLE shop.notes (id integer, body text);
    CREATE TABLE shop.letters (stamp text) INHERITS (shop.notes);
    CREATE TABLE "Hostile ""Schema"""."ta.ble; -- $$ '" ("co""l; DROP TABLE x" text DEFAULT 'it''s; $$');
    CREATE STATISTICS shop.together (dependencies) ON state, price FROM shop.orders;`,
  "3_code.sql": `
    CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
    BEGIN
      NEW.placed_at := pg_catalog.now(); -- a semicolon;
      RETURN NEW;
    END $$;
    CREATE FUNCTION shop.total(customer bigint, factor numeric DEFAULT 1) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE
      RETURN (SELECT sum(price) * factor FROM shop.orders WHERE customer_id = customer);
    CREATE FUNCTION shop.secret() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT 'x' $$;
    REVOKE ALL ON FUNCTION shop.secret() FROM PUBLIC;
    CREATE PROCEDURE shop.clean() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.orders WHERE state = 'sent'; END $$;
    CREATE FUNCTION shop.add(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT $1 + $2 $$;
    CREATE AGGREGATE shop.adding (numeric) (SFUNC = shop.add, STYPE = numeric, INITCOND = '0');
    CREATE OPERATOR shop.<+> (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = shop.add);
    CREATE FUNCTION shop.to_state(integer) RETURNS shop.state LANGUAGE sql IMMUTABLE AS $$ SELECT 'new'::shop.state $$;
    CREATE CAST (integer AS shop.state) WITH FUNCTION shop.to_state(integer);
    CREATE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
    CREATE FUNCTION shop.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
    CREATE EVENT TRIGGER shop_watch ON ddl_command_end WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION shop.watch();
    CREATE RULE letters_keep AS ON DELETE TO shop.letters DO INSTEAD NOTHING;
    CREATE VIEW shop.paid WITH (security_invoker = true) AS SELECT id, price FROM shop.orders WHERE state = 'paid';
    CREATE MATERIALIZED VIEW shop.sums AS SELECT customer_id, sum(price) AS sum FROM shop.orders GROUP BY 1;
    CREATE UNIQUE INDEX sums_idx ON shop.sums (customer_id);`,
  "4_rights.sql": `
    ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
    ALTER TABLE shop.orders FORCE ROW LEVEL SECURITY;
    CREATE POLICY own_orders ON shop.orders FOR SELECT TO ${roles.reader} USING (customer_id = 1);
    CREATE POLICY make_orders ON shop.orders FOR INSERT TO ${roles.reader}, ${roles.writer} WITH CHECK (price < 100);
    GRANT USAGE ON SCHEMA shop TO ${roles.reader}, ${roles.writer};
    GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${roles.reader};
    GRANT SELECT, INSERT ON shop.orders TO ${roles.writer};
    GRANT UPDATE (note) ON shop.customers TO ${roles.writer};
    GRANT USAGE ON SEQUENCE shop.numbers TO ${roles.writer};
    GRANT EXECUTE ON FUNCTION shop.secret() TO ${roles.writer};
    GRANT USAGE ON TYPE shop.state TO ${roles.writer};
    ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO ${roles.writer};
    ALTER TABLE shop.notes OWNER TO ${roles.other};
    COMMENT ON TABLE shop.orders IS 'What was ordered';
    COMMENT ON COLUMN shop.orders.price IS 'Without tax';
    COMMENT ON FUNCTION shop.secret() IS 'Hush';`,
  "5_around.sql": `
    CREATE PUBLICATION shop_news FOR TABLE shop.customers, shop.orders WHERE (price > 0) WITH (publish = 'insert, update');
    CREATE FOREIGN DATA WRAPPER shop_wrapper;
    CREATE SERVER shop_server FOREIGN DATA WRAPPER shop_wrapper OPTIONS (host 'far.example.org');
    CREATE USER MAPPING FOR ${roles.reader} SERVER shop_server OPTIONS (password 'top-secret');
    CREATE FOREIGN TABLE shop.far (id integer OPTIONS (column_name 'nr')) SERVER shop_server OPTIONS (table_name 'there');
    CREATE EXTENSION citext SCHEMA shop;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '5MB'); END $$;`,
};
