-- Whether an app must authenticate with the method that it registered. Rows of a node of
-- the version before, and of registrations without a method, accept both secret methods.

-- +goose Up
ALTER TABLE apps ADD COLUMN is_auth_method_enforced BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE apps DROP COLUMN is_auth_method_enforced;
