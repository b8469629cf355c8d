package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/doctor"
)

// defaultDoctorTime is how long all checks of a server may take.
const defaultDoctorTime = time.Minute

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	config, strict, asJSON bool
	timeout                time.Duration
}

func (c *cli) doctorCommand() *cobra.Command {
	var flags doctorFlags
	cmd := &cobra.Command{
		Use: "doctor [URL]", Short: "Check a server as a client meets it, or this configuration",
		Long: `Check the OAuth 2.0 or OpenID Connect server whose issuer is URL as a client meets it:
name, certificate, metadata, endpoints, CORS, pages, cookies, keys. URL can be any
server, not only Gatehouse. Each finding says what was found, what to change, and the
section of the specification.

It sends these requests, without credentials, and follows no redirect except from URL to
the sign-in page:
  GET      the metadata (RFC 8414, OpenID Connect Discovery, RFC 9728), with and without
           an Origin; URL; http:// instead of https://; the authorization endpoint
           without parameters; the token endpoint; UserInfo without a token; the key set
  POST     an empty form to the token endpoint; a sentence that is not JSON to the
           registration endpoint, which cannot register a client
  OPTIONS  the preflights of a script at the token and authorization endpoints
Endpoints on a private host or another port get no request, unless URL is there too.

With --config, check the variables, the database, file modes, certificate and proxy
settings of the gateway on this computer instead. It starts no gateway, migrates nothing
and writes nothing.

The exit status is 0 if there are no errors, 1 if there are errors, and 2 if the command
line is not valid. --strict makes warnings count as errors.`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case flags.config && len(args) > 0:
				return usagef("use only one of URL and --config")
			case !flags.config && len(args) == 0:
				return usagef("URL is missing; to check the configuration of this computer, use --config")
			case len(args) > 1:
				return usagef("too many arguments: %q is not expected", args[1])
			case flags.timeout <= 0:
				return usagef("--timeout must be more than 0, such as 30s")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := c.diagnose(cmd.Context(), flags, args)
			if err != nil {
				return err
			}
			return c.printReport(report, flags)
		},
	}
	cmd.Flags().BoolVar(&flags.config, "config", false, "check the configuration of the gateway on this computer")
	cmd.Flags().BoolVar(&flags.strict, "strict", false, "warnings count as errors")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", defaultDoctorTime, "time for all checks; one request gets a sixth of it")
	addJSONFlag(cmd, &flags.asJSON)
	return cmd
}

// diagnose makes the checks of a server or of the configuration.
func (c *cli) diagnose(ctx context.Context, flags doctorFlags, args []string) (doctor.Report, error) {
	if flags.config {
		ctx, cancel := context.WithTimeout(ctx, flags.timeout)
		defer cancel()
		return c.examineConfig(ctx), nil
	}
	target, err := url.Parse(args[0])
	if err != nil || target.Host == "" || target.Scheme != "https" && target.Scheme != "http" {
		return doctor.Report{}, usagef("URL must be the issuer, such as https://sso.example.com")
	}
	if target.User != nil || target.RawQuery != "" || target.ForceQuery || strings.Contains(args[0], "#") {
		return doctor.Report{}, usagef("URL must end with the host or a path; remove the user, the query and the fragment")
	}
	report := doctor.Run(ctx, doctor.Config{Timeout: flags.timeout, Proxy: http.ProxyFromEnvironment}, target)
	return report, ctx.Err() // after Ctrl+C the report is not whole
}

// printReport prints the findings, and returns an error if the server or the
// configuration did not pass.
func (c *cli) printReport(r doctor.Report, flags doctorFlags) error {
	summary := fmt.Sprintf("%s, %s, %s",
		plural(r.Summary.Errors, "1 error", "%d errors"), plural(r.Summary.Warnings, "1 warning", "%d warnings"), plural(r.Summary.OK, "1 check passed", "%d checks passed"))
	if flags.asJSON {
		if err := c.printJSON(r); err != nil {
			return err
		}
	} else if err := c.printFindings(r, summary); err != nil {
		return err
	}
	if r.Summary.Errors > 0 || flags.strict && r.Summary.Warnings > 0 {
		return fmt.Errorf("%s did not pass: %s", r.Target, summary)
	}
	return nil
}

// printFindings prints the findings for a reader: first what passed, at the end what to
// change, so that it stays on the screen.
func (c *cli) printFindings(r doctor.Report, summary string) error {
	if err := c.printf("Checked %s\n\n", r.Target); err != nil {
		return err
	}
	for _, level := range []doctor.Level{doctor.OK, doctor.Warning, doctor.Error} {
		for _, f := range r.Findings {
			if f.Level != level {
				continue
			}
			if err := c.printFinding(f); err != nil {
				return err
			}
		}
	}
	return c.printf("\n%s.\n", summary)
}

func (c *cli) printFinding(f doctor.Finding) error {
	if f.Level == doctor.OK {
		return c.printf("%-8s %-27s %s\n", string(f.Level), f.ID, f.Found)
	}
	return c.printf("\n%-8s %s (%s)\n         %s\n         %s\n", string(f.Level), f.ID, f.Reference, f.Found, f.Change)
}
