-- Groups of users, and the groups that may use a restricted app. A node of the version
-- before does not know them: it lets every user use every app. So restrict the first app
-- when every node runs this version.
--
-- is_restricted is a column of its own, and not derived from app_groups: if the last group
-- of an app is deleted, the app must not become open to all users.

-- +goose Up
CREATE TABLE groups (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    name_key    TEXT   NOT NULL UNIQUE, -- the name in lower case
    description TEXT   NOT NULL,
    create_at   BIGINT NOT NULL,
    update_at   BIGINT NOT NULL
);

CREATE TABLE group_members (
    id        TEXT   NOT NULL PRIMARY KEY,
    group_id  TEXT   NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    create_at BIGINT NOT NULL,
    UNIQUE (user_id, group_id)
);
CREATE INDEX group_members_group_id ON group_members (group_id);

ALTER TABLE apps ADD COLUMN is_restricted BOOLEAN NOT NULL DEFAULT FALSE;
CREATE TABLE app_groups (
    id        TEXT   NOT NULL PRIMARY KEY,
    app_id    TEXT   NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    group_id  TEXT   NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    create_at BIGINT NOT NULL,
    UNIQUE (app_id, group_id)
);
CREATE INDEX app_groups_group_id ON app_groups (group_id);

-- +goose Down
DROP TABLE app_groups;
ALTER TABLE apps DROP COLUMN is_restricted;
DROP TABLE group_members;
DROP TABLE groups;
