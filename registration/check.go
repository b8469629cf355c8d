package registration

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse"
)

// The limits of C 1.15, in bytes. The description is limited in characters.
const (
	maxName            = 64
	maxDescription     = 512
	maxHomepage        = 256
	maxIconURL         = 512
	maxMattermostAppID = 32
	// maxRedirectURIs limits the list as the contract measures it: "[a b c]".
	maxRedirectURIs = 1024
)

// Check returns the first rule that the app breaks, in the contract's order, as a
// *gatehouse.FieldError with the API's name of the field. It returns nil if the app is valid.
func Check(app gatehouse.App) error {
	broken := CheckAll(app)
	if len(broken) == 0 {
		return nil
	}
	return broken[0]
}

// CheckAll returns every rule that the app breaks, at most one for each field. Forms show
// them all at once.
func CheckAll(app gatehouse.App) []*gatehouse.FieldError {
	var broken []*gatehouse.FieldError
	add := func(field, message string) {
		broken = append(broken, &gatehouse.FieldError{Field: field, Message: message})
	}
	switch {
	case app.Name == "":
		add("name", "The display name is missing.")
	case len(app.Name) > maxName:
		add("name", "The display name is longer than 64 bytes.")
	case !isText(app.Name):
		add("name", "The display name contains invalid characters.")
	}
	if problem := checkRedirectURIs(app.RedirectURIs, app.IsPublic); problem != "" {
		add("callback_urls", problem)
	}
	switch {
	case app.Homepage == "" && !app.IsDynamicallyRegistered:
		add("homepage", "The homepage is missing. It must be a URL that begins with http:// or https://.")
	case len(app.Homepage) > maxHomepage:
		add("homepage", "The homepage is longer than 256 bytes.")
	case app.Homepage != "" && !gatehouse.CheckHTTPURL(app.Homepage):
		add("homepage", "The homepage must be a URL that begins with http:// or https://.")
	}
	switch {
	case utf8.RuneCountInString(app.Description) > maxDescription:
		add("description", "The description is longer than 512 characters.")
	case !isText(app.Description):
		add("description", "The description contains invalid characters.")
	}
	switch {
	case len(app.IconURL) > maxIconURL:
		add("icon_url", "The icon URL is longer than 512 bytes.")
	case app.IconURL != "" && !gatehouse.CheckHTTPURL(app.IconURL):
		add("icon_url", "The icon URL must be a URL that begins with http:// or https://.")
	}
	if len(app.MattermostAppID) > maxMattermostAppID {
		add("mattermost_app_id", "The Mattermost app ID is longer than 32 bytes.")
	}
	for _, l := range []struct {
		field, message string
		value          time.Duration
	}{
		{"access_token_lifetime", "The access token lifetime must be between one minute and one year, in whole seconds.", app.AccessTokenLifetime},
		{"refresh_token_lifetime", "The refresh token lifetime must be between one minute and one year, in whole seconds.", app.RefreshTokenLifetime},
	} {
		if l.value != 0 && (l.value < gatehouse.MinLifetime || l.value > gatehouse.MaxLifetime || l.value%time.Second != 0) {
			add(l.field, l.message)
		}
	}
	if app.IsPublic && app.RefreshTokenLifetime != 0 { // C 2.5
		add("refresh_token_lifetime", "A public app gets no refresh tokens, so it can't have a refresh token lifetime.")
	}
	return append(broken, checkOpenID(app.OpenID, app.IsPublic)...)
}

// isText reports whether both databases can store s. The text type of PostgreSQL takes no
// NUL and no invalid UTF-8.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// checkRedirectURIs returns a sentence about the first broken rule, or "".
func checkRedirectURIs(uris []string, public bool) string {
	if len(uris) == 0 {
		return "At least one callback URL is required."
	}
	if len(fmt.Sprint(uris)) > maxRedirectURIs {
		return "All callback URLs together are longer than 1024 bytes."
	}
	for _, uri := range uris {
		if err := gatehouse.CheckRedirectURI(uri, public); err != nil {
			return fmt.Sprintf("%q: %s", uri, message(err))
		}
	}
	return ""
}

// message returns the sentence of a *gatehouse.FieldError.
func message(err error) string {
	var field *gatehouse.FieldError
	if errors.As(err, &field) {
		return field.Message
	}
	return err.Error()
}
