-- The keys that sign ID tokens and logout tokens. The private part is sealed with a key
-- that is derived from GATEHOUSE_SECRET, so the database alone cannot sign.
--
-- The unique number makes sure that one of several nodes adds the next key.

-- +goose Up
CREATE TABLE signing_keys (
    id                 TEXT   NOT NULL PRIMARY KEY, -- the thumbprint of the public key (RFC 7638)
    algorithm          TEXT   NOT NULL,
    number             BIGINT NOT NULL,
    public_key         TEXT   NOT NULL, -- a JWK
    sealed_private_key TEXT   NOT NULL,
    create_at          BIGINT NOT NULL,
    sign_from          BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL, -- 0 while no key follows
    UNIQUE (algorithm, number)
);

-- +goose Down
DROP TABLE signing_keys;
