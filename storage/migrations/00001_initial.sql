-- The state of Gatehouse. Portable SQL: the same file runs on SQLite and PostgreSQL.
--
-- Times are milliseconds since 1970 in UTC, 0 = never. Lists of words (roles,
-- scopes) are separated by single spaces. No column holds a secret that could
-- be used: token_hash and secret_hash are SHA-256, password_hash is argon2id.

-- +goose Up
CREATE TABLE users (
    id                   TEXT    NOT NULL PRIMARY KEY,
    username             TEXT    NOT NULL UNIQUE, -- lower case
    email                TEXT    NOT NULL UNIQUE, -- lower case
    email_verified       BOOLEAN NOT NULL,
    nickname             TEXT    NOT NULL,
    first_name           TEXT    NOT NULL,
    last_name            TEXT    NOT NULL,
    position             TEXT    NOT NULL,
    locale               TEXT    NOT NULL,
    roles                TEXT    NOT NULL,
    password_hash        TEXT    NOT NULL,
    create_at            BIGINT  NOT NULL,
    update_at            BIGINT  NOT NULL,
    delete_at            BIGINT  NOT NULL,
    last_password_update BIGINT  NOT NULL
);

CREATE TABLE sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    token_hash   TEXT   NOT NULL UNIQUE,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent   TEXT   NOT NULL,
    ip           TEXT   NOT NULL,
    create_at    BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- creator_id refers to users, but an app outlives who registered it.
CREATE TABLE apps (
    id                         TEXT    NOT NULL PRIMARY KEY,
    creator_id                 TEXT    NOT NULL,
    secret_hash                TEXT    NOT NULL,
    name                       TEXT    NOT NULL,
    name_key                   TEXT    NOT NULL, -- name in lower case, for searching and sorting: SQL's lower() differs between engines
    description                TEXT    NOT NULL,
    homepage                   TEXT    NOT NULL,
    icon_url                   TEXT    NOT NULL,
    redirect_uris              TEXT    NOT NULL, -- JSON list
    is_trusted                 BOOLEAN NOT NULL,
    is_public                  BOOLEAN NOT NULL,
    is_dynamically_registered  BOOLEAN NOT NULL,
    mattermost_app_id          TEXT    NOT NULL,
    token_endpoint_auth_method TEXT    NOT NULL,
    access_token_lifetime      BIGINT  NOT NULL, -- milliseconds, 0 = as the settings say
    refresh_token_lifetime     BIGINT  NOT NULL, -- milliseconds, 0 = as the settings say
    create_at                  BIGINT  NOT NULL,
    update_at                  BIGINT  NOT NULL
);
CREATE INDEX apps_creator_id ON apps (creator_id);
CREATE INDEX apps_name_key ON apps (name_key, id);

CREATE TABLE consents (
    id           TEXT   NOT NULL PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    app_id       TEXT   NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    scopes       TEXT   NOT NULL,
    create_at    BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    UNIQUE (user_id, app_id)
);
CREATE INDEX consents_app_id ON consents (app_id);

-- The primary key makes a code single-use; the foreign key makes codes and
-- tokens die with the consent, and so with the app and the user.
CREATE TABLE grants (
    id         TEXT   NOT NULL PRIMARY KEY,
    consent_id TEXT   NOT NULL REFERENCES consents (id) ON DELETE CASCADE,
    scopes     TEXT   NOT NULL,
    resource   TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    create_at  BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX grants_consent_id ON grants (consent_id);
CREATE INDEX grants_expires_at ON grants (expires_at);

CREATE TABLE settings (
    key       TEXT   NOT NULL PRIMARY KEY,
    value     TEXT   NOT NULL,
    actor_id  TEXT   NOT NULL, -- who set it last
    update_at BIGINT NOT NULL
);

-- Events outlive what they tell of, so nothing here is a foreign key.
CREATE TABLE audit_events (
    id         TEXT   NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor_id   TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    target_id  TEXT   NOT NULL,
    detail     TEXT   NOT NULL,
    ip         TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    request_id TEXT   NOT NULL
);
CREATE INDEX audit_events_at ON audit_events (at, id);

-- +goose Down
DROP TABLE audit_events;
DROP TABLE settings;
DROP TABLE grants;
DROP TABLE consents;
DROP TABLE apps;
DROP TABLE sessions;
DROP TABLE users;
