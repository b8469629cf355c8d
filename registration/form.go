package registration

import (
	"encoding/json"
	"net/url"
	"strings"

	"gatehouse"
	"gatehouse/templates"
)

// The hidden fields of the forms.
const (
	// fieldForm names the form that adds an app: sent twice, it registers one.
	fieldForm = "form"
	// fieldVersion names what an edit, or a new secret, replaces.
	fieldVersion = "version"
)

// typedForm is the form as it was typed.
func typedForm(values url.Values) templates.AppForm {
	return templates.AppForm{
		IsTrusted: values.Get("is_trusted") == "true", IsPublic: values.Get("is_public") == "true",
		Name: values.Get("name"), Description: values.Get("description"), Homepage: values.Get("homepage"),
		IconURL: values.Get("icon_url"), CallbackURLs: values.Get("callback_urls"),
	}
}

// formOf is the form of an app that is there already.
func formOf(app gatehouse.App) templates.AppForm {
	return templates.AppForm{
		IsTrusted: app.IsTrusted, IsPublic: app.IsPublic, Name: app.Name, Description: app.Description,
		Homepage: app.Homepage, IconURL: app.IconURL, CallbackURLs: strings.Join(app.RedirectURIs, "\n"),
	}
}

// fill puts what was typed into an app, but for its type, which only a new app
// takes. The Mattermost app id, which the form does not have, stays (the
// contract's own form loses it, C 4.3).
func fill(app *gatehouse.App, f templates.AppForm) {
	app.Name, app.Description = strings.TrimSpace(f.Name), strings.TrimSpace(f.Description)
	app.Homepage, app.IconURL = strings.TrimSpace(f.Homepage), strings.TrimSpace(f.IconURL)
	app.RedirectURIs, app.IsTrusted = callbackLines(f.CallbackURLs), f.IsTrusted
}

// callbackLines are the lines that are not blank (C 4.3).
func callbackLines(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// formErrors are the sentences beside the fields. The form asks for a description,
// which the API does not (C 1.15, 4.3).
func formErrors(app gatehouse.App) map[string]string {
	errs := map[string]string{}
	if app.Description == "" && !app.IsDynamicallyRegistered {
		errs["description"] = "The description is missing. Say in a sentence what the app does."
	}
	for _, e := range CheckAll(app) {
		errs[e.Field] = e.Message
	}
	return errs
}

// versionOf changes with everything that the form shows.
func versionOf(app gatehouse.App) string {
	shown, _ := json.Marshal(formOf(app)) // strings and booleans: it cannot fail
	return gatehouse.DeriveID("app version: " + string(shown))
}

// secretVersionOf changes with the secret, and says nothing about it: it is a hash
// of the hash of 130 random bits.
func secretVersionOf(app gatehouse.App) string {
	return gatehouse.DeriveID("secret version: " + app.SecretHash)
}

// isCurrent reports whether a form was made for this version. A form without one
// was made by no page of ours, and knows what it does.
func isCurrent(sent, current string) bool { return sent == "" || sent == current }

func hidden(name, value string) []templates.Field {
	return []templates.Field{{Name: name, Value: value}}
}
