-- Back-channel logout: where an app gets logout tokens, and those that are not delivered
-- yet. A node of the version before adds no rows.
--
-- The outbox has no foreign keys: with them, the end of a user's access would lock apps
-- after consents, and could deadlock with the deletion of an app.

-- +goose Up
ALTER TABLE apps ADD COLUMN backchannel_logout_uri TEXT NOT NULL DEFAULT '';
CREATE TABLE outbox (
    id              TEXT   NOT NULL PRIMARY KEY, -- kind, app and session: one row for each
    kind            TEXT   NOT NULL,             -- logout
    app_id          TEXT   NOT NULL,
    user_id         TEXT   NOT NULL,
    session_id      TEXT   NOT NULL,
    create_at       BIGINT NOT NULL, -- when the session or the app's access ended
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL
);
CREATE INDEX outbox_next_attempt_at ON outbox (next_attempt_at);

-- +goose Down
DROP TABLE outbox;
ALTER TABLE apps DROP COLUMN backchannel_logout_uri;
