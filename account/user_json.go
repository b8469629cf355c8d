package account

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse"
)

// userJSON is the contract's user object, as the user and System Admins see it (C 1.13). The members
// of the second group are left out when they are empty. Gatehouse has no props,
// notify_props, MFA, bots or terms of service, so those members are never sent.
type userJSON struct {
	ID                  string       `json:"id"`
	DeleteAt            int64        `json:"delete_at"`
	Username            string       `json:"username"`
	AuthService         string       `json:"auth_service"` // "": the user signs in with a password
	Email               string       `json:"email"`
	Nickname            string       `json:"nickname"`
	FirstName           string       `json:"first_name"`
	LastName            string       `json:"last_name"`
	Position            string       `json:"position"`
	Roles               string       `json:"roles"`
	Locale              string       `json:"locale"`
	Timezone            timezoneJSON `json:"timezone"`
	DisableWelcomeEmail bool         `json:"disable_welcome_email"`

	CreateAt           int64 `json:"create_at,omitempty"`
	UpdateAt           int64 `json:"update_at,omitempty"`
	EmailVerified      bool  `json:"email_verified,omitempty"`
	LastPasswordUpdate int64 `json:"last_password_update,omitempty"`

	// Claims of OpenID Connect, for apps only: many OAuth clients look for them here.
	Subject           string `json:"sub,omitempty"`
	Name              string `json:"name,omitempty"`
	PreferredUsername string `json:"preferred_username,omitempty"`
}

// forApp adds the claims by which an app without OpenID Connect can recognize the user.
func (j userJSON) forApp(u gatehouse.User) userJSON {
	j.Subject, j.Name, j.PreferredUsername = u.ID, u.DisplayName(), u.Username
	return j
}

// timezoneJSON tells clients to use the browser's time zone: users can't choose one here.
type timezoneJSON struct {
	Automatic    string `json:"automaticTimezone"`
	Manual       string `json:"manualTimezone"`
	UseAutomatic string `json:"useAutomaticTimezone"`
}

func newUserJSON(u gatehouse.User) userJSON {
	return userJSON{
		ID:        u.ID,
		DeleteAt:  milliseconds(u.DeleteAt),
		Username:  u.Username,
		Email:     u.Email,
		Nickname:  u.Nickname,
		FirstName: u.FirstName,
		LastName:  u.LastName,
		Position:  u.Position,
		Roles:     strings.Join(u.Roles, " "),
		Locale:    u.Locale,
		Timezone:  timezoneJSON{UseAutomatic: "true"},
		CreateAt:  milliseconds(u.CreateAt),
		UpdateAt:  milliseconds(u.UpdateAt),

		EmailVerified:      u.EmailVerified,
		LastPasswordUpdate: milliseconds(u.LastPasswordUpdate),
	}
}

// milliseconds returns a time as in the contract, in milliseconds since 1970; the zero
// time is 0.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// writeUser answers with the user, or with 304 if the client already has this version.
// The ETag is a hash of the body, so that every field counts.
func writeUser(w http.ResponseWriter, r *http.Request, user userJSON) error {
	body, err := json.Marshal(user)
	if err != nil {
		return fmt.Errorf("account: encode user: %w", err)
	}
	sum := sha256.Sum256(body)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", etag)
	w.Header().Set("Cache-Control", "private, no-cache") // may be stored, but is revalidated each time
	if etagMatches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // If this fails, the connection is closed and no error can be sent.
	return nil
}

// etagMatches compares weakly, as If-None-Match does (RFC 9110 §13.1.2).
func etagMatches(header, etag string) bool {
	for _, candidate := range strings.Split(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == etag {
			return true
		}
	}
	return false
}
