package main

import (
	"context"
	"log/slog"

	"gatehouse/storage"
)

// warnAtStart logs a sentence for each condition under which the gateway runs but users or
// operators will have a problem. It returns an error if the database cannot be read.
func warnAtStart(ctx context.Context, cfg config, store *storage.Store, log *slog.Logger) error {
	warnPlainHTTP(ctx, cfg, log)
	missing, err := store.LacksSystemAdmin(ctx)
	if err != nil {
		return err
	}
	if missing {
		log.WarnContext(ctx, "there are users, but none of them is an active System Admin, so no user can open the console; to make a user a System Admin, run: gatehouse user promote USERNAME")
	}
	return nil
}

// warnPlainHTTP warns if passwords and tokens cross a network without encryption. On a
// private network that is a note only: names such as nas.lan get no certificate from a
// public authority (docs/decisions/0025).
func warnPlainHTTP(ctx context.Context, cfg config, log *slog.Logger) {
	if cfg.SiteURL.Scheme != "http" {
		return
	}
	const advice = "use an https:// site URL, with GATEHOUSE_TLS_CERT or a proxy in front"
	switch reachOf(cfg.SiteURL.Hostname()) {
	case reachLoopback:
	case reachPrivate:
		log.InfoContext(ctx, "the site URL is http, so passwords and tokens cross the private network without encryption", "site_url", cfg.SiteURL.String(), "advice", advice)
	case reachPublic:
		log.WarnContext(ctx, "the site URL is http on a public host, so every network on the way can read passwords and tokens, and many clients refuse an http issuer", "site_url", cfg.SiteURL.String(), "advice", advice)
	}
}
