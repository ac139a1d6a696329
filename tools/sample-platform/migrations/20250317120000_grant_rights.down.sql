REVOKE EXECUTE ON FUNCTION app.refresh_reports() FROM app_readwrite;
REVOKE SELECT (account_id, dietary_notes, preferences, updated_at) ON app.traveller_profiles FROM app_readonly;
REVOKE SELECT ON audit.changes FROM app_readonly;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA app FROM app_readwrite;
REVOKE ALL ON ALL TABLES IN SCHEMA app FROM app_readonly;
REVOKE ALL ON ALL TABLES IN SCHEMA app FROM app_readwrite;
REVOKE USAGE ON SCHEMA audit FROM app_readonly;
REVOKE USAGE ON SCHEMA app FROM app_readwrite, app_readonly;
