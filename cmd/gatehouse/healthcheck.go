package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthcheckTimeout bounds the whole question: whoever asks does so every few seconds.
const healthcheckTimeout = 4 * time.Second

func (c *cli) healthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "healthcheck", Short: "Ask the gateway on this machine whether it is ready", Args: exactly(),
		Long: "Ask the gateway that listens on GATEHOUSE_LISTEN whether it is ready to serve.\nThe exit status is 0 if it is, else 1; for HEALTHCHECK of a container.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(c.environ, forTools)
			if err != nil {
				return err
			}
			if err := checkHealth(cmd.Context(), cfg); err != nil {
				return err
			}
			return c.printf("The gateway is ready.\n")
		},
	}
}

func checkHealth(ctx context.Context, cfg config) error {
	client := &http.Client{Timeout: healthcheckTimeout}
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
		pinned, err := pinnedTo(cfg)
		if err != nil {
			return err
		}
		client.Transport = &http.Transport{TLSClientConfig: pinned}
	}
	address, err := dialAddress(cfg.Listen)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the gateway does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // The status was all we wanted.
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway is not ready: it answers %s; its log says why", response.Status)
	}
	return nil
}

// dialAddress is where to reach a listener that may listen on all addresses.
func dialAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

// pinnedTo accepts exactly the certificate that the gateway was given, whatever
// name it is for: we ask for it by its address.
func pinnedTo(cfg config) (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection is stricter than what is skipped
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, own.Certificate[0]) {
				return errors.New("somebody else answers there: it is not the certificate of GATEHOUSE_TLS_CERT")
			}
			return nil
		},
	}, nil
}
