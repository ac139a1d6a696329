DROP TABLE app.traveller_profiles;
DROP TABLE app.accounts;
