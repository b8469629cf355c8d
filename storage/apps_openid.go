package storage

import (
	"encoding/json"
	"fmt"
	"time"

	"gatehouse"
)

// appOpenIDRow has the columns of the table apps for gatehouse.AppOpenID.
type appOpenIDRow struct {
	IDTokenAlgorithm       string `gorm:"column:id_token_algorithm"`
	PostLogoutRedirectURIs string `gorm:"column:post_logout_redirect_uris"`
	BackchannelLogoutURI   string `gorm:"column:backchannel_logout_uri"`
	DefaultMaxAge          int64
	InitiateLoginURI       string `gorm:"column:initiate_login_uri"`
	PolicyURI              string `gorm:"column:policy_uri"`
	TermsURI               string `gorm:"column:terms_uri"`
	Contacts               string
}

func newAppOpenIDRow(o gatehouse.AppOpenID) (appOpenIDRow, error) {
	uris, err := encodeTexts(o.PostLogoutRedirectURIs)
	if err != nil {
		return appOpenIDRow{}, fmt.Errorf("encode post-logout redirect URIs: %w", err)
	}
	contacts, err := encodeTexts(o.Contacts)
	if err != nil {
		return appOpenIDRow{}, fmt.Errorf("encode contacts: %w", err)
	}
	return appOpenIDRow{
		IDTokenAlgorithm: o.IDTokenAlgorithm, PostLogoutRedirectURIs: uris, BackchannelLogoutURI: text(o.BackchannelLogoutURI),
		DefaultMaxAge: o.DefaultMaxAge.Milliseconds(), InitiateLoginURI: text(o.InitiateLoginURI),
		PolicyURI: text(o.PolicyURI), TermsURI: text(o.TermsURI), Contacts: contacts,
	}, nil
}

func (r appOpenIDRow) openID() (gatehouse.AppOpenID, error) {
	uris, err := decodeTexts(r.PostLogoutRedirectURIs)
	if err != nil {
		return gatehouse.AppOpenID{}, fmt.Errorf("decode post-logout redirect URIs: %w", err)
	}
	contacts, err := decodeTexts(r.Contacts)
	if err != nil {
		return gatehouse.AppOpenID{}, fmt.Errorf("decode contacts: %w", err)
	}
	return gatehouse.AppOpenID{
		IDTokenAlgorithm: r.IDTokenAlgorithm, PostLogoutRedirectURIs: uris, BackchannelLogoutURI: r.BackchannelLogoutURI,
		DefaultMaxAge: time.Duration(r.DefaultMaxAge) * time.Millisecond, InitiateLoginURI: r.InitiateLoginURI,
		PolicyURI: r.PolicyURI, TermsURI: r.TermsURI, Contacts: contacts,
	}, nil
}

// encodeTexts returns a list as the JSON that a column stores.
func encodeTexts(list []string) (string, error) {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = text(s)
	}
	encoded, err := json.Marshal(texts)
	return string(encoded), err
}

// decodeTexts returns the list of a column; nil if it is empty.
func decodeTexts(column string) ([]string, error) {
	var list []string
	if err := json.Unmarshal([]byte(column), &list); err != nil || len(list) == 0 {
		return nil, err
	}
	return list, nil
}
