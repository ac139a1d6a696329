CREATE OR REPLACE FUNCTION extensions.similar_names(wanted text, names text[]) RETURNS TABLE (name text, likeness real)
LANGUAGE sql IMMUTABLE SET search_path = extensions, pg_catalog AS $$
  -- the operator's threshold is a setting; the function's order is not
  SELECT n, similarity(n, wanted) FROM unnest(names) AS n WHERE similarity(n, wanted) > 0.2 ORDER BY 2 DESC, 1;
$$;

CREATE OR REPLACE FUNCTION extensions.same_email(a text, b text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = extensions, pg_catalog
AS 'SELECT a::citext = b::citext; -- it''s one statement; the quote is doubled';

DO $do$
BEGIN
  IF NOT EXISTS (SELECT FROM similar_names('lion', ARRAY['Lyon']) ) THEN
    RAISE NOTICE 'trigrams see no likeness; check pg_trgm';
  END IF;
EXCEPTION
  WHEN undefined_function THEN
    PERFORM 1 FROM extensions.similar_names('Berlin', ARRAY['Berlin Hauptbahnhof;', $q$O'Hare$q$]);
END
$do$;

COMMENT ON FUNCTION extensions.same_email(text, text) IS E'Compares as the mail servers do; \'A@x\' equals \'a@x\'';
