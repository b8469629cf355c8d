-- Columns that limit the grace window of refresh tokens, and the resources that a user
-- has consented to. A node of the version before does not know them. It writes their
-- defaults, which mean: not used, no grace, no resource.

-- +goose Up
ALTER TABLE grants ADD COLUMN previous_rotated_at BIGINT NOT NULL DEFAULT 0; -- when the generation before began
ALTER TABLE grants ADD COLUMN used_generation BIGINT NOT NULL DEFAULT 0; -- the newest generation whose access token was used
ALTER TABLE grants ADD COLUMN grace_generation BIGINT NOT NULL DEFAULT 0; -- the newest generation whose predecessor was used again
ALTER TABLE consents ADD COLUMN resources TEXT NOT NULL DEFAULT ''; -- RFC 8707, separated by spaces

-- +goose Down
ALTER TABLE consents DROP COLUMN resources;
ALTER TABLE grants DROP COLUMN grace_generation;
ALTER TABLE grants DROP COLUMN used_generation;
ALTER TABLE grants DROP COLUMN previous_rotated_at;
