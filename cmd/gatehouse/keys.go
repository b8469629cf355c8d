package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse"
	"gatehouse/signing"
)

func (c *cli) keysCommand() *cobra.Command {
	return group("keys", "Show and rotate the keys that sign ID tokens", "", c.keysListCommand(), c.keysRotateCommand())
}

type keyJSON struct {
	ID        string `json:"kid"`
	Algorithm string `json:"algorithm"`
	State     string `json:"state"`
	CreateAt  int64  `json:"create_at"`
	SignFrom  int64  `json:"sign_from"`
	ExpiresAt int64  `json:"expires_at"` // 0 while no key follows
}

func (c *cli) keysListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the published keys", Args: exactly(),
		Long: "List the published keys. The gateway creates them when the first client needs one, and those of EdDSA when an app first uses EdDSA.\n\n" +
			"STATE is \"signs\", \"next\" (will sign), \"previous\" (has signed) or \"sealed\" (GATEHOUSE_SECRET does not open it).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withKeys(cmd.Context(), func(keys *signing.Keys) error {
				list, err := keys.List(cmd.Context())
				if err != nil {
					return err
				}
				return c.printKeys(list, asJSON)
			})
		},
	}
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) keysRotateCommand() *cobra.Command {
	var asJSON, now bool
	var algorithm string
	cmd := &cobra.Command{
		Use: "rotate", Short: "Make the next keys sign", Args: exactly(),
		Long: "Make the next key of each algorithm sign. It is published already, so no client fails. A key that apps have had for less than an hour\n" +
			"signs when that hour is over. The command adds no keys of an algorithm that no app has used.\n\n" +
			"Use --now only if another party may have a private key. It stops the publication of all keys and creates new ones, which sign within seconds.\n" +
			"ID tokens that the old keys signed are no longer valid, and clients that keep the old key set fail for up to 15 minutes.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			algorithms := gatehouse.SigningAlgorithms()
			if algorithm != "" {
				if !slices.Contains(algorithms, algorithm) {
					return usagef("the algorithm %q does not exist; use one of %s", algorithm, strings.Join(algorithms, ", "))
				}
				algorithms = []string{algorithm}
			}
			return c.withKeys(cmd.Context(), func(keys *signing.Keys) error {
				rotate := keys.Rotate
				if now {
					rotate = keys.Withdraw
				}
				list, err := rotate(cmd.Context(), gatehouse.Caller{}, algorithms...)
				if errors.Is(err, gatehouse.ErrNotFound) && algorithm != "" {
					return fmt.Errorf("there are no keys of %s yet; the gateway creates them when an app first uses the algorithm", algorithm)
				}
				if errors.Is(err, gatehouse.ErrNotFound) {
					return errors.New("there are no keys yet; the gateway creates them when the first client needs one")
				}
				if err != nil {
					return err
				}
				return c.printKeys(list, asJSON)
			})
		},
	}
	cmd.Flags().StringVar(&algorithm, "algorithm", "", "rotate only the keys of RS256, ES256 or EdDSA")
	cmd.Flags().BoolVar(&now, "now", false, "withdraw all keys, because another party may have them")
	addJSONFlag(cmd, &asJSON)
	return cmd
}

func (c *cli) printKeys(keys []gatehouse.PublishedSigningKey, asJSON bool) error {
	list, rows := []keyJSON{}, [][]string{}
	for _, k := range keys {
		j := keyJSON{ID: k.ID, Algorithm: k.Algorithm, State: string(k.State), CreateAt: k.CreateAt.UnixMilli(), SignFrom: k.SignFrom.UnixMilli()}
		until := "-"
		if !k.ExpiresAt.IsZero() {
			j.ExpiresAt, until = k.ExpiresAt.UnixMilli(), k.ExpiresAt.UTC().Format(time.RFC3339)
		}
		list = append(list, j)
		rows = append(rows, []string{k.Algorithm, k.ID, string(k.State), k.CreateAt.UTC().Format(time.RFC3339), k.SignFrom.UTC().Format(time.RFC3339), until})
	}
	if asJSON {
		return c.printJSON(list)
	}
	return c.printTable([]string{"ALGORITHM", "KEY ID", "STATE", "CREATED", "SIGNS FROM", "PUBLISHED UNTIL"}, rows)
}

// withKeys calls do with the signing keys of the database, which must exist. It needs the
// secret of the gateway.
func (c *cli) withKeys(ctx context.Context, do func(*signing.Keys) error) error {
	cfg, err := loadConfig(c.environ, forTools)
	if err != nil {
		return err
	}
	return c.withTools(ctx, func(t tools) error {
		secrets, err := existingSecrets(cfg)
		if err != nil {
			return err
		}
		keys, err := signing.NewKeys(signing.KeysConfig{Store: t.store, Secrets: secrets, Log: c.toolLog()})
		if err != nil {
			return err
		}
		return do(keys)
	})
}

// existingSecrets is sealingSecrets for a command: it creates no secret.
func existingSecrets(cfg config) ([][]byte, error) {
	if cfg.Secret != "" {
		return cfg.secrets(), nil
	}
	if isPostgres(cfg.DatabaseURL) {
		return nil, errors.New("GATEHOUSE_SECRET is not set; run the command with the environment of the gateway")
	}
	path := sqlitePath(cfg.DatabaseURL) + secretFileSuffix
	secret, err := readSecretFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the secret %s does not exist; set GATEHOUSE_SECRET as for the gateway, or start `gatehouse serve`, which creates the secret", path)
	}
	return [][]byte{secret}, err
}
