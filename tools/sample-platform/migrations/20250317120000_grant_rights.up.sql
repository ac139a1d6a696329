GRANT USAGE ON SCHEMA app TO app_readwrite, app_readonly;
GRANT USAGE ON SCHEMA audit TO app_readonly;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO app_readwrite;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO app_readonly;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA app TO app_readwrite;
GRANT SELECT ON audit.changes TO app_readonly;

-- The number of a passport is for its owner; reports do without.
REVOKE SELECT ON app.traveller_profiles FROM app_readonly;
GRANT SELECT (account_id, dietary_notes, preferences, updated_at) ON app.traveller_profiles TO app_readonly;
-- What a country is called changes by migration only.
REVOKE INSERT, UPDATE, DELETE ON app.countries FROM app_readwrite;

GRANT EXECUTE ON FUNCTION app.refresh_reports() TO app_readwrite;
