package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/internal/seal"
	"gatehouse/registration"
	"gatehouse/storage"
)

// config is the configuration from the environment variables.
type config struct {
	Listen           string
	SiteURL          *url.URL // without a slash at the end
	DatabaseURL      string
	Secret           string // seals codes and tokens; if it is empty, a file beside the SQLite database has it
	SecretPrevious   string // opens codes and tokens that an earlier secret sealed
	Admin            firstAdmin
	FixedSettings    map[string]string // by the setting's key
	TrustedProxies   []netip.Prefix
	TLSCert, TLSKey  string
	RegistrationRate registration.Rate
	MetricsListen    string
	LogLevel         slog.Level
	LogFormat        string // "text", "json" or "", which depends on the terminal
}

// firstAdmin is the System Admin that is created if there is no user. The zero value
// means that the set-up link creates it.
type firstAdmin struct{ Username, Email, Password string }

// variables lists every environment variable that Gatehouse reads. A variable stores
// its value in c.
func (c *config) variables() []variable {
	return []variable{
		{name: "GATEHOUSE_LISTEN", fallback: "127.0.0.1:8065", parse: into(&c.Listen, parseAddress),
			doc: "The address to listen on, as host:port. Without a host, the gateway listens on every address of this machine."},
		{name: "GATEHOUSE_SITE_URL", fallback: "http://localhost:8065", parse: into(&c.SiteURL, parseSiteURL),
			doc: "The URL at which browsers and apps reach the gateway. It can have a path. It is also the issuer. The host is used in lower case, in punycode (RFC 5891) and without the default port."},
		{name: "GATEHOUSE_DATABASE_URL", fallback: "sqlite:gatehouse.db", secret: true, parse: into(&c.DatabaseURL, parseDatabaseURL),
			doc: "sqlite:PATH, or postgres://user:password@host/database for several nodes."},
		{name: "GATEHOUSE_SECRET", secret: true, parse: into(&c.Secret, parseSecret),
			doc: "The secret that seals codes, tokens and signing keys. It needs at least 32 bytes and must be the same on every node. With SQLite, the gateway creates one beside the database. With PostgreSQL, it is required."},
		{name: "GATEHOUSE_SECRET_PREVIOUS", secret: true, parse: into(&c.SecretPrevious, parseSecret),
			doc: "The secret that GATEHOUSE_SECRET replaced. Set it for as long as codes and tokens that it sealed must work."},
		{name: "GATEHOUSE_ADMIN_USERNAME", parse: into(&c.Admin.Username, parseText),
			doc: "The username of the first System Admin, which the gateway creates if there is no user yet. Without the three ADMIN variables, it logs a one-time set-up link instead."},
		{name: "GATEHOUSE_ADMIN_EMAIL", parse: into(&c.Admin.Email, parseText),
			doc: "The email of the first System Admin."},
		{name: "GATEHOUSE_ADMIN_PASSWORD", secret: true, parse: into(&c.Admin.Password, parsePassword),
			doc: "The password of the first System Admin."},
		{name: "GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER", parse: c.fixedSetting(gatehouse.SettingEnableOAuthServiceProvider),
			doc: "true or false. Fixes whether apps can get codes and tokens. If it is unset, a System Admin decides in the console, and the provider is off at first."},
		{name: "GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION", parse: c.fixedSetting(gatehouse.SettingEnableDynamicClientRegistration),
			doc: "true or false. Fixes whether clients can register themselves. If it is unset, a System Admin decides in the console, and registration is off at first."},
		{name: "GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST", parse: c.fixedSetting(gatehouse.SettingDCRRedirectURIAllowlist),
			doc:      "Comma-separated patterns. Fixes which redirect URIs self-registered apps can use. If it is unset, a System Admin decides in the console, and every valid redirect URI is accepted at first. A blank value is not valid.",
			notBlank: "The list is blank. List at least one pattern, such as https://*.example.com/**, or unset the variable: then a System Admin decides in the console."},
		{name: "GATEHOUSE_TRUSTED_PROXIES", parse: into(&c.TrustedProxies, parseTrustedProxies),
			doc: "Comma-separated addresses or networks (10.0.0.0/8) of the proxies whose X-Forwarded-For and X-Forwarded-Proto are accepted. If it is unset, these headers are ignored."},
		{name: "GATEHOUSE_TLS_CERT", parse: into(&c.TLSCert, parseText),
			doc: "The file with the certificate chain (PEM). If it is unset, the gateway serves plain HTTP. It loads renewed files within seconds, without a restart."},
		{name: "GATEHOUSE_TLS_KEY", parse: into(&c.TLSKey, parseText),
			doc: "The file with the private key (PEM)."},
		{name: "GATEHOUSE_REGISTRATION_RATE", fallback: "20/1s", parse: into(&c.RegistrationRate, parseRegistrationRate),
			doc: "How often one address can register a client: a burst, then one more each interval. An IPv6 /48 can use five bursts, and all addresses together a hundred, each then one more each interval. The value off removes all limits."},
		{name: "GATEHOUSE_METRICS_LISTEN", parse: into(&c.MetricsListen, parseAddress),
			doc: "The address on which /metrics is served for Prometheus. If it is unset, metrics are off."},
		{name: "GATEHOUSE_LOG_LEVEL", fallback: "info", parse: into(&c.LogLevel, parseLogLevel),
			doc: "debug, info, warn or error."},
		{name: "GATEHOUSE_LOG_FORMAT", parse: into(&c.LogFormat, parseLogFormat),
			doc: "text or json. If it is unset, the log is text on a terminal and json otherwise."},
	}
}

// purpose is what a configuration is used for.
type purpose int

const (
	forTools   purpose = iota // a command that works on the database
	forServing                // the gateway, which seals codes and tokens
)

// loadConfig parses the environment. It returns a *configError that lists every
// variable that is not valid.
func loadConfig(environ []string, p purpose) (config, error) {
	c, problems := config{FixedSettings: map[string]string{}}, problems{}
	readVariables(environ, c.variables(), problems)
	c.checkTogether(p, problems)
	return c, problems.err()
}

// checkTogether checks what one variable requires of another one.
func (c *config) checkTogether(p purpose, problems problems) {
	if c.Secret == "" && c.SecretPrevious != "" {
		problems.add("GATEHOUSE_SECRET_PREVIOUS", "The previous secret is set without a current one. Set GATEHOUSE_SECRET to the new secret.")
	} else if c.Secret == "" && p == forServing && isPostgres(c.DatabaseURL) {
		problems.add("GATEHOUSE_SECRET", "PostgreSQL requires this secret. It must be the same on every node. Create one with: openssl rand -base64 48")
	}
	if c.MetricsListen != "" && c.MetricsListen == c.Listen {
		problems.add("GATEHOUSE_METRICS_LISTEN", "The address is the same as GATEHOUSE_LISTEN. Use another address, one that only Prometheus can reach.")
	}
	if c.Admin != (firstAdmin{}) {
		for variable, value := range map[string]string{"GATEHOUSE_ADMIN_USERNAME": c.Admin.Username, "GATEHOUSE_ADMIN_EMAIL": c.Admin.Email, "GATEHOUSE_ADMIN_PASSWORD": c.Admin.Password} {
			if value == "" {
				problems.add(variable, "The variable is missing. The first System Admin needs a username, an email and a password.")
			}
		}
	}
	if c.TLSCert != "" && c.SiteURL.Scheme != "https" {
		problems.add("GATEHOUSE_SITE_URL", "The URL must start with https://, because GATEHOUSE_TLS_CERT is set.")
	}
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
	case c.TLSKey == "":
		problems.add("GATEHOUSE_TLS_KEY", "The variable is missing. Set it to the file with the private key of the certificate in GATEHOUSE_TLS_CERT.")
	case c.TLSCert == "":
		problems.add("GATEHOUSE_TLS_CERT", "The variable is missing. Set it to the file with the certificate of the private key in GATEHOUSE_TLS_KEY.")
	case p == forServing: // The other commands work while a renewed certificate is broken.
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			problems.add("GATEHOUSE_TLS_CERT", "The certificate cannot be used with GATEHOUSE_TLS_KEY: %v.", err)
		}
	}
}

// secrets returns the secrets of the configuration. The first one seals.
func (c *config) secrets() [][]byte {
	var list [][]byte
	for _, s := range []string{c.Secret, c.SecretPrevious} {
		if s != "" {
			list = append(list, []byte(s))
		}
	}
	return list
}

// into returns a function that parses a value and stores it in a field, valid or not.
func into[T any](field *T, parse func(string) (value T, problem string)) func(string) (problem string) {
	return func(s string) (problem string) {
		*field, problem = parse(s)
		return problem
	}
}

// fixedSetting stores the value of a setting that a variable fixes.
func (c *config) fixedSetting(key string) func(string) (problem string) {
	return func(value string) (problem string) {
		c.FixedSettings[key] = value
		return fieldProblem(gatehouse.CheckSetting(key, value))
	}
}

func parseText(s string) (value, problem string) { return s, "" }

func parsePassword(s string) (value, problem string) {
	return s, fieldProblem(account.CheckPassword(s))
}

// fieldProblem returns the sentence of a rule that a value breaks.
func fieldProblem(err error) string {
	var broken *gatehouse.FieldError
	if errors.As(err, &broken) {
		return broken.Message
	}
	return ""
}

func parseAddress(s string) (value, problem string) {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return s, "The value must be host:port, such as 127.0.0.1:8065 or :8065."
	}
	return s, ""
}

// parseDatabaseURL does not repeat the value, because it may contain a password.
func parseDatabaseURL(s string) (value, problem string) {
	if !isPostgres(s) && !strings.HasPrefix(s, "sqlite:") {
		return s, "The value must start with sqlite: (sqlite:gatehouse.db) or postgres:// (postgres://user:password@host/database)."
	}
	if err := storage.CheckURL(s); err != nil {
		return s, fmt.Sprintf("The value cannot be used: %v.", err)
	}
	return s, ""
}

func isPostgres(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

func parseSecret(s string) (value, problem string) {
	if len(s) < seal.MinSecretLength {
		return s, fmt.Sprintf("The secret has %d bytes and needs at least %d. Create one with: openssl rand -base64 48", len(s), seal.MinSecretLength)
	}
	if isWeakSecret(s) {
		return s, weakSecret
	}
	return s, ""
}

func parseTrustedProxies(s string) (list []netip.Prefix, problem string) {
	var wrong []string
	for _, item := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		if addr, err := netip.ParseAddr(item); err == nil {
			addr = addr.Unmap().WithZone("")
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			wrong = append(wrong, strconv.Quote(item))
			continue
		}
		list = append(list, prefix.Masked())
	}
	if len(wrong) > 0 {
		problem = fmt.Sprintf("Each value must be an address (10.0.0.7) or a network (10.0.0.0/8). These are not: %s.", strings.Join(wrong, ", "))
	}
	return list, problem
}

func parseRegistrationRate(s string) (rate registration.Rate, problem string) {
	rate, err := registration.ParseRate(s)
	if err != nil {
		return rate, "The value must be a burst and an interval, such as 20/1s, or off."
	}
	return rate, ""
}

func parseLogLevel(s string) (level slog.Level, problem string) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(s)) || level.UnmarshalText([]byte(s)) != nil {
		return level, "The value must be debug, info, warn or error."
	}
	return level, ""
}

func parseLogFormat(s string) (value, problem string) {
	if s != "text" && s != "json" {
		return s, "The value must be text or json."
	}
	return s, ""
}
