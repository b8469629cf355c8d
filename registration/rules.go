package registration

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"gatehouse"
)

// The limits of C 1.15. Bytes, but for the description, which counts runes.
const (
	maxName            = 64
	maxDescription     = 512
	maxHomepage        = 256
	maxIconURL         = 512
	maxMattermostAppID = 32
	// maxRedirectURIs is for the list as the contract measures it: "[a b c]".
	maxRedirectURIs = 1024
)

// Check reports the first rule that the app breaks, in the contract's order, as
// a *gatehouse.FieldError whose field is the API's name of it.
func Check(app gatehouse.App) error {
	errs := CheckAll(app)
	if len(errs) == 0 {
		return nil
	}
	return errs[0]
}

// CheckAll reports every rule that the app breaks, at most one for each field,
// for forms that show them all at once.
func CheckAll(app gatehouse.App) []*gatehouse.FieldError {
	var errs []*gatehouse.FieldError
	add := func(field, message string) {
		errs = append(errs, &gatehouse.FieldError{Field: field, Message: message})
	}
	switch {
	case app.Name == "":
		add("name", "The display name is missing.")
	case len(app.Name) > maxName:
		add("name", "The display name is longer than 64 bytes.")
	case !isText(app.Name):
		add("name", "The display name holds invalid characters.")
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
		add("description", "The description holds invalid characters.")
	}
	switch {
	case len(app.IconURL) > maxIconURL:
		add("icon_url", "The icon URL is longer than 512 bytes.")
	case app.IconURL != "" && !gatehouse.CheckHTTPURL(app.IconURL):
		add("icon_url", "The icon URL must be a URL that begins with http:// or https://.")
	}
	if len(app.MattermostAppID) > maxMattermostAppID {
		add("mattermost_app_id", "The Mattermost app id is longer than 32 bytes.")
	}
	return errs
}

// isText reports whether both databases can keep s as it is: PostgreSQL's text
// has no NUL and no broken UTF-8.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func checkRedirectURIs(uris []string, public bool) string {
	if len(uris) == 0 {
		return "There must be at least one callback URL."
	}
	if len(fmt.Sprint(uris)) > maxRedirectURIs {
		return "The callback URLs are longer than 1024 bytes together."
	}
	for _, uri := range uris {
		if err := gatehouse.CheckRedirectURI(uri, public); err != nil {
			return fmt.Sprintf("%s: %s", uri, message(err))
		}
	}
	return ""
}
