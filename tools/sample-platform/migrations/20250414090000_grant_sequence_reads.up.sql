-- Reports compare the last number of a sequence with what they counted.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA app TO app_readonly;
