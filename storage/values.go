package storage

import (
	"strings"
	"time"
	"unicode/utf8"
)

// The rows in the files of this package are what GORM reads and writes: the types of
// package gatehouse with times as milliseconds and lists as text.

// millis returns a time as it is stored; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the reverse of millis.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// text makes a string storable. PostgreSQL refuses NUL and invalid UTF-8, which
// would turn a crafted User-Agent header into a failed sign-in.
func text(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// fold makes a string comparable without regard to case, by Go's rules on both engines.
func fold(s string) string { return strings.ToLower(text(s)) }

// contains returns a pattern for LIKE ... ESCAPE '!' that matches every value with
// the folded search text in it.
func contains(search string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(fold(search)) + "%"
}

// cut shortens a storable string to at most n bytes, between characters.
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
