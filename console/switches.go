package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
)

// SwitchStore keeps the settings.
type SwitchStore interface {
	Settings(ctx context.Context) (gatehouse.Settings, error)
	// SetSettings sets all or none. It returns a *gatehouse.FieldError, or ErrSettingFixed.
	SetSettings(ctx context.Context, values map[string]string, actorID string, now time.Time) error
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent) error
}

// Switches turns settings, for the console and the command line, and records who
// turned what. Whether somebody may is for the caller to decide.
type Switches struct {
	store SwitchStore
	trail audit.Trail
}

// NewSwitches returns Switches.
func NewSwitches(store SwitchStore, log *slog.Logger) *Switches {
	return &Switches{store, audit.NewTrail(store, log)}
}

// Set saves those of the values that differ from what is set, and returns their
// keys. by is zero for the command line. It returns a *gatehouse.FieldError for
// each value that breaks a rule or belongs to a setting that the environment
// fixes, joined; nothing is saved then.
func (s *Switches) Set(ctx context.Context, by gatehouse.Caller, values map[string]string) (changed []string, err error) {
	settings, err := s.store.Settings(ctx)
	if err != nil {
		return nil, fmt.Errorf("console: set: %w", err)
	}
	canonical, err := check(settings, values)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(canonical, func(key, value string) bool { return value == settings.Value(key) })
	if err := s.store.SetSettings(ctx, canonical, by.User.ID, time.Now()); err != nil {
		return nil, fmt.Errorf("console: set: %w", err)
	}
	for _, d := range gatehouse.SettingDefinitions() {
		value, ok := canonical[d.Key]
		if !ok {
			continue
		}
		changed = append(changed, d.Key)
		s.trail.Record(ctx, gatehouse.AuditEvent{
			ActorID: by.User.ID, Event: gatehouse.AuditUpdateSetting, TargetID: d.Key, Detail: orNothing(settings.Value(d.Key)) + " → " + orNothing(value),
		})
	}
	return changed, nil
}

// check puts the values into the form in which they are stored. Of a setting that
// is fixed only its own value may come back.
func check(settings gatehouse.Settings, values map[string]string) (map[string]string, error) {
	canonical := map[string]string{}
	var problems []error
	for key, typed := range values {
		value, err := canonicalValue(key, typed)
		if err == nil && settings.Fixed(key) && value != settings.Value(key) {
			err = &gatehouse.FieldError{Field: key, Message: "The environment of the gateway fixes this setting. Change it there and restart the gateway."}
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		canonical[key] = value
	}
	return canonical, errors.Join(problems...)
}

// canonicalValue is what Settings.Value makes of a value that somebody typed:
// "24h" and "1440m" are the same. Its error is a *gatehouse.FieldError.
func canonicalValue(key, typed string) (string, error) {
	// People put one pattern on a line, or commas between them, or both.
	var lines []string
	for line := range strings.Lines(typed) {
		if line = strings.Trim(strings.TrimSpace(line), ","); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) > 0 || strings.TrimSpace(typed) == "" { // commas alone are no list, and must not count as an empty one (C 2.13)
		typed = strings.Join(lines, ",")
	}
	if err := gatehouse.CheckSetting(key, typed); err != nil {
		return "", err
	}
	parsed, err := gatehouse.ParseSettings(map[string]string{key: typed}, nil)
	if err != nil {
		return "", err
	}
	return parsed.Value(key), nil
}

func orNothing(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}
