package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/internal/web"
)

func TestUsernameRules(t *testing.T) {
	for username, ok := range map[string]bool{
		"a":                     true,
		"ana.b-c_9":             true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"":                      false,
		"9ana":                  false,
		".ana":                  false,
		"ana@example.com":       false,
		"ana b":                 false,
		"anä":                   false,
		"ana\n":                 false,
		"ana\x00":               false,
	} {
		err := checkUser(normalizeUser(gatehouse.User{Username: "x", Email: "a@example.com"}))
		require.NoError(t, err)
		err = checkUser(gatehouse.User{Username: username, Email: "a@example.com", Locale: "en"})
		require.Equal(t, ok, err == nil, "%q: %v", username, err)
	}
}

func TestEmailRules(t *testing.T) {
	for email, ok := range map[string]bool{
		"ana@example.com":                         true,
		"ana+x@localhost":                         true,
		"anä@exämple.com":                         true,
		strings.Repeat("a", 116) + "@example.com": true,
		strings.Repeat("a", 117) + "@example.com": false,
		"":                          false,
		"ana":                       false,
		"@example.com":              false,
		"ana@":                      false,
		"ana@a@example.com":         false,
		`"ana@evil.com"@ex.com`:     false,
		`"ana b"@example.com`:       false,
		"Ana <ana@example.com>":     false,
		"<ana@example.com>":         false,
		"ana@example.com (hi)":      false,
		"ana@example.com\r\nBcc: x": false,
		"ana@exam\x00ple.com":       false,
		"ana@\xff.com":              false,
	} {
		require.Equal(t, ok, validEmail(email), "%q", email)
	}
}

func TestNameRules(t *testing.T) {
	good := gatehouse.User{Username: "ana", Email: "ana@example.com", Locale: "pt-BR", FirstName: strings.Repeat("ä", 64), Nickname: "🦊"}
	require.NoError(t, checkUser(good))
	for field, spoil := range map[string]func(*gatehouse.User){
		"first_name": func(u *gatehouse.User) { u.FirstName = strings.Repeat("ä", 65) },
		"last_name":  func(u *gatehouse.User) { u.LastName = "a\nb" },
		"nickname":   func(u *gatehouse.User) { u.Nickname = "\xff" },
		"position":   func(u *gatehouse.User) { u.Position = strings.Repeat("x", 129) },
		"locale":     func(u *gatehouse.User) { u.Locale = "../../etc" },
	} {
		bad := good
		spoil(&bad)
		messages := web.FieldErrors(checkUser(bad))
		require.Len(t, messages, 1, field)
		require.NotEmpty(t, messages[field], field)
	}
}

func TestNamesAreNormalized(t *testing.T) {
	u := normalizeUser(gatehouse.User{Username: " Ana ", Email: " Ana@Example.COM ", FirstName: " Ana "})
	require.Equal(t, gatehouse.User{Username: "ana", Email: "ana@example.com", FirstName: "Ana", Locale: "en"}, u)
}

func TestFieldErrorsAreCollectedFromTheErrorTree(t *testing.T) {
	err := fmt.Errorf("outer: %w", errors.Join(
		errors.New("other"),
		&gatehouse.FieldError{Field: "a", Message: "A."},
		explainTaken(fmt.Errorf("store: %w", gatehouse.ErrEmailTaken)),
	))
	messages := web.FieldErrors(err)
	require.Len(t, messages, 2)
	require.Equal(t, "A.", messages["a"])
	require.Contains(t, messages["email"], "already")
	require.Empty(t, web.FieldErrors(nil))
}
