CREATE TABLE app.accounts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid(),
  email app.email NOT NULL,
  display_name text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 120),
  role app.account_role NOT NULL DEFAULT 'traveller',
  locale text NOT NULL DEFAULT 'en',
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT accounts_public_id_key UNIQUE (public_id)
);
CREATE UNIQUE INDEX accounts_email_lower_idx ON app.accounts (lower(email::text));
CREATE INDEX accounts_staff_idx ON app.accounts (role) WHERE role <> 'traveller' AND disabled_at IS NULL;

CREATE TABLE app.traveller_profiles (
  account_id bigint PRIMARY KEY REFERENCES app.accounts (id) ON DELETE CASCADE,
  birth_date date CHECK (birth_date > DATE '1900-01-01'),
  passport_last_four char(4),
  dietary_notes text,
  preferences jsonb NOT NULL DEFAULT '{}'::jsonb,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX traveller_profiles_preferences_idx ON app.traveller_profiles USING gin (preferences jsonb_path_ops);

CREATE TRIGGER accounts_touch BEFORE UPDATE ON app.accounts
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER traveller_profiles_touch BEFORE UPDATE ON app.traveller_profiles
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION app.touch_updated_at();

COMMENT ON TABLE app.accounts IS 'People who sign in';
COMMENT ON COLUMN app.accounts.public_id IS 'What links and the API show; the numeric id stays inside';
COMMENT ON COLUMN app.traveller_profiles.passport_last_four IS 'The last four characters only; the number itself is never stored';
