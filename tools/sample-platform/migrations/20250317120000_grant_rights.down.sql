-- The default privileges of init-database give the roles their rights on every table and sequence: only what goes beyond them is taken back.
REVOKE EXECUTE ON FUNCTION app.refresh_reports() FROM app_readwrite;
GRANT INSERT, UPDATE, DELETE ON app.countries TO app_readwrite;
REVOKE SELECT (account_id, dietary_notes, preferences, updated_at) ON app.traveller_profiles FROM app_readonly;
GRANT SELECT ON app.traveller_profiles TO app_readonly;
REVOKE SELECT ON audit.changes FROM app_readonly;
REVOKE USAGE ON SCHEMA audit FROM app_readonly;
