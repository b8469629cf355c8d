-- What may be tried only so often (failed sign-ins, registrations): see budgets.go.
-- A budget that is whole has no row, or one that waits for being reaped.

-- +goose Up
CREATE TABLE budgets (
    id   TEXT   NOT NULL PRIMARY KEY,
    debt BIGINT NOT NULL, -- milliseconds until it is whole again, counted from the time at
    at   BIGINT NOT NULL
);
CREATE INDEX budgets_whole_at ON budgets ((at + debt));

-- +goose Down
DROP TABLE budgets;
