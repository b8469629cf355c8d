-- Rate limits of failed sign-ins, registrations and audited refusals, as leaky
-- buckets: an attempt raises the level, and the level falls with time. See
-- rate_limits.go. A bucket that is empty has no row, or one that the reaper deletes.
--
-- This table replaces budgets, whose columns debt and at are level_ms and updated_at
-- here. The table budgets stays for now, because nodes of the version before use it
-- until each of them is replaced. The release after this one can drop it: no node
-- that runs beside that release uses it.

-- +goose Up
CREATE TABLE rate_limits (
    id         TEXT   NOT NULL PRIMARY KEY,
    level_ms   BIGINT NOT NULL, -- milliseconds until the bucket is empty, from updated_at on
    updated_at BIGINT NOT NULL
);
CREATE INDEX rate_limits_empty_at ON rate_limits ((updated_at + level_ms));
INSERT INTO rate_limits (id, level_ms, updated_at) SELECT id, debt, at FROM budgets;

-- +goose Down
DROP TABLE rate_limits;
