package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// certificateInterval is how often the certificate's files are read again. Two small
// files each second cost nothing, and the contents show every kind of renewal: a rename,
// a symbolic link (certbot, Kubernetes) and a copy that keeps the time of the file.
const certificateInterval = time.Second

// certificateFiles is a TLS certificate in two files, which may be renewed while the
// gateway runs.
type certificateFiles struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	// Of the goroutine that watches the files only:
	used     certificateContent // the content of current
	seen     certificateContent // the content at the last look
	reported certificateContent // the content that was logged as not usable
}

// certificateContent is what was read from the files, or the error.
type certificateContent struct {
	cert, key []byte
	err       string
}

func (c certificateContent) equal(other certificateContent) bool {
	return bytes.Equal(c.cert, other.cert) && bytes.Equal(c.key, other.key) && c.err == other.err
}

// newCertificateFiles loads the certificate. It returns an error if the files cannot be
// read or do not belong together.
func newCertificateFiles(certFile, keyFile string, log *slog.Logger) (*certificateFiles, error) {
	f := &certificateFiles{certFile: certFile, keyFile: keyFile, log: log}
	content := f.read()
	cert, err := content.parse()
	if err != nil {
		return nil, fmt.Errorf("server: load the TLS certificate: %w", err)
	}
	if err := checkValidity(cert, time.Now()); err != nil {
		log.Warn("clients refuse the TLS certificate; renew it, and the gateway loads the new files without a restart", "error", err, "file", certFile)
	}
	f.current.Store(cert)
	f.used, f.seen = content, content
	return f, nil
}

// getCertificate is for tls.Config.GetCertificate.
func (f *certificateFiles) getCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// watch loads renewed files until ctx ends.
func (f *certificateFiles) watch(ctx context.Context) {
	ticker := time.NewTicker(certificateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			f.look(now)
		}
	}
}

// look reads the files and uses them if they have changed. Files that cannot be used
// leave the current certificate in place. They are logged once, and only if the next
// look finds them unchanged: a renewal writes two files, one after the other.
func (f *certificateFiles) look(now time.Time) {
	content := f.read()
	settled := content.equal(f.seen)
	f.seen = content
	if content.equal(f.used) {
		f.reported = certificateContent{}
		return
	}
	if content.equal(f.reported) {
		return
	}
	cert, err := content.parse()
	if err == nil {
		err = checkValidity(cert, now)
	}
	switch {
	case err == nil:
		f.current.Store(cert)
		f.used, f.reported = content, certificateContent{}
		f.log.Info("the TLS certificate was renewed", "file", f.certFile, "valid_until", cert.Leaf.NotAfter)
	case settled:
		f.reported = content
		f.log.Error("the new TLS certificate cannot be used, so the previous one stays in use; correct the files, and the gateway loads them without a restart",
			"error", err, "cert_file", f.certFile, "key_file", f.keyFile, "previous_valid_until", f.current.Load().Leaf.NotAfter)
	}
}

func (f *certificateFiles) read() certificateContent {
	cert, certErr := os.ReadFile(f.certFile)
	key, keyErr := os.ReadFile(f.keyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return certificateContent{err: err.Error()}
	}
	return certificateContent{cert: cert, key: key}
}

func (c certificateContent) parse() (*tls.Certificate, error) {
	if c.err != "" {
		return nil, errors.New(c.err)
	}
	cert, err := tls.X509KeyPair(c.cert, c.key)
	return &cert, err
}

// checkValidity returns an error if clients refuse the certificate because of its dates.
func checkValidity(cert *tls.Certificate, now time.Time) error {
	switch {
	case now.After(cert.Leaf.NotAfter):
		return fmt.Errorf("the certificate expired at %s", cert.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(cert.Leaf.NotBefore):
		return fmt.Errorf("the certificate is not valid before %s", cert.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
