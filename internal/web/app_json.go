package web

import "gatehouse"

// AppJSON is the contract's app object (C 1.7), of the management API and of a
// person's authorised apps. Its members stand in the contract's order. There is
// no is_public: the contract has none in any response.
type AppJSON struct {
	ID                      string   `json:"id"`
	CreatorID               string   `json:"creator_id"` // "" for apps that registered themselves
	CreateAt                int64    `json:"create_at"`  // ms
	UpdateAt                int64    `json:"update_at"`  // ms
	ClientSecret            string   `json:"client_secret"`
	Name                    string   `json:"name"`
	Description             string   `json:"description"`
	IconURL                 string   `json:"icon_url"`
	CallbackURLs            []string `json:"callback_urls"`
	Homepage                string   `json:"homepage"`
	IsTrusted               bool     `json:"is_trusted"`
	MattermostAppID         string   `json:"mattermost_app_id"`
	IsDynamicallyRegistered bool     `json:"is_dynamically_registered,omitempty"`
}

// NewAppJSON is the object of an app. The secret is "" but in the two answers
// that have just made one: nobody can show it afterwards.
func NewAppJSON(a gatehouse.App, secret string) AppJSON {
	callbacks := a.RedirectURIs
	if callbacks == nil {
		callbacks = []string{}
	}
	return AppJSON{
		ID: a.ID, CreatorID: a.CreatorID, CreateAt: a.CreateAt.UnixMilli(), UpdateAt: a.UpdateAt.UnixMilli(), ClientSecret: secret,
		Name: a.Name, Description: a.Description, IconURL: a.IconURL, CallbackURLs: callbacks, Homepage: a.Homepage,
		IsTrusted: a.IsTrusted, MattermostAppID: a.MattermostAppID, IsDynamicallyRegistered: a.IsDynamicallyRegistered,
	}
}
