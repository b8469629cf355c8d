package main

import (
	"context"
	"log/slog"

	"gatehouse"
	"gatehouse/storage"
)

// warnAtStart logs a sentence for each condition under which the gateway runs but users or
// operators will have a problem. `gatehouse doctor --config` reports the same conditions. It
// returns an error if the database cannot be read.
func warnAtStart(ctx context.Context, cfg config, store *storage.Store, log *slog.Logger) error {
	if reach, ok := cfg.plainHTTP(); ok {
		warnPlainHTTP(ctx, cfg, reach, log)
	}
	missing, err := store.LacksSystemAdmin(ctx)
	if err != nil {
		return err
	}
	if missing {
		log.WarnContext(ctx, "there are users, but none of them is an active System Admin, so no user can open the console; to make a user a System Admin, run: gatehouse user promote USERNAME")
	}
	return nil
}

// plainHTTP reports whether passwords and tokens cross a network without encryption, and
// which one.
func (c *config) plainHTTP() (reach gatehouse.Reach, ok bool) {
	reach = gatehouse.ReachOf(c.SiteURL.Hostname())
	return reach, c.SiteURL.Scheme == "http" && reach != gatehouse.ReachLoopback
}

// warnPlainHTTP warns that passwords and tokens cross a network without encryption. On a
// private network that is a note only: names such as nas.lan get no certificate from a
// public authority (docs/decisions/0025).
func warnPlainHTTP(ctx context.Context, cfg config, reach gatehouse.Reach, log *slog.Logger) {
	const advice = "use an https:// site URL, with GATEHOUSE_TLS_CERT or a proxy in front"
	if reach == gatehouse.ReachPrivate {
		log.InfoContext(ctx, "the site URL is http, so passwords and tokens cross the private network without encryption", "site_url", cfg.SiteURL.String(), "advice", advice)
		return
	}
	log.WarnContext(ctx, "the site URL is http on a public host, so every network on the way can read passwords and tokens, and many clients refuse an http issuer", "site_url", cfg.SiteURL.String(), "advice", advice)
}
