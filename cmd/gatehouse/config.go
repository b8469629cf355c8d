package main

import (
	"log/slog"
	"net/netip"
	"net/url"

	"gatehouse/registration"
)

// environment is every variable that there is, as it was typed. An empty
// variable counts as unset. Those marked secret have a variant whose name ends in
// _FILE and that names a file to read the value from.
type environment struct {
	Listen      string `env:"GATEHOUSE_LISTEN" envDefault:"127.0.0.1:8065" doc:"Address to listen on, host:port; without a host, all of this machine."`
	SiteURL     string `env:"GATEHOUSE_SITE_URL" envDefault:"http://localhost:8065" doc:"Where browsers and apps reach the gateway, and its name as an issuer. Its path is honoured."`
	DatabaseURL string `env:"GATEHOUSE_DATABASE_URL" envDefault:"sqlite:gatehouse.db" secret:"true" doc:"sqlite:PATH, or postgres://user:password@host/database for several nodes."`

	Secret         string `env:"GATEHOUSE_SECRET" secret:"true" doc:"What codes and tokens are sealed with, at least 32 bytes, the same on every node. With SQLite one is made beside the database; with PostgreSQL it must be given."`
	SecretPrevious string `env:"GATEHOUSE_SECRET_PREVIOUS" secret:"true" doc:"The secret before, while codes and tokens that it sealed are still about."`

	AdminUsername string `env:"GATEHOUSE_ADMIN_USERNAME" doc:"Username of the first System Admin, who is made when there is no user yet. Without the three, a one-time set-up link is logged."`
	AdminEmail    string `env:"GATEHOUSE_ADMIN_EMAIL" doc:"Email of the first System Admin."`
	AdminPassword string `env:"GATEHOUSE_ADMIN_PASSWORD" secret:"true" doc:"Password of the first System Admin."`

	EnableProvider       string `env:"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER" doc:"true or false: fixes whether apps can get codes and tokens. Unset: the console decides, off at first."`
	EnableRegistration   string `env:"GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION" doc:"true or false: fixes whether clients may register themselves. Unset: the console decides, off at first."`
	RedirectURIAllowlist string `env:"GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST" doc:"Comma-separated patterns: fixes which redirect URIs clients that register themselves may use. Unset: the console decides, any at first."`

	TrustedProxies   string `env:"GATEHOUSE_TRUSTED_PROXIES" doc:"Comma-separated addresses or networks (10.0.0.0/8) whose X-Forwarded-For and X-Forwarded-Proto are believed. Unset: nobody's."`
	TLSCert          string `env:"GATEHOUSE_TLS_CERT" doc:"File with the certificate chain, PEM. Unset: plain HTTP."`
	TLSKey           string `env:"GATEHOUSE_TLS_KEY" doc:"File with the private key, PEM."`
	RegistrationRate string `env:"GATEHOUSE_REGISTRATION_RATE" envDefault:"20/1s" doc:"How often one address may register a client: a burst, then one each interval. off: as often as it likes."`
	MetricsListen    string `env:"GATEHOUSE_METRICS_LISTEN" doc:"Address on which /metrics is served for Prometheus. Unset: off."`

	LogLevel  string `env:"GATEHOUSE_LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error."`
	LogFormat string `env:"GATEHOUSE_LOG_FORMAT" doc:"text or json. Unset: text on a terminal, json elsewhere."`
}

// config is the environment, understood.
type config struct {
	Listen           string
	SiteURL          *url.URL // without a slash at the end
	DatabaseURL      string
	Secrets          [][]byte // the first seals; none: one is kept beside the SQLite database
	Admin            firstAdmin
	FixedSettings    map[string]string
	TrustedProxies   []netip.Prefix
	TLSCert, TLSKey  string
	RegistrationRate registration.Rate
	MetricsListen    string
	LogLevel         slog.Level
	LogFormat        string // "text", "json" or ""
}

// firstAdmin is who is made when there is no user; the zero value: nobody.
type firstAdmin struct{ Username, Email, Password string }

// purpose is what a configuration is read for.
type purpose int

const (
	forTools   purpose = iota // a command that works on the database
	forServing                // the gateway itself, which seals codes and tokens
)

// loadConfig understands the environment. Its error is a *configError that lists
// everything that is wrong.
func loadConfig(environ []string, p purpose) (config, error) {
	var problems problems
	e := readEnvironment(environ, &problems)
	c := config{
		Listen:           e.Listen,
		DatabaseURL:      e.DatabaseURL,
		Admin:            firstAdmin{e.AdminUsername, e.AdminEmail, e.AdminPassword},
		TLSCert:          e.TLSCert,
		TLSKey:           e.TLSKey,
		MetricsListen:    e.MetricsListen,
		SiteURL:          parseSiteURL(e, &problems),
		Secrets:          parseSecrets(e, p, &problems),
		FixedSettings:    parseFixedSettings(e, &problems),
		TrustedProxies:   parseTrustedProxies(e, &problems),
		RegistrationRate: parseRegistrationRate(e, &problems),
	}
	c.LogLevel, c.LogFormat = parseLog(e, &problems)
	checkAddresses(e, &problems)
	checkDatabaseURL(e, &problems)
	checkAdmin(e, &problems)
	checkTLS(e, &problems)
	return c, problems.err()
}
