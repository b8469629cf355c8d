package main

import "gatehouse/doctor"

// The ids of the rules of `gatehouse doctor --config`.
const (
	configVariables    = "config.variables"
	configDatabase     = "config.database"
	configNewDatabase  = "config.new-database"
	configMigrations   = "config.migrations"
	configNewerVersion = "config.newer-version"
	configClock        = "config.clock"
	configSystemAdmin  = "config.system-admin"
	configSecret       = "config.secret"
	configFileMode     = "config.file-mode"
	configPlainHTTP    = "config.plain-http"
	configListen       = "config.listen"
	configProxies      = "config.proxies"
	configAllProxies   = "config.all-proxies"
	configCertName     = "config.certificate-name"
	configCertValidity = "config.certificate-validity"
	configCertRenewal  = "config.certificate-renewal"
)

// configRules lists the rules of `gatehouse doctor --config`.
func configRules() []doctor.Rule {
	const operations, deployment, configuration = "docs/operations.md", "docs/deployment.md", "docs/configuration.md"
	return []doctor.Rule{
		{ID: configVariables, Level: doctor.Error, Reference: configuration, Change: "Correct the variable as the sentence says; the gateway does not start before."},
		{ID: configDatabase, Level: doctor.Error, Reference: operations, Change: "Correct GATEHOUSE_DATABASE_URL, or repair the database; the sentence says how."},
		{ID: configNewDatabase, Level: doctor.Warning, Reference: operations, Change: "Correct GATEHOUSE_DATABASE_URL if there should be a database; otherwise `gatehouse serve` creates it."},
		{ID: configMigrations, Level: doctor.Warning, Reference: operations, Change: "Make a backup, and start `gatehouse serve`, which migrates the database, or run `gatehouse migrate`."},
		{ID: configNewerVersion, Level: doctor.Warning, Reference: operations, Change: "Use the version of Gatehouse that migrated the database on every node."},
		{ID: configClock, Level: doctor.Warning, Reference: operations, Change: "Set the clocks of this computer and of the database by NTP."},
		{ID: configSystemAdmin, Level: doctor.Warning, Reference: operations, Change: "Run `gatehouse user promote USERNAME`."},
		{ID: configSecret, Level: doctor.Error, Reference: operations, Change: "Restore the secret from a backup, or set GATEHOUSE_SECRET; with a new secret no existing code or token works."},
		{ID: configFileMode, Level: doctor.Warning, Reference: deployment, Change: "Run chmod 600 on the file, and make the user that runs gatehouse its owner."},
		{ID: configPlainHTTP, Level: doctor.Warning, Reference: deployment, Change: "Use an https:// site URL, with GATEHOUSE_TLS_CERT or a proxy in front."},
		{ID: configListen, Level: doctor.Warning, Reference: configuration, Change: "Correct GATEHOUSE_LISTEN or GATEHOUSE_SITE_URL; if a proxy passes requests on to the gateway, name the proxy in GATEHOUSE_TRUSTED_PROXIES."},
		{ID: configProxies, Level: doctor.Warning, Reference: deployment, Change: "Set GATEHOUSE_TRUSTED_PROXIES to the address of the proxy, or GATEHOUSE_TLS_CERT if there is no proxy."},
		{ID: configAllProxies, Level: doctor.Warning, Reference: deployment, Change: "List only the addresses of your proxies in GATEHOUSE_TRUSTED_PROXIES."},
		{ID: configCertName, Level: doctor.Error, Reference: deployment, Change: "Use a certificate for the host of GATEHOUSE_SITE_URL."},
		{ID: configCertValidity, Level: doctor.Error, Reference: deployment, Change: "Renew the certificate, and check the clock of this computer."},
		{ID: configCertRenewal, Level: doctor.Warning, Reference: deployment, Change: "Renew the certificate, and find out why the automatic renewal has not done it."},
	}
}
