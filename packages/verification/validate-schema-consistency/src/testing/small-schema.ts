import { roles } from "./rich-schema.ts";

/** A schema with what operators change by hand. */
export const smallMigrations: Readonly<Record<string, string>> = {
  "1_accounts.sql": `
    CREATE TABLE accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, note text, active boolean NOT NULL DEFAULT true);
    CREATE FUNCTION keep_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := OLD.name; RETURN NEW; END $$;
    CREATE TRIGGER accounts_keep_name BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION keep_name();`,
  "2_rights.sql": `
    ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
    CREATE POLICY accounts_active ON accounts FOR SELECT TO ${roles.reader} USING (active);
    GRANT SELECT ON accounts TO ${roles.reader};`,
};

/** The five that every operator knows. */
export const driftByHand: readonly string[] = [
  "ALTER TABLE accounts DROP COLUMN note",
  "ALTER TABLE accounts ALTER COLUMN active SET DEFAULT false",
  "DROP POLICY accounts_active ON accounts",
  `REVOKE SELECT ON accounts FROM ${roles.reader}`,
  "ALTER TABLE accounts DISABLE TRIGGER accounts_keep_name",
];
