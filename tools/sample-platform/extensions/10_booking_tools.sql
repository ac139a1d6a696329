-- Runs after the extensions are installed, and again on every deployment; each statement is written so that
-- a second time changes nothing. Semicolons in comments; like these; end no statement.
/* Nor do they here; /* or in a nested comment; */ or with a quote that's never closed. */

CREATE OR REPLACE FUNCTION extensions.new_booking_code(length integer DEFAULT 8) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = extensions, pg_catalog AS $body$
DECLARE
  alphabet constant text := '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';  -- no 0, 1, I, O; they look alike
  code text := '';
  random_bytes bytea := gen_random_bytes(length);
BEGIN
  FOR i IN 0..length - 1 LOOP
    code := code || substr(alphabet, 1 + get_byte(random_bytes, i) % 32, 1);
  END LOOP;
  RETURN code;
END;
$body$;

COMMENT ON FUNCTION extensions.new_booking_code(integer) IS 'A code to read out on the phone; 32 letters and digits, none of them alike; $$ is not among them';
