-- The history that Supabase CLI 2.117.0 (of npm, 130 MB) made of 20240101000000_a.sql and 20240102000000_b.sql, two tables:
--   supabase db push --db-url "$DATABASE_URL" --yes
--   pg_dump --inserts --no-owner --schema=supabase_migrations "$DATABASE_URL"
-- Without the session's settings.
CREATE SCHEMA supabase_migrations;

CREATE TABLE supabase_migrations.schema_migrations (
    version text NOT NULL,
    statements text[],
    name text
);

INSERT INTO supabase_migrations.schema_migrations VALUES ('20240101000000', '{"CREATE TABLE a (id int)"}', 'a');
INSERT INTO supabase_migrations.schema_migrations VALUES ('20240102000000', '{"CREATE TABLE b (id int)"}', 'b');

ALTER TABLE ONLY supabase_migrations.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

