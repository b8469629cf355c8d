package provider

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/openid"
	"gatehouse/signing"
)

// serverMetadata is the authorization server metadata (RFC 8414 §2, RFC 9207 §3,
// RFC 7591 §3). It advertises only what the settings have turned on.
type serverMetadata struct {
	Issuer                                     string   `json:"issuer"`
	AuthorizationEndpoint                      string   `json:"authorization_endpoint"`
	TokenEndpoint                              string   `json:"token_endpoint"`
	RegistrationEndpoint                       string   `json:"registration_endpoint,omitempty"`
	RevocationEndpoint                         string   `json:"revocation_endpoint"`
	IntrospectionEndpoint                      string   `json:"introspection_endpoint"`
	ScopesSupported                            []string `json:"scopes_supported"`
	ResponseTypesSupported                     []string `json:"response_types_supported"`
	ResponseModesSupported                     []string `json:"response_modes_supported"`
	GrantTypesSupported                        []string `json:"grant_types_supported"`
	TokenEndpointAuthMethodsSupported          []string `json:"token_endpoint_auth_methods_supported"`
	RevocationEndpointAuthMethodsSupported     []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuthMethodsSupported  []string `json:"introspection_endpoint_auth_methods_supported"`
	CodeChallengeMethodsSupported              []string `json:"code_challenge_methods_supported"`
	AuthorizationResponseIssParameterSupported bool     `json:"authorization_response_iss_parameter_supported"`
}

// openIDConfiguration is the document of OpenID Connect: the same metadata, and what
// OpenID Connect adds (OpenID Connect Discovery §3, RP-Initiated Logout §2.1). The document
// of RFC 8414 stays as the contract has it: a client that finds a scope there requests it.
type openIDConfiguration struct {
	serverMetadata
	UserInfoEndpoint                 string   `json:"userinfo_endpoint"`
	JWKSURI                          string   `json:"jwks_uri"`
	EndSessionEndpoint               string   `json:"end_session_endpoint"`
	SubjectTypesSupported            []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported []string `json:"id_token_signing_alg_values_supported"`
	ACRValuesSupported               []string `json:"acr_values_supported"`
	DisplayValuesSupported           []string `json:"display_values_supported"`
	PromptValuesSupported            []string `json:"prompt_values_supported"`
	ClaimTypesSupported              []string `json:"claim_types_supported"`
	ClaimsSupported                  []string `json:"claims_supported"`
	UILocalesSupported               []string `json:"ui_locales_supported"`
	ClaimsParameterSupported         bool     `json:"claims_parameter_supported"`
	RequestParameterSupported        bool     `json:"request_parameter_supported"`
	RequestURIParameterSupported     bool     `json:"request_uri_parameter_supported"`
	BackchannelLogoutSupported       bool     `json:"backchannel_logout_supported"`
	BackchannelLogoutSession         bool     `json:"backchannel_logout_session_supported"`
}

func (h *Handler) openIDConfiguration(s gatehouse.Settings) openIDConfiguration {
	server := h.serverMetadata(s)
	server.ScopesSupported = append(server.ScopesSupported, openid.Scopes()...)
	server.ResponseTypesSupported = responseTypes(s.EnableImplicitGrant, true)
	return openIDConfiguration{
		serverMetadata:                   server,
		UserInfoEndpoint:                 h.endpoint(openid.UserInfoPath),
		JWKSURI:                          h.endpoint(signing.Path),
		EndSessionEndpoint:               h.endpoint(openid.LogoutPath),
		SubjectTypesSupported:            []string{"public"},
		IDTokenSigningAlgValuesSupported: gatehouse.SigningAlgorithms(),
		ACRValuesSupported:               []string{openid.ACRPassword},
		DisplayValuesSupported:           []string{"page"},
		PromptValuesSupported:            promptValues(),
		ClaimTypesSupported:              []string{"normal"},
		ClaimsSupported:                  slices.Concat(openid.UserClaims(), openid.IDTokenClaims()),
		UILocalesSupported:               []string{"en"},
		ClaimsParameterSupported:         true,
		BackchannelLogoutSupported:       true,
		BackchannelLogoutSession:         true,
	}
}

func (h *Handler) serverMetadata(s gatehouse.Settings) serverMetadata {
	m := serverMetadata{
		Issuer:                                     h.issuer,
		AuthorizationEndpoint:                      h.endpoint("/oauth/authorize"),
		TokenEndpoint:                              h.endpoint("/oauth/access_token"),
		RevocationEndpoint:                         h.endpoint("/oauth/revoke"),
		IntrospectionEndpoint:                      h.endpoint("/oauth/introspect"),
		ScopesSupported:                            []string{gatehouse.DefaultScope},
		ResponseTypesSupported:                     []string{"code"},
		ResponseModesSupported:                     []string{"query", "fragment", "form_post"},
		GrantTypesSupported:                        []string{"authorization_code", "refresh_token"},
		TokenEndpointAuthMethodsSupported:          []string{gatehouse.AuthMethodNone, gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic},
		RevocationEndpointAuthMethodsSupported:     []string{gatehouse.AuthMethodNone, gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic},
		IntrospectionEndpointAuthMethodsSupported:  []string{gatehouse.AuthMethodPost, gatehouse.AuthMethodBasic},
		CodeChallengeMethodsSupported:              []string{"S256"},
		AuthorizationResponseIssParameterSupported: true,
	}
	if s.EnableImplicitGrant {
		m.ResponseTypesSupported = append(m.ResponseTypesSupported, "token")
		m.GrantTypesSupported = append(m.GrantTypesSupported, "implicit")
	}
	if s.EnableDynamicClientRegistration {
		m.RegistrationEndpoint = h.endpoint("/api/v4/oauth/apps/register")
	}
	return m
}

// resourceMetadata describes the API of Gatehouse as a protected resource (RFC 9728
// §2).
type resourceMetadata struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers"`
	ScopesSupported        []string `json:"scopes_supported"`
	BearerMethodsSupported []string `json:"bearer_methods_supported"`
	ResourceName           string   `json:"resource_name"`
}

// authorizationServer serves /.well-known/oauth-authorization-server.
func (h *Handler) authorizationServer(w http.ResponseWriter, r *http.Request) error {
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if !settings.EnableOAuthServiceProvider {
		return web.ProviderOff("api.oauth.authorization_server_metadata.disabled.app_error")
	}
	return writeMetadata(w, h.serverMetadata(settings))
}

// protectedResource serves /.well-known/oauth-protected-resource.
func (h *Handler) protectedResource(w http.ResponseWriter, r *http.Request) error {
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if !settings.EnableOAuthServiceProvider {
		return web.ProviderOff("api.oauth.authorization_server_metadata.disabled.app_error")
	}
	return writeMetadata(w, resourceMetadata{
		Resource: h.issuer, AuthorizationServers: []string{h.issuer}, ScopesSupported: []string{gatehouse.DefaultScope},
		BearerMethodsSupported: []string{"header", "query"}, ResourceName: "Gatehouse",
	})
}

// openIDProvider serves /.well-known/openid-configuration (OpenID Connect Discovery
// §4). While OpenID Connect is off, clients that look for it first get a 404 that names the
// metadata of RFC 8414. Most of them then request that document.
func (h *Handler) openIDProvider(w http.ResponseWriter, r *http.Request) error {
	settings, err := h.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if settings.EnableOAuthServiceProvider && settings.EnableOpenIDConnect {
		return writeMetadata(w, h.openIDConfiguration(settings))
	}
	return &web.Error{
		Status: http.StatusNotFound, ID: "api.oauth.openid_configuration.not_found.app_error",
		Message: fmt.Sprintf("OpenID Connect is turned off. The OAuth 2.0 authorization server metadata (RFC 8414) is at %s.",
			wellKnownURL(h.issuer, authorizationServerPath)),
	}
}

// writeMetadata allows caches to keep metadata for a minute: settings change seldom,
// and clients ask often.
func writeMetadata(w http.ResponseWriter, v any) error {
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Del("Expires")
	return web.WriteJSON(w, http.StatusOK, v)
}

// endpoint returns the URL of a path below the site URL.
func (h *Handler) endpoint(path string) string { return strings.TrimRight(h.issuer, "/") + path }

// The well-known paths of RFC 8414 §3, RFC 9728 §3 and OpenID Connect Discovery §4.
const (
	authorizationServerPath = "/.well-known/oauth-authorization-server"
	protectedResourcePath   = "/.well-known/oauth-protected-resource"
	openIDConfigurationPath = "/.well-known/openid-configuration"
)

// ResourceMetadataURL returns the URL of the protected resource metadata, for
// resource_metadata in a challenge (RFC 9728 §5.1).
func ResourceMetadataURL(issuer string) string { return wellKnownURL(issuer, protectedResourcePath) }

// wellKnownURL returns the URL of a well-known path for the issuer: the path of the issuer
// follows the well-known path (RFC 8414 §3.1, RFC 9728 §3.1).
func wellKnownURL(issuer, path string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	u.Path = path + strings.TrimRight(u.Path, "/")
	return u.String()
}
