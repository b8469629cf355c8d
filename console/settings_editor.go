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

// SettingsEditorConfig configures a SettingsEditor.
type SettingsEditorConfig struct {
	Store Store
	Log   *slog.Logger
}

// SettingsEditor changes settings for the console and the command line, and records the
// changes in the audit trail. It does not check permissions: its callers do.
type SettingsEditor struct {
	store Store
	audit audit.Trail
}

// NewSettingsEditor returns a SettingsEditor.
func NewSettingsEditor(c SettingsEditorConfig) *SettingsEditor {
	return &SettingsEditor{store: c.Store, audit: audit.NewTrail(c.Store, c.Log)}
}

// Set saves the values that differ from the current ones, and returns their keys. The
// command line passes the zero Caller as the actor.
//
// It returns a *gatehouse.FieldError for each value that breaks a rule or that an
// environment variable fixes, joined. Then it saves nothing.
func (e *SettingsEditor) Set(ctx context.Context, actor gatehouse.Caller, values map[string]string) (changed []string, err error) {
	settings, err := e.store.Settings(ctx)
	if err != nil {
		return nil, fmt.Errorf("console: set: %w", err)
	}
	canonical, err := checkValues(settings, values)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(canonical, func(key, value string) bool { return value == settings.Value(key) })
	if err := e.store.SetSettings(ctx, canonical, actor.User.ID, time.Now()); err != nil {
		return nil, fmt.Errorf("console: set: %w", err)
	}
	for _, d := range gatehouse.SettingDefinitions() {
		value, ok := canonical[d.Key]
		if !ok {
			continue
		}
		changed = append(changed, d.Key)
		e.audit.Record(ctx, gatehouse.AuditEvent{
			ActorID: actor.User.ID, Event: gatehouse.AuditUpdateSetting, TargetID: d.Key,
			Detail: fmt.Sprintf("Changed from “%s” to “%s”.", settings.Value(d.Key), value),
		})
	}
	return changed, nil
}

// Unset deletes the stored value of a setting, so that its default applies. It also works
// if the stored value is not valid any longer, when the gateway cannot read its settings.
// It returns a *gatehouse.FieldError if the setting does not exist or an environment
// variable fixes it.
func (e *SettingsEditor) Unset(ctx context.Context, actor gatehouse.Caller, key string) error {
	before := "a value that is not valid"
	settings, err := e.store.Settings(ctx)
	if err == nil {
		before = fmt.Sprintf("“%s”", settings.Value(key))
	} else if len(gatehouse.FieldErrors(err)) == 0 {
		return fmt.Errorf("console: unset: %w", err)
	}
	switch err := e.store.UnsetSetting(ctx, key); {
	case errors.Is(err, gatehouse.ErrSettingFixed):
		return errFixed(key)
	case err != nil:
		return fmt.Errorf("console: unset: %w", err)
	}
	after, err := e.store.Settings(ctx)
	if err != nil {
		return fmt.Errorf("console: unset: %w", err)
	}
	if value := fmt.Sprintf("“%s”", after.Value(key)); before != value {
		e.audit.Record(ctx, gatehouse.AuditEvent{
			ActorID: actor.User.ID, Event: gatehouse.AuditUpdateSetting, TargetID: key,
			Detail: fmt.Sprintf("Changed from %s to the default %s.", before, value),
		})
	}
	return nil
}

func errFixed(key string) error {
	return &gatehouse.FieldError{Field: key, Message: "An environment variable fixes this setting. Change the variable and restart the gateway."}
}

// checkValues returns the values in canonical form. For a fixed setting it accepts only
// the current value.
func checkValues(settings gatehouse.Settings, values map[string]string) (map[string]string, error) {
	canonical := map[string]string{}
	var problems []error
	for key, typed := range values {
		value, err := canonicalValue(key, typed)
		if err == nil && settings.Fixed(key) && value != settings.Value(key) {
			err = errFixed(key)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		canonical[key] = value
	}
	return canonical, errors.Join(problems...)
}

// canonicalValue returns a typed value as Settings.Value spells it: "24h" and "1440m"
// are the same. Its error is a *gatehouse.FieldError.
func canonicalValue(key, typed string) (string, error) {
	// In a list, line breaks, commas or both may separate the elements.
	var lines []string
	for line := range strings.Lines(typed) {
		if line = strings.Trim(strings.TrimSpace(line), ","); line != "" {
			lines = append(lines, line)
		}
	}
	// Commas alone stay as they are, and are refused below. As an empty allowlist they
	// would accept every redirect URI (C 2.13).
	if len(lines) > 0 || strings.TrimSpace(typed) == "" {
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
