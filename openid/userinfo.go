package openid

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
)

// AccessTokens authenticates access tokens; *provider.Tokens implements it.
type AccessTokens interface {
	// AuthenticateAccessToken returns the grant and the user of an access token, with the
	// token's own scopes in the grant. It returns ErrNotFound if the token is not valid.
	AuthenticateAccessToken(ctx context.Context, token string) (gatehouse.Grant, gatehouse.User, error)
}

// Groups reads the groups of users.
type Groups interface {
	// GroupNames returns the names of a user's groups, sorted.
	GroupNames(ctx context.Context, userID string) ([]string, error)
}

// SettingsReader reads the settings.
type SettingsReader interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// UserInfoPath is the path of the UserInfo endpoint.
const UserInfoPath = "/oauth/userinfo"

// UserInfoConfig configures a UserInfo.
type UserInfoConfig struct {
	Tokens   AccessTokens
	Groups   Groups
	Settings SettingsReader
	Log      *slog.Logger
}

// UserInfo is the UserInfo endpoint: an app reads the claims about its user (OpenID
// Connect Core §5.3).
type UserInfo struct {
	tokens   AccessTokens
	groups   Groups
	settings SettingsReader
	log      *slog.Logger
}

// NewUserInfo returns a UserInfo.
func NewUserInfo(c UserInfoConfig) *UserInfo {
	return &UserInfo{tokens: c.Tokens, groups: c.Groups, settings: c.Settings, log: c.Log}
}

// Routes returns the endpoint with its policy.
func (u *UserInfo) Routes() []web.Route {
	get, post := web.OAuthPolicy(), web.OAuthPolicy()
	get.CORS, post.CORS = "GET, POST", "GET, POST"
	handler := http.HandlerFunc(u.serve)
	return []web.Route{
		{Method: http.MethodGet, Path: UserInfoPath, Handler: handler, Policy: get},
		{Method: http.MethodPost, Path: UserInfoPath, Handler: handler, Policy: post},
	}
}

// bearerError is a refusal with the challenge of RFC 6750 §3.
type bearerError struct {
	status      int
	code        string // "" if the request has no token (RFC 6750 §3.1)
	description string
	cause       error
}

func (e *bearerError) Error() string { return e.code + ": " + e.description }

func (u *UserInfo) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	claims, err := u.claims(r)
	if err == nil {
		err = web.WriteJSON(w, http.StatusOK, claims)
	}
	if err != nil {
		u.writeError(w, r, err)
	}
}

// claims returns the claims that the access token of the request gives.
func (u *UserInfo) claims(r *http.Request) (map[string]any, error) {
	settings, err := u.settings.Settings(r.Context())
	switch {
	case err != nil:
		return nil, err
	case !settings.EnableOAuthServiceProvider:
		return nil, web.ProviderOff("api.oauth.userinfo.disabled.app_error")
	case !settings.EnableOpenIDConnect:
		return nil, web.OpenIDOff()
	}
	token, err := bearerToken(r)
	if err != nil {
		return nil, err
	}
	grant, user, err := u.tokens.AuthenticateAccessToken(r.Context(), token)
	if errors.Is(err, gatehouse.ErrNotFound) {
		return nil, &bearerError{http.StatusUnauthorized, "invalid_token", "The access token is invalid, expired or revoked.", err}
	} else if err != nil {
		return nil, err
	}
	if !slices.Contains(grant.Scopes, gatehouse.ScopeOpenID) {
		return nil, &bearerError{http.StatusForbidden, "insufficient_scope", "The access token does not have the scope openid. Request it at /oauth/authorize.", nil}
	}
	requested := DecodeRequestedClaims(grant.RequestedClaims).UserInfo
	var groups []string
	if GivesGroups(grant.Scopes, requested) {
		if groups, err = u.groups.GroupNames(r.Context(), user.ID); err != nil {
			return nil, fmt.Errorf("openid: groups: %w", err)
		}
	}
	return ClaimsOf(user, groups, grant.Scopes, requested), nil
}

// bearerToken returns the access token of a request: from the Authorization header or
// from the form (RFC 6750 §2.1, §2.2). A request must not use both (§2).
func bearerToken(r *http.Request) (string, error) {
	header := r.Header.Get("Authorization")
	scheme, token, _ := strings.Cut(header, " ")
	inHeader := strings.EqualFold(scheme, "bearer")
	form := ""
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method == http.MethodPost && mediaType == "application/x-www-form-urlencoded" {
		if err := r.ParseForm(); err != nil {
			return "", &bearerError{http.StatusBadRequest, "invalid_request", "The body is not a valid form.", err}
		}
		form = r.PostForm.Get("access_token")
	}
	switch {
	case inHeader && form != "":
		return "", &bearerError{http.StatusBadRequest, "invalid_request", "The access token was sent twice: in the Authorization header and in the body.", nil}
	case inHeader && token != "":
		return token, nil
	case form != "":
		return form, nil
	}
	return "", &bearerError{http.StatusUnauthorized, "", "Send an access token in the header Authorization: Bearer.", nil}
}

// userInfoError is the error of RFC 6750 and the contract's AppError in one object.
type userInfoError struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description,omitempty"`
	web.AppError
}

func (u *UserInfo) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e, code := web.Public(err), "server_error"
	var bearer *bearerError
	if errors.As(err, &bearer) {
		challenge := `Bearer realm="gatehouse"`
		if bearer.code != "" {
			challenge += `, error="` + bearer.code + `", error_description="` + bearer.description + `"`
		}
		if bearer.code == "insufficient_scope" {
			challenge += `, scope="openid"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		code = bearer.code
		if code == "" {
			code = "invalid_token"
		}
		e = &web.Error{Status: bearer.status, ID: "api.oauth.userinfo." + code + ".app_error", Message: bearer.description, Cause: bearer.cause}
	} else if e.Status == http.StatusServiceUnavailable || e.Status == http.StatusNotImplemented {
		code = "temporarily_unavailable"
	}
	web.Log(r.Context(), u.log, e)
	web.SetRetryAfter(w, e)
	_ = web.WriteJSON(w, e.Status, userInfoError{Error: code, ErrorDescription: e.Message, AppError: web.NewAppError(r, e)})
}
