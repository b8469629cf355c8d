-- OpenID Connect: what an app has registered, and what a refresh needs for an ID token. A
-- node of the version before writes the defaults: it issues no ID tokens.

-- +goose Up
ALTER TABLE apps ADD COLUMN id_token_algorithm TEXT NOT NULL DEFAULT ''; -- '': RS256
ALTER TABLE apps ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE apps ADD COLUMN default_max_age BIGINT NOT NULL DEFAULT 0; -- ms; 0: no limit
ALTER TABLE apps ADD COLUMN initiate_login_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN policy_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN terms_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN contacts TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE grants ADD COLUMN authenticated_at BIGINT NOT NULL DEFAULT 0; -- when the user signed in
ALTER TABLE grants ADD COLUMN session_id TEXT NOT NULL DEFAULT ''; -- the session in which the app got the code
ALTER TABLE grants ADD COLUMN requested_claims TEXT NOT NULL DEFAULT ''; -- OpenID Connect Core §5.5

-- +goose Down
ALTER TABLE grants DROP COLUMN requested_claims;
ALTER TABLE grants DROP COLUMN session_id;
ALTER TABLE grants DROP COLUMN authenticated_at;
ALTER TABLE apps DROP COLUMN contacts;
ALTER TABLE apps DROP COLUMN terms_uri;
ALTER TABLE apps DROP COLUMN policy_uri;
ALTER TABLE apps DROP COLUMN initiate_login_uri;
ALTER TABLE apps DROP COLUMN default_max_age;
ALTER TABLE apps DROP COLUMN post_logout_redirect_uris;
ALTER TABLE apps DROP COLUMN id_token_algorithm;
