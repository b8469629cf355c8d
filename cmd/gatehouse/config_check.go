package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gatehouse"
	"gatehouse/account"
	"gatehouse/internal/seal"
	"gatehouse/registration"
)

// plainURLPath is what a site URL's path may hold, so that proxies, cookies and
// routes understand it in one way.
var plainURLPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)

func parseSiteURL(e environment, p *problems) *url.URL {
	const variable = "GATEHOUSE_SITE_URL"
	u, err := url.Parse(strings.TrimRight(e.SiteURL, "/"))
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		p.add(variable, "must be a URL such as https://sso.example.com.")
		return &url.URL{Scheme: "http", Host: "localhost"}
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(e.SiteURL, "#"):
		p.add(variable, "must end with the host or a path: no user, no query and no fragment.")
	case !plainURLPath.MatchString(u.EscapedPath()):
		p.add(variable, "has a path with characters that links cannot carry safely; use letters, digits, dashes, dots and slashes.")
	case e.TLSCert != "" && u.Scheme != "https":
		p.add(variable, "must begin with https://, since GATEHOUSE_TLS_CERT is set.")
	}
	return u
}

const makeASecret = "Make one with: openssl rand -base64 48"

// parseSecrets returns the secrets, the current one first.
func parseSecrets(e environment, use purpose, p *problems) [][]byte {
	var secrets [][]byte
	for _, v := range []struct{ name, value string }{{"GATEHOUSE_SECRET", e.Secret}, {"GATEHOUSE_SECRET_PREVIOUS", e.SecretPrevious}} {
		switch {
		case v.value == "":
		case len(v.value) < seal.MinSecretLength:
			p.add(v.name, "has %d bytes and needs at least %d. %s", len(v.value), seal.MinSecretLength, makeASecret)
		default:
			secrets = append(secrets, []byte(v.value))
		}
	}
	switch {
	case e.Secret == "" && e.SecretPrevious != "":
		p.add("GATEHOUSE_SECRET_PREVIOUS", "is set without GATEHOUSE_SECRET, which must be the new one.")
	case e.Secret == "" && use == forServing && isPostgres(e.DatabaseURL):
		p.add("GATEHOUSE_SECRET", "is needed with PostgreSQL, the same on every node. %s", makeASecret)
	}
	return secrets
}

func parseFixedSettings(e environment, p *problems) map[string]string {
	fixed := map[string]string{}
	for _, v := range []struct{ variable, value, key string }{
		{"GATEHOUSE_ENABLE_OAUTH_SERVICE_PROVIDER", e.EnableProvider, gatehouse.SettingEnableOAuthServiceProvider},
		{"GATEHOUSE_ENABLE_DYNAMIC_CLIENT_REGISTRATION", e.EnableRegistration, gatehouse.SettingEnableDynamicClientRegistration},
		{"GATEHOUSE_DCR_REDIRECT_URI_ALLOWLIST", e.RedirectURIAllowlist, gatehouse.SettingDCRRedirectURIAllowlist},
	} {
		if v.value == "" {
			continue
		}
		var wrong *gatehouse.FieldError
		if errors.As(gatehouse.CheckSetting(v.key, v.value), &wrong) {
			p.add(v.variable, "cannot have this value: %s", wrong.Message)
			continue
		}
		fixed[v.key] = v.value
	}
	return fixed
}

func parseTrustedProxies(e environment, p *problems) []netip.Prefix {
	var list []netip.Prefix
	for _, s := range strings.FieldsFunc(e.TrustedProxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		if addr, err := netip.ParseAddr(s); err == nil {
			addr = addr.Unmap().WithZone("")
			list = append(list, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			p.add("GATEHOUSE_TRUSTED_PROXIES", "holds %q, which is neither an address (10.0.0.7) nor a network (10.0.0.0/8).", s)
			continue
		}
		list = append(list, prefix.Masked())
	}
	return list
}

func parseRegistrationRate(e environment, p *problems) registration.Rate {
	rate, err := registration.ParseRate(e.RegistrationRate)
	if err != nil {
		p.add("GATEHOUSE_REGISTRATION_RATE", "must be a burst and an interval such as 20/1s, or off.")
	}
	return rate
}

func parseLog(e environment, p *problems) (slog.Level, string) {
	var level slog.Level
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(e.LogLevel)) || level.UnmarshalText([]byte(e.LogLevel)) != nil {
		p.add("GATEHOUSE_LOG_LEVEL", "must be debug, info, warn or error.")
	}
	if e.LogFormat != "" && e.LogFormat != "text" && e.LogFormat != "json" {
		p.add("GATEHOUSE_LOG_FORMAT", "must be text or json.")
	}
	return level, e.LogFormat
}

func checkAddresses(e environment, p *problems) {
	for _, v := range []struct{ name, value string }{{"GATEHOUSE_LISTEN", e.Listen}, {"GATEHOUSE_METRICS_LISTEN", e.MetricsListen}} {
		if v.value != "" && checkAddress(v.value) != nil {
			p.add(v.name, "must be an address with a port, such as 127.0.0.1:8065 or :8065.")
		}
	}
	if e.MetricsListen == e.Listen {
		p.add("GATEHOUSE_METRICS_LISTEN", "must be another address than GATEHOUSE_LISTEN, one that only Prometheus can reach.")
	}
}

func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err
}

// checkDatabaseURL does not repeat the value: it may hold a password.
func checkDatabaseURL(e environment, p *problems) {
	if !isPostgres(e.DatabaseURL) && !strings.HasPrefix(e.DatabaseURL, "sqlite:") {
		p.add("GATEHOUSE_DATABASE_URL", "must begin with sqlite: (sqlite:gatehouse.db) or postgres:// (postgres://user:password@host/database).")
	}
}

func isPostgres(databaseURL string) bool {
	return strings.HasPrefix(databaseURL, "postgres://") || strings.HasPrefix(databaseURL, "postgresql://")
}

// checkAdmin wants all three or none. The rules for names are asked when the
// account is made.
func checkAdmin(e environment, p *problems) {
	if e.AdminUsername == "" && e.AdminEmail == "" && e.AdminPassword == "" {
		return
	}
	for _, v := range []struct{ name, value string }{
		{"GATEHOUSE_ADMIN_USERNAME", e.AdminUsername}, {"GATEHOUSE_ADMIN_EMAIL", e.AdminEmail}, {"GATEHOUSE_ADMIN_PASSWORD", e.AdminPassword},
	} {
		if v.value == "" {
			p.add(v.name, "is missing: the first System Admin needs username, email and password.")
		}
	}
	var wrong *gatehouse.FieldError
	if e.AdminPassword != "" && errors.As(account.CheckPassword(e.AdminPassword), &wrong) {
		p.add("GATEHOUSE_ADMIN_PASSWORD", "cannot be used: %s", wrong.Message)
	}
}

func checkTLS(e environment, p *problems) {
	switch {
	case e.TLSCert == "" && e.TLSKey == "":
	case e.TLSKey == "":
		p.add("GATEHOUSE_TLS_KEY", "is missing: GATEHOUSE_TLS_CERT needs the key that belongs to it.")
	case e.TLSCert == "":
		p.add("GATEHOUSE_TLS_CERT", "is missing: GATEHOUSE_TLS_KEY needs the certificate that belongs to it.")
	default:
		if _, err := tls.LoadX509KeyPair(e.TLSCert, e.TLSKey); err != nil {
			p.add("GATEHOUSE_TLS_CERT", "and GATEHOUSE_TLS_KEY cannot be used: %v.", err)
		}
	}
}
