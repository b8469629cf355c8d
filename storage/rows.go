package storage

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse"
)

// The rows are what GORM reads and writes: the root types with times as
// milliseconds and lists as text.

type userRow struct {
	ID                 string
	Username           string
	Email              string
	EmailVerified      bool
	Nickname           string
	FirstName          string
	LastName           string
	Position           string
	Locale             string
	Roles              string
	PasswordHash       string
	CreateAt           int64
	UpdateAt           int64
	DeleteAt           int64
	LastPasswordUpdate int64
}

func (userRow) TableName() string { return "users" }

func newUserRow(u gatehouse.User) userRow {
	return userRow{
		ID: u.ID, Username: fold(u.Username), Email: fold(u.Email), EmailVerified: u.EmailVerified,
		Nickname: text(u.Nickname), FirstName: text(u.FirstName), LastName: text(u.LastName), Position: text(u.Position),
		Locale: text(u.Locale), Roles: strings.Join(u.Roles, " "), PasswordHash: u.PasswordHash,
		CreateAt: millis(u.CreateAt), UpdateAt: millis(u.UpdateAt), DeleteAt: millis(u.DeleteAt),
		LastPasswordUpdate: millis(u.LastPasswordUpdate),
	}
}

func (r *userRow) user() gatehouse.User {
	return gatehouse.User{
		ID: r.ID, Username: r.Username, Email: r.Email, EmailVerified: r.EmailVerified,
		Nickname: r.Nickname, FirstName: r.FirstName, LastName: r.LastName, Position: r.Position,
		Locale: r.Locale, Roles: strings.Fields(r.Roles), PasswordHash: r.PasswordHash,
		CreateAt: fromMillis(r.CreateAt), UpdateAt: fromMillis(r.UpdateAt), DeleteAt: fromMillis(r.DeleteAt),
		LastPasswordUpdate: fromMillis(r.LastPasswordUpdate),
	}
}

// userColumns are the columns of users u, in the order of userRow.fields.
const userColumns = "u.id, u.username, u.email, u.email_verified, u.nickname, u.first_name, u.last_name, u.position, " +
	"u.locale, u.roles, u.password_hash, u.create_at, u.update_at, u.delete_at, u.last_password_update"

// fields are where the hand-written statements scan userColumns to.
func (r *userRow) fields() []any {
	return []any{
		&r.ID, &r.Username, &r.Email, &r.EmailVerified, &r.Nickname, &r.FirstName, &r.LastName, &r.Position,
		&r.Locale, &r.Roles, &r.PasswordHash, &r.CreateAt, &r.UpdateAt, &r.DeleteAt, &r.LastPasswordUpdate,
	}
}

type sessionRow struct {
	ID         string
	TokenHash  string
	UserID     string
	UserAgent  string
	IP         string `gorm:"column:ip"`
	CreateAt   int64
	LastSeenAt int64
	ExpiresAt  int64
}

func (sessionRow) TableName() string { return "sessions" }

func (r *sessionRow) session() gatehouse.Session {
	return gatehouse.Session{
		ID: r.ID, TokenHash: r.TokenHash, UserID: r.UserID, UserAgent: r.UserAgent, IP: r.IP,
		CreateAt: fromMillis(r.CreateAt), LastSeenAt: fromMillis(r.LastSeenAt), ExpiresAt: fromMillis(r.ExpiresAt),
	}
}

type appRow struct {
	ID                      string
	CreatorID               string
	SecretHash              string
	Name                    string
	NameKey                 string
	Description             string
	Homepage                string
	IconURL                 string `gorm:"column:icon_url"`
	RedirectURIs            string `gorm:"column:redirect_uris"`
	IsTrusted               bool
	IsPublic                bool
	IsDynamicallyRegistered bool
	MattermostAppID         string `gorm:"column:mattermost_app_id"`
	TokenEndpointAuthMethod string
	AccessTokenLifetime     int64
	RefreshTokenLifetime    int64
	CreateAt                int64
	UpdateAt                int64
}

func (appRow) TableName() string { return "apps" }

func newAppRow(a gatehouse.App) (appRow, error) {
	uris := make([]string, len(a.RedirectURIs))
	for i, uri := range a.RedirectURIs {
		uris[i] = text(uri)
	}
	encoded, err := json.Marshal(uris)
	if err != nil {
		return appRow{}, fmt.Errorf("encode redirect URIs: %w", err)
	}
	return appRow{
		ID: a.ID, CreatorID: a.CreatorID, SecretHash: a.SecretHash, Name: text(a.Name), NameKey: fold(a.Name),
		Description: text(a.Description), Homepage: text(a.Homepage), IconURL: text(a.IconURL), RedirectURIs: string(encoded),
		IsTrusted: a.IsTrusted, IsPublic: a.IsPublic, IsDynamicallyRegistered: a.IsDynamicallyRegistered,
		MattermostAppID: text(a.MattermostAppID), TokenEndpointAuthMethod: a.TokenEndpointAuthMethod,
		AccessTokenLifetime: a.AccessTokenLifetime.Milliseconds(), RefreshTokenLifetime: a.RefreshTokenLifetime.Milliseconds(),
		CreateAt: millis(a.CreateAt), UpdateAt: millis(a.UpdateAt),
	}, nil
}

func (r *appRow) app() (gatehouse.App, error) {
	var uris []string
	if err := json.Unmarshal([]byte(r.RedirectURIs), &uris); err != nil {
		return gatehouse.App{}, fmt.Errorf("decode redirect URIs of app %s: %w", r.ID, err)
	}
	return gatehouse.App{
		ID: r.ID, CreatorID: r.CreatorID, SecretHash: r.SecretHash, Name: r.Name,
		Description: r.Description, Homepage: r.Homepage, IconURL: r.IconURL, RedirectURIs: uris,
		IsTrusted: r.IsTrusted, IsPublic: r.IsPublic, IsDynamicallyRegistered: r.IsDynamicallyRegistered,
		MattermostAppID: r.MattermostAppID, TokenEndpointAuthMethod: r.TokenEndpointAuthMethod,
		AccessTokenLifetime: time.Duration(r.AccessTokenLifetime) * time.Millisecond, RefreshTokenLifetime: time.Duration(r.RefreshTokenLifetime) * time.Millisecond,
		CreateAt: fromMillis(r.CreateAt), UpdateAt: fromMillis(r.UpdateAt),
	}, nil
}

type consentRow struct {
	ID         string
	UserID     string
	AppID      string
	Scopes     string
	CreateAt   int64
	LastUsedAt int64
}

func (consentRow) TableName() string { return "consents" }

func (r *consentRow) consent() gatehouse.Consent {
	return gatehouse.Consent{
		ID: r.ID, UserID: r.UserID, AppID: r.AppID, Scopes: strings.Fields(r.Scopes),
		CreateAt: fromMillis(r.CreateAt), LastUsedAt: fromMillis(r.LastUsedAt),
	}
}

type settingRow struct {
	Key      string `gorm:"primaryKey"`
	Value    string
	ActorID  string
	UpdateAt int64
}

func (settingRow) TableName() string { return "settings" }

type auditRow struct {
	ID        string
	At        int64
	ActorID   string
	Event     string
	TargetID  string
	Detail    string
	IP        string `gorm:"column:ip"`
	Outcome   string
	RequestID string
}

func (auditRow) TableName() string { return "audit_events" }

func (r *auditRow) event() gatehouse.AuditEvent {
	return gatehouse.AuditEvent{
		ID: r.ID, At: fromMillis(r.At), ActorID: r.ActorID, Event: r.Event, TargetID: r.TargetID,
		Detail: r.Detail, IP: r.IP, Outcome: r.Outcome, RequestID: r.RequestID,
	}
}

// millis is a time as it is stored; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// text makes a string storable: PostgreSQL refuses NUL and what is no UTF-8,
// which would turn a crafted User-Agent header into a failed sign-in.
func text(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// fold makes a string comparable in any case, by Go's rules on both engines.
func fold(s string) string { return strings.ToLower(text(s)) }

// cut shortens a storable string to at most n bytes, between runes.
func cut(s string, n int) string {
	s = text(s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
