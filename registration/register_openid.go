package registration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse"
)

// openIDMetadata are the members of OpenID Connect Registration §2, RP-Initiated Logout
// §3.1 and Back-Channel Logout §2.2 that Gatehouse registers. application_type has no effect, because the rules of
// redirect URIs are the same for both types.
type openIDMetadata struct {
	IDTokenSignedResponseAlg string   `json:"id_token_signed_response_alg,omitempty"`
	PostLogoutRedirectURIs   []string `json:"post_logout_redirect_uris,omitempty"`
	BackchannelLogoutURI     string   `json:"backchannel_logout_uri,omitempty"`
	BackchannelLogoutSession bool     `json:"backchannel_logout_session_required,omitempty"`
	DefaultMaxAge            int64    `json:"default_max_age,omitempty"` // seconds
	RequireAuthTime          bool     `json:"require_auth_time,omitempty"`
	InitiateLoginURI         string   `json:"initiate_login_uri,omitempty"`
	PolicyURI                string   `json:"policy_uri,omitempty"`
	TermsURI                 string   `json:"tos_uri,omitempty"`
	Contacts                 []string `json:"contacts,omitempty"`
}

// app returns what the app keeps of the metadata. require_auth_time and
// backchannel_logout_session_required need no storage, because every ID token has auth_time
// and every logout token has sid.
func (md openIDMetadata) app() gatehouse.AppOpenID {
	return gatehouse.AppOpenID{
		IDTokenAlgorithm: md.IDTokenSignedResponseAlg, PostLogoutRedirectURIs: md.PostLogoutRedirectURIs, BackchannelLogoutURI: md.BackchannelLogoutURI,
		DefaultMaxAge: time.Duration(md.DefaultMaxAge) * time.Second, InitiateLoginURI: md.InitiateLoginURI,
		PolicyURI: md.PolicyURI, TermsURI: md.TermsURI, Contacts: md.Contacts,
	}
}

// openID reads the members of OpenID Connect. It refuses members that demand what
// Gatehouse does not do: a client that expects an encrypted ID token must not get another
// one. Members that only inform are left out if they are not valid: they are no reason to
// refuse a client. checkOpenID checks the other values.
func (m members) openID() (openIDMetadata, error) {
	for _, name := range []string{
		"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_signed_response_alg", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	} {
		if value, has, err := m.text(name); err != nil || has && value != "" {
			return openIDMetadata{}, invalidMetadata("The member " + name + " is not supported. Leave it out: ID tokens are signed, and the UserInfo endpoint answers with JSON.")
		}
	}
	md := openIDMetadata{}
	subjectType := ""
	for _, text := range []struct {
		name   string
		target *string
	}{
		{"subject_type", &subjectType}, {"backchannel_logout_uri", &md.BackchannelLogoutURI}, {"id_token_signed_response_alg", &md.IDTokenSignedResponseAlg},
	} {
		var err error
		if *text.target, _, err = m.text(text.name); err != nil {
			return openIDMetadata{}, err
		}
	}
	if subjectType != "" && subjectType != "public" {
		return openIDMetadata{}, invalidMetadata("subject_type must be public. Every client gets the same sub.")
	}
	md.InitiateLoginURI, md.PolicyURI, md.TermsURI = m.infoURI("initiate_login_uri"), m.infoURI("policy_uri"), m.infoURI("tos_uri")
	isContact := func(c string) bool { return len(c) <= maxContact && isText(c) }
	if contacts, err := m.list("contacts"); err == nil && len(contacts) <= maxContacts && !slices.ContainsFunc(contacts, func(c string) bool { return !isContact(c) }) {
		md.Contacts = contacts
	}
	var err error
	if md.PostLogoutRedirectURIs, err = m.list("post_logout_redirect_uris"); err != nil {
		return openIDMetadata{}, err
	}
	for i, uri := range md.PostLogoutRedirectURIs {
		if strings.HasPrefix(uri, "http://") && !gatehouse.IsLoopbackRedirectURI(uri) {
			return openIDMetadata{}, invalidMetadata(fmt.Sprintf("post_logout_redirect_uris[%d]: The URI must begin with https://. Only localhost, 127.0.0.1 and [::1] can use http://.", i))
		}
	}
	for name, target := range map[string]*bool{"require_auth_time": &md.RequireAuthTime, "backchannel_logout_session_required": &md.BackchannelLogoutSession} {
		if _, err := m.decode(name, target); err != nil {
			return openIDMetadata{}, invalidMetadata("The member " + name + " must be true or false.")
		}
	}
	var age json.Number
	if has, err := m.decode("default_max_age", &age); err != nil {
		return openIDMetadata{}, invalidMetadata("The member default_max_age must be a number of seconds.")
	} else if has {
		if md.DefaultMaxAge, err = age.Int64(); err != nil || md.DefaultMaxAge < 1 || md.DefaultMaxAge > int64(maxDefaultAge/time.Second) {
			return openIDMetadata{}, invalidMetadata("default_max_age must be between 1 and 31622400 seconds. A client that wants a new sign-in each time sends prompt=login.")
		}
	}
	return md, nil
}

// infoURI returns a member that only informs, and "" if it is not an https URL.
func (m members) infoURI(name string) string {
	uri, _, err := m.text(name)
	if err != nil || len(uri) > maxOpenIDURI || !strings.HasPrefix(uri, "https://") || !gatehouse.CheckHTTPURL(uri) || strings.Contains(uri, "#") {
		return ""
	}
	return uri
}
