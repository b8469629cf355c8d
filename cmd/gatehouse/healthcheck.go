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

const (
	// healthcheckTimeout limits the whole check, because containers repeat it every few seconds.
	healthcheckTimeout = 4 * time.Second
	// renewalWait is longer than a gateway takes to load a renewed certificate.
	renewalWait = 1500 * time.Millisecond
)

func (c *cli) healthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "healthcheck", Short: "Check whether the gateway on this machine is ready", Args: exactly(),
		Long: "Check whether the gateway that listens on GATEHOUSE_LISTEN is ready. The exit status\nis 0 if it is ready, and 1 if not. Use it as the HEALTHCHECK of a container.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(c.environ, forTools)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthcheckTimeout)
			defer cancel()
			err = checkHealth(ctx, cfg)
			if errors.Is(err, errOtherCertificate) { // The gateway may not have loaded a renewed certificate yet.
				select {
				case <-time.After(renewalWait):
				case <-ctx.Done():
				}
				err = checkHealth(ctx, cfg)
			}
			if err != nil {
				return err
			}
			return c.printf("The gateway is ready.\n")
		},
	}
}

func checkHealth(ctx context.Context, cfg config) error {
	client := &http.Client{}
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
		client.Transport = &http.Transport{TLSClientConfig: pinnedTLS(cfg)}
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
	defer func() { _ = response.Body.Close() }() // Only the status matters.
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the gateway is not ready: its status is %s; its log has the reason", response.Status)
	}
	return nil
}

// dialAddress returns the address at which to reach a listener, which may listen on all
// addresses of this machine.
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

// errOtherCertificate means that the server has another certificate than the file.
var errOtherCertificate = errors.New("another server listens there: its certificate is not the one in GATEHOUSE_TLS_CERT")

// pinnedTLS accepts only the certificate of the gateway's configuration. It does not
// compare the host name, because the check connects to an address. If the files have no
// usable certificate, because a renewal failed, it accepts every certificate: the gateway
// then keeps the previous one, and a restart would end it.
func pinnedTLS(cfg config) *tls.Config {
	own, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	now := time.Now()
	usable := err == nil && !now.Before(own.Leaf.NotBefore) && !now.After(own.Leaf.NotAfter)
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection is stricter than the check that is skipped
		VerifyConnection: func(state tls.ConnectionState) error {
			if usable && (len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, own.Certificate[0])) {
				return errOtherCertificate
			}
			return nil
		},
	}
}
