package signing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// Settings reads the settings.
type Settings interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// HandlerConfig configures a Handler.
type HandlerConfig struct {
	Keys     *Keys
	Settings Settings
	Log      *slog.Logger
}

// Handler serves the key set.
type Handler struct {
	keys     *Keys
	settings Settings
	log      *slog.Logger
}

// NewHandler returns a Handler.
func NewHandler(c HandlerConfig) *Handler {
	return &Handler{keys: c.Keys, settings: c.Settings, log: c.Log}
}

// Path is the path of the key set.
const Path = "/oauth/jwks"

// Routes returns the endpoints of this package.
func (h *Handler) Routes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Path: Path, Handler: web.JSON(h.log, h.keySet), Policy: web.MetadataPolicy()}}
}

// keySet serves the public keys. The type is application/json and not that of RFC 7517
// §8.5.1: every client accepts it, and some accept no other one.
func (h *Handler) keySet(w http.ResponseWriter, r *http.Request) error {
	settings, err := h.settings.Settings(r.Context())
	if err != nil {
		return err
	}
	switch {
	case !settings.EnableOAuthServiceProvider:
		return web.ProviderOff("api.oauth.jwks.disabled.app_error")
	case !settings.EnableOpenIDConnect:
		return web.OpenIDOff()
	}
	document, err := h.keys.PublicKeys(r.Context())
	if err != nil {
		return err
	}
	sum := sha256.Sum256(document)
	header := w.Header()
	header.Del("Expires")
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(gatehouse.JWKSMaxAge.Seconds())))
	header.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(document)) // answers If-None-Match
	return nil
}
