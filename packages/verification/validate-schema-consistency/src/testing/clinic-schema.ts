import { roles } from "./rich-schema.ts";

const { reader, writer, other } = roles;

/** Many tenants in one database, in the style of its own: hash partitions, composite and nested domain types, loaders, foreign data, rules and grants in detail. */
export const clinicMigrations: Readonly<Record<string, string>> = {
  "1_words.sql": `
    CREATE SCHEMA clinic;
    CREATE SCHEMA clinic_api AUTHORIZATION ${other};
    CREATE SCHEMA "Übersicht 表";
    CREATE EXTENSION btree_gist SCHEMA clinic;
    CREATE EXTENSION pg_trgm SCHEMA clinic;
    CREATE EXTENSION postgres_fdw;
    CREATE EXTENSION hstore SCHEMA public;
    CREATE TYPE clinic.severity AS ENUM ('low', 'mid', 'high');
    CREATE DOMAIN clinic.positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN clinic.percentage AS clinic.positive DEFAULT 50 CONSTRAINT at_most_100 CHECK (VALUE <= 100);
    CREATE DOMAIN clinic.slug AS varchar(63) COLLATE "C" NOT NULL CONSTRAINT slug_shape CHECK (VALUE ~ '^[a-z][a-z0-9-]*$');
    CREATE TYPE clinic.contact AS (phone text, mails varchar(200)[], rank clinic.percentage);
    CREATE DOMAIN clinic.contacts AS clinic.contact[];
    CREATE TYPE clinic.dose AS RANGE (subtype = numeric, multirange_type_name = clinic.doses);
    CREATE COLLATION clinic.folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE COLLATION clinic.bytes FROM "C";
    COMMENT ON COLLATION clinic.folded IS 'Case does not matter';
    CREATE SEQUENCE clinic.invoice_numbers AS bigint START WITH 1000 INCREMENT BY 10 MINVALUE 1000 MAXVALUE 99999990 CACHE 20 NO CYCLE;
    CREATE TEXT SEARCH DICTIONARY clinic.stems (TEMPLATE = pg_catalog.snowball, Language = german, StopWords = german);
    CREATE TEXT SEARCH CONFIGURATION clinic.notes (COPY = pg_catalog.english);
    ALTER TEXT SEARCH CONFIGURATION clinic.notes ALTER MAPPING FOR asciiword, word WITH clinic.stems, pg_catalog.simple;`,
  "2_tables.sql": `
    CREATE TABLE clinic.tenants (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      slug clinic.slug UNIQUE,
      name text COLLATE clinic.folded NOT NULL,
      settings jsonb NOT NULL DEFAULT '{"theme": "light", "flags": []}',
      contacts clinic.contacts,
      contact clinic.contact DEFAULT ROW('1', ARRAY['a@b'], 7)::clinic.contact,
      tags text[] NOT NULL DEFAULT '{}',
      opens time DEFAULT '08:00', rate interval DEFAULT '1 day 2 hours', created_at timestamptz NOT NULL DEFAULT now(),
      flags bit(4) DEFAULT B'0101', net inet DEFAULT '10.0.0.1', attributes public.hstore
    ) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_enabled = true, toast.autovacuum_vacuum_threshold = 99, toast_tuple_target = 2048);
    CREATE UNIQUE INDEX tenants_name_lower ON clinic.tenants (lower(name) COLLATE "C");
    CREATE INDEX tenants_settings ON clinic.tenants USING gin (settings jsonb_path_ops) WITH (fastupdate = off);
    CREATE INDEX tenants_slug_trgm ON clinic.tenants USING gist ((slug::text) clinic.gist_trgm_ops (siglen = 32));
    CREATE TABLE clinic.staff (
      tenant_id uuid NOT NULL REFERENCES clinic.tenants ON DELETE CASCADE ON UPDATE CASCADE,
      id integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME clinic.staff_numbers START 7 MINVALUE 5 CACHE 4),
      mail text NOT NULL, title varchar(30), salary numeric(12, 2) CHECK (salary >= 0), boss_id integer,
      full_mail text GENERATED ALWAYS AS (lower(mail) || '>' || coalesce(title, '')) STORED,
      PRIMARY KEY (tenant_id, id),
      CONSTRAINT staff_mail UNIQUE NULLS NOT DISTINCT (tenant_id, mail) INCLUDE (title) WITH (fillfactor = 70) DEFERRABLE,
      CONSTRAINT staff_boss FOREIGN KEY (tenant_id, boss_id) REFERENCES clinic.staff (tenant_id, id) ON DELETE SET NULL (boss_id) DEFERRABLE INITIALLY DEFERRED,
      CONSTRAINT staff_pair CHECK ((title IS NULL) = (salary IS NULL)) NO INHERIT
    );
    ALTER TABLE clinic.staff ADD CONSTRAINT staff_title CHECK (title <> '') NOT VALID, ADD CONSTRAINT staff_role CHECK (title IN ('nurse', 'doctor'));
    ALTER TABLE clinic.staff CLUSTER ON staff_pkey;
    CREATE TABLE clinic.patients (tenant_id uuid NOT NULL, id bigint NOT NULL, born date, level clinic.severity DEFAULT 'low', notes text, ward integer DEFAULT 1,
      PRIMARY KEY (tenant_id, id), CONSTRAINT born_late CHECK (born > '1900-01-01'), FOREIGN KEY (tenant_id) REFERENCES clinic.tenants (id)) PARTITION BY HASH (tenant_id);
    CREATE TABLE clinic.patients_0 PARTITION OF clinic.patients FOR VALUES WITH (MODULUS 2, REMAINDER 0) WITH (fillfactor = 50);
    CREATE TABLE clinic.patients_1 PARTITION OF clinic.patients FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE INDEX patients_born ON clinic.patients (born DESC NULLS LAST) INCLUDE (level);
    CREATE TABLE clinic.visits (tenant_id uuid, patient_id bigint, at timestamptz NOT NULL, room integer, kind text NOT NULL DEFAULT 'check', cost numeric(8, 2),
      FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id) MATCH FULL ON DELETE CASCADE) PARTITION BY RANGE (at, kind);
    CREATE TABLE clinic.visits_old PARTITION OF clinic.visits FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2024-01-01+00', MINVALUE);
    CREATE TABLE clinic.visits_2024 PARTITION OF clinic.visits (cost DEFAULT 5) FOR VALUES FROM ('2024-01-01+00', MINVALUE) TO ('2025-01-01+00', MINVALUE) PARTITION BY LIST (kind);
    CREATE TABLE clinic.visits_2024_check PARTITION OF clinic.visits_2024 FOR VALUES IN ('check', 'recheck', NULL);
    CREATE TABLE clinic.visits_2024_rest PARTITION OF clinic.visits_2024 DEFAULT;
    CREATE INDEX visits_room ON ONLY clinic.visits (room);
    CREATE INDEX visits_old_room ON clinic.visits_old (room);
    ALTER INDEX clinic.visits_room ATTACH PARTITION clinic.visits_old_room;
    CREATE TABLE clinic.bookings (room integer, during tstzrange NOT NULL, doctor text, PRIMARY KEY (room, during),
      CONSTRAINT one_at_a_time EXCLUDE USING gist (room clinic.gist_int4_ops WITH =, during WITH &&) WHERE (doctor IS NOT NULL) DEFERRABLE INITIALLY DEFERRED);
    ALTER TABLE clinic.bookings REPLICA IDENTITY FULL;
    CREATE TABLE clinic.papers (id bigserial, title text NOT NULL, body text COMPRESSION pglz, CONSTRAINT title_there CHECK (title <> ''));
    ALTER TABLE clinic.papers ALTER COLUMN body SET STATISTICS 333, ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN title SET (n_distinct = 200, n_distinct_inherited = -0.2);
    CREATE TABLE clinic.signed (signer text NOT NULL, at date);
    CREATE TABLE clinic.letters (address text, title text DEFAULT 'Dear') INHERITS (clinic.papers, clinic.signed);
    CREATE UNIQUE INDEX signed_once ON clinic.signed (signer) NULLS NOT DISTINCT WHERE at IS NULL;
    CREATE UNIQUE INDEX papers_id ON clinic.papers (id);
    ALTER TABLE clinic.papers ALTER COLUMN id SET NOT NULL, REPLICA IDENTITY USING INDEX papers_id;
    CREATE UNLOGGED TABLE clinic.sessions (token bytea PRIMARY KEY, data public.hstore NOT NULL DEFAULT ''::public.hstore, seen timestamp(3) DEFAULT LOCALTIMESTAMP);
    CREATE TABLE "Übersicht 表"."Größe (cm)" ("Wert ""x""" double precision DEFAULT 1.5, "user" name DEFAULT CURRENT_USER, "order" smallint DEFAULT 3::smallint);
    CREATE STATISTICS clinic.staff_facts (ndistinct, dependencies, mcv) ON tenant_id, title, (lower(mail)) FROM clinic.staff;`,
  "3_routines.sql": `
    CREATE FUNCTION clinic.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$ SELECT nullif(current_setting('clinic.tenant', true), '')::uuid $$;
    CREATE FUNCTION clinic.stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $body$
    DECLARE n integer := TG_NARGS;
    BEGIN
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW;
    END $body$;
    CREATE FUNCTION clinic.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE FUNCTION clinic.age_in(born date, at date DEFAULT CURRENT_DATE, OUT years integer, OUT days integer) LANGUAGE sql STABLE STRICT COST 3
      BEGIN ATOMIC SELECT date_part('year', age(at, born))::integer, (at - born); END;
    CREATE FUNCTION clinic.staff_of(t uuid) RETURNS TABLE (id integer, mail text) LANGUAGE sql STABLE ROWS 12 LEAKPROOF AS $$ SELECT s.id, s.mail FROM clinic.staff s WHERE s.tenant_id = t $$;
    CREATE FUNCTION clinic.any_of(VARIADIC anyarray) RETURNS anyelement LANGUAGE sql IMMUTABLE AS 'SELECT $1[1]';
    CREATE PROCEDURE clinic.admit(IN patient bigint, OUT room integer, INOUT note text DEFAULT 'new') LANGUAGE plpgsql AS $$ BEGIN room := 1; END $$;
    CREATE PROCEDURE clinic.sweep(before date) LANGUAGE sql BEGIN ATOMIC DELETE FROM clinic.sessions WHERE sessions.seen < before; INSERT INTO clinic.papers (title) VALUES ('swept'); END;
    CREATE FUNCTION clinic.add_cost(state numeric, cost numeric, factor integer) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN state + cost * factor;
    CREATE FUNCTION clinic.take_cost(state numeric, cost numeric, factor integer) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN state - cost * factor;
    CREATE AGGREGATE clinic.total_cost (cost numeric, factor integer) (SFUNC = clinic.add_cost, STYPE = numeric, INITCOND = '0', PARALLEL = SAFE,
      MSFUNC = clinic.add_cost, MINVFUNC = clinic.take_cost, MSTYPE = numeric, MINITCOND = '0');
    CREATE AGGREGATE clinic.middle (float8 ORDER BY float8) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_cont_float8_final, FINALFUNC_MODIFY = READ_WRITE);
    CREATE FUNCTION clinic.same_contact(clinic.contact, clinic.contact) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT RETURN ($1).phone = ($2).phone;
    CREATE FUNCTION clinic.contact_hash(clinic.contact) RETURNS integer LANGUAGE sql IMMUTABLE STRICT RETURN hashtext(($1).phone);
    CREATE OPERATOR clinic.=~= (LEFTARG = clinic.contact, RIGHTARG = clinic.contact, FUNCTION = clinic.same_contact, COMMUTATOR = OPERATOR(clinic.=~=), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES);
    CREATE OPERATOR CLASS clinic.contact_hashing DEFAULT FOR TYPE clinic.contact USING hash AS OPERATOR 1 clinic.=~=, FUNCTION 1 clinic.contact_hash(clinic.contact);
    CREATE FUNCTION clinic.to_severity(integer) RETURNS clinic.severity LANGUAGE sql IMMUTABLE STRICT RETURN (ARRAY['low', 'mid', 'high']::clinic.severity[])[$1];
    CREATE CAST (integer AS clinic.severity) WITH FUNCTION clinic.to_severity(integer) AS ASSIGNMENT;
    CREATE CAST (clinic.severity AS json) WITH INOUT;
    CREATE FUNCTION clinic.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
    CREATE EVENT TRIGGER clinic_drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION clinic.note_ddl();
    ALTER EVENT TRIGGER clinic_drops ENABLE ALWAYS;
    CREATE TRIGGER tenants_stamp BEFORE INSERT OR UPDATE OF name, slug ON clinic.tenants FOR EACH ROW WHEN (NEW.name IS NOT NULL) EXECUTE FUNCTION clinic.stamp('a', 'b, c', 'it''s');
    CREATE TRIGGER tenants_changed AFTER UPDATE ON clinic.tenants REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION clinic.stamp();
    CREATE TRIGGER patients_stamp BEFORE DELETE ON clinic.patients FOR EACH ROW EXECUTE FUNCTION clinic.stamp();
    CREATE CONSTRAINT TRIGGER staff_checked AFTER INSERT OR UPDATE ON clinic.staff FROM clinic.tenants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clinic.stamp();
    CREATE TRIGGER no_truncate BEFORE TRUNCATE ON clinic.tenants EXECUTE FUNCTION clinic.refuse();
    ALTER TABLE clinic.tenants ENABLE REPLICA TRIGGER tenants_changed, DISABLE TRIGGER no_truncate;`,
  "4_views.sql": `
    CREATE VIEW clinic.grown_ups WITH (security_barrier = true, security_invoker = true) AS
      SELECT p.tenant_id, p.id, p.born FROM clinic.patients p WHERE p.born < '2005-01-01'::date WITH CASCADED CHECK OPTION;
    CREATE VIEW clinic_api.busy AS
      WITH busy AS (SELECT room, count(*) FILTER (WHERE doctor IS NOT NULL) AS n FROM clinic.bookings GROUP BY ROLLUP (room) HAVING count(*) > 1)
      SELECT b.room, b.n, rank() OVER (PARTITION BY b.room ORDER BY b.n DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS place, s.mail
      FROM busy b LEFT JOIN LATERAL (SELECT mail FROM clinic.staff WHERE staff.id = b.room LIMIT 1) s ON true
      UNION ALL SELECT 0, 0, 0, 'none' ORDER BY 1;
    ALTER VIEW clinic_api.busy OWNER TO ${other};
    CREATE MATERIALIZED VIEW clinic.cost_by_kind WITH (autovacuum_enabled = false) AS SELECT kind, sum(cost) AS cost, CASE WHEN kind LIKE 'r%' THEN 'r' ELSE 'o' END AS class FROM clinic.visits GROUP BY kind WITH NO DATA;
    CREATE UNIQUE INDEX cost_by_kind_key ON clinic.cost_by_kind (kind);
    CREATE VIEW clinic.rooms AS SELECT DISTINCT ON (room) room, during FROM clinic.bookings ORDER BY room, during DESC;
    CREATE RULE rooms_insert AS ON INSERT TO clinic.rooms WHERE NEW.room > 0 DO INSTEAD INSERT INTO clinic.bookings (room, during) VALUES (NEW.room, NEW.during);
    CREATE RULE rooms_nothing AS ON INSERT TO clinic.rooms DO INSTEAD NOTHING;
    CREATE VIEW clinic.staff_public AS SELECT tenant_id, id, title AS "Job Title" FROM clinic.staff;
    CREATE TRIGGER staff_public_write INSTEAD OF INSERT ON clinic.staff_public FOR EACH ROW EXECUTE FUNCTION clinic.stamp();`,
  "5_rights.sql": `
    ALTER TABLE clinic.patients ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    ALTER TABLE clinic.staff ENABLE ROW LEVEL SECURITY;
    CREATE POLICY by_tenant ON clinic.patients USING (tenant_id = clinic.tenant()) WITH CHECK (tenant_id = clinic.tenant());
    CREATE POLICY no_past ON clinic.patients AS RESTRICTIVE FOR INSERT TO ${writer}, ${reader} WITH CHECK (born > now() - interval '120 years');
    CREATE POLICY own_row ON clinic.staff FOR SELECT TO ${reader} USING (mail = CURRENT_USER OR EXISTS (SELECT 1 FROM clinic.tenants t WHERE t.id = staff.tenant_id AND t.slug::text = ANY (ARRAY['a', 'b'])));
    GRANT USAGE ON SCHEMA clinic TO ${reader}, ${writer};
    GRANT SELECT ON ALL TABLES IN SCHEMA clinic TO ${reader};
    GRANT SELECT, INSERT, UPDATE, DELETE ON clinic.patients TO ${writer} WITH GRANT OPTION;
    GRANT SELECT (id, mail), UPDATE (title) ON clinic.staff TO ${writer};
    GRANT USAGE, SELECT ON SEQUENCE clinic.invoice_numbers, clinic.papers_id_seq TO ${writer};
    REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA clinic FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION clinic.tenant(), clinic.staff_of(uuid) TO ${reader};
    GRANT EXECUTE ON PROCEDURE clinic.admit TO ${writer};
    REVOKE ALL ON TYPE clinic.severity FROM PUBLIC;
    GRANT USAGE ON TYPE clinic.severity TO ${reader};
    REVOKE ALL ON clinic.sessions FROM ${reader};
    ALTER DEFAULT PRIVILEGES IN SCHEMA clinic GRANT SELECT, INSERT ON TABLES TO ${writer};
    ALTER DEFAULT PRIVILEGES IN SCHEMA clinic_api GRANT EXECUTE ON FUNCTIONS TO ${reader} WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES FOR ROLE ${other} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
    ALTER TABLE clinic.papers OWNER TO ${writer};
    COMMENT ON TABLE clinic.tenants IS E'One customer.\\n\\nLong text: ${"lorem ipsum ".repeat(200)}';
    COMMENT ON COLUMN clinic.staff.full_mail IS 'Mail > title';
    COMMENT ON POLICY own_row ON clinic.staff IS 'Each sees oneself';
    COMMENT ON CONSTRAINT staff_boss ON clinic.staff IS 'Bosses';
    COMMENT ON INDEX clinic.patients_born IS 'Youngest first';
    COMMENT ON DOMAIN clinic.slug IS 'In URLs';
    COMMENT ON CONSTRAINT slug_shape ON DOMAIN clinic.slug IS 'As DNS wants it';
    COMMENT ON SCHEMA clinic_api IS 'What others call';
    COMMENT ON STATISTICS clinic.staff_facts IS 'For the planner';
    COMMENT ON RULE rooms_nothing ON clinic.rooms IS 'The rest';`,
  "6_around.sql": `
    CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'wh.example.org', dbname 'wh', fetch_size '500');
    CREATE USER MAPPING FOR ${reader} SERVER warehouse OPTIONS (user 'r', password 'top-secret');
    CREATE USER MAPPING FOR CURRENT_USER SERVER warehouse;
    CREATE FOREIGN TABLE clinic.warehouse_bills (id bigint OPTIONS (column_name 'bill_id') NOT NULL, total numeric(10, 2) DEFAULT 0, at date, CONSTRAINT total_ok CHECK (total >= 0))
      SERVER warehouse OPTIONS (schema_name 'public', table_name 'bills', updatable 'false');
    CREATE TABLE clinic.bills (id bigint, region text) PARTITION BY LIST (region);
    CREATE TABLE clinic.bills_home PARTITION OF clinic.bills FOR VALUES IN ('home');
    CREATE FOREIGN TABLE clinic.bills_far PARTITION OF clinic.bills FOR VALUES IN ('far', 'farther') SERVER warehouse OPTIONS (table_name 'bills_far');
    CREATE PUBLICATION clinic_rows FOR TABLE clinic.tenants (id, slug, name) WHERE (tags <> '{}'), clinic.bills WITH (publish = 'insert, update', publish_via_partition_root = true);
    CREATE PUBLICATION clinic_schemas FOR TABLES IN SCHEMA clinic_api, "Übersicht 表";
    DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '45s');
      EXECUTE format('ALTER DATABASE %I SET search_path = clinic, public', current_database());
      EXECUTE format('ALTER ROLE ${reader} IN DATABASE %I SET default_transaction_read_only = on', current_database());
    END $$;`,
};
