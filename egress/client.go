package egress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	requestTimeout = 10 * time.Second // for everything
	connectTimeout = 5 * time.Second
	maxHeader      = 16 << 10 // bytes of the response's header
	maxBody        = 64 << 10 // bytes that are read of the response's body
)

// Client sends requests. The zero value is ready to use.
type Client struct {
	// Resolver resolves hosts; nil means the resolver of the system.
	Resolver *net.Resolver
	// Timeout is how long a request may take in all; 0 means 10 seconds.
	Timeout time.Duration
}

// PostForm sends a form to target and returns the status of the response, whose body is
// dropped. Special addresses must be in one of the allowed networks. It returns ErrForbidden
// if they are not, or if target has no https and is not in an allowed network.
func (c *Client) PostForm(ctx context.Context, target string, form url.Values, allowed []netip.Prefix) (status int, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return 0, errors.New("egress: the URL is not valid") // The error of url.Parse would repeat it.
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return 0, errors.New("egress: the URL is not one of http or https")
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, requestTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return 0, fmt.Errorf("egress: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "Gatehouse")
	client := c.client(allowed, u.Scheme == "https")
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("egress: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // nothing of it is used
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody))
	if err != nil {
		return 0, fmt.Errorf("egress: read the response: %w", err)
	}
	return response.StatusCode, nil
}

// client returns a client for one request, without connections that are kept.
func (c *Client) client(allowed []netip.Prefix, tls bool) *http.Client {
	dialer := &net.Dialer{
		Timeout: connectTimeout, Resolver: c.Resolver,
		// Control gets the address that is dialed, after the host was resolved.
		Control: func(_, dialed string, _ syscall.RawConn) error {
			address, err := netip.ParseAddrPort(dialed)
			if err != nil {
				return fmt.Errorf("egress: %w", err)
			}
			return check(address.Addr(), allowed, tls)
		},
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: connectTimeout, MaxResponseHeaderBytes: maxHeader,
		},
	}
}
