package storagetest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse"
	"gatehouse/storage"
)

// The cases of this file fail when a field is added to a type of package gatehouse and
// storage forgets it. They fill every field by reflection, store the value, and read it
// with every method of the store that returns it.

func roundTripCases() map[string]func(*testing.T, *database) {
	return map[string]func(*testing.T, *database){
		"every field of a user is stored":           userFieldsStored,
		"every field of an app is stored":           appFieldsStored,
		"every field of a group is stored":          groupFieldsStored,
		"every field of a session is stored":        sessionFieldsStored,
		"every field of a consent is stored":        consentFieldsStored,
		"every field of a grant is stored":          grantFieldsStored,
		"every field of an audit event is stored":   auditFieldsStored,
		"every field of a signing key is stored":    signingKeyFieldsStored,
		"every setting is stored":                   settingsStored,
		"every method that reads a value is tested": everyReadMethodIsTested,
	}
}

// readMethods returns the methods of the store that return a value of a type. The cases
// below call each of them.
func readMethods() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[gatehouse.User]():       {"User", "UsersByID", "UserByLogin", "SearchUsers", "SessionByTokenHash", "Grant", "UpdateUser", "GroupMembers"},
		reflect.TypeFor[gatehouse.App]():        {"App", "Apps", "UpdateApp", "UpdateAppAndConsents", "UserConsents", "DeleteUser"},
		reflect.TypeFor[gatehouse.Group]():      {"Group", "GroupByName", "Groups", "UpdateGroup"},
		reflect.TypeFor[gatehouse.Session]():    {"SessionByTokenHash", "UserSessions"},
		reflect.TypeFor[gatehouse.Consent]():    {"Consent", "RecordConsent", "UserConsents"},
		reflect.TypeFor[gatehouse.Grant]():      {"Grant"},
		reflect.TypeFor[gatehouse.AuditEvent](): {"AuditEvents"},
		reflect.TypeFor[gatehouse.SigningKey](): {"SigningKeys"},
		reflect.TypeFor[gatehouse.Settings]():   {"Settings"},
	}
}

// exceptions are fields that a read does not return as they were stored, with the reason.
type exceptions map[string]string

func userFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	user := filled[gatehouse.User](t)
	require.NoError(t, store.CreateUser(ctx, user))
	got, err := store.User(ctx, user.ID)
	requireSameFields(t, "User", user, got, err, nil)
	got, err = store.UserByLogin(ctx, user.Username)
	requireSameFields(t, "UserByLogin", user, got, err, nil)
	got, err = store.UserByLogin(ctx, user.Email)
	requireSameFields(t, "UserByLogin", user, got, err, nil)
	found, err := store.UsersByID(ctx, []string{user.ID})
	require.Len(t, found, 1)
	requireSameFields(t, "UsersByID", user, found[0], err, nil)
	found, err = store.SearchUsers(ctx, user.Username, 0, 10)
	require.Len(t, found, 1)
	requireSameFields(t, "SearchUsers", user, found[0], err, nil)

	changed := filled[gatehouse.User](t)
	got, err = store.UpdateUser(ctx, user.ID, func(u *gatehouse.User) error { *u = changed; return nil })
	notByUpdate := exceptions{
		"ID": "it never changes", "CreateAt": "it never changes", "Roles": "see SetSystemAdmin", "DeleteAt": "see DeactivateUser",
		"PasswordHash": "see SetPassword", "LastPasswordUpdate": "see SetPassword",
	}
	requireSameFields(t, "UpdateUser", changed, got, err, notByUpdate)
	got, err = d.node().User(ctx, user.ID)
	requireSameFields(t, "User after UpdateUser", changed, got, err, notByUpdate)

	activeOnly := exceptions{"DeleteAt": "a deactivated user has no sessions and no grants"}
	active := filled[gatehouse.User](t)
	active.DeleteAt = time.Time{}
	require.NoError(t, store.CreateUser(ctx, active))
	session := NewSession(active.ID, start)
	require.NoError(t, store.CreateSession(ctx, session))
	_, got, err = store.SessionByTokenHash(ctx, session.TokenHash)
	requireSameFields(t, "SessionByTokenHash", active, got, err, activeOnly)

	pair := Pair{User: active, App: NewApp()}
	require.NoError(t, store.CreateApp(ctx, pair.App))
	pair.Consent, err = store.RecordConsent(ctx, active.ID, pair.App.ID, []string{"user"}, nil, start)
	require.NoError(t, err)
	grant := pair.NewGrant(start)
	require.NoError(t, store.CreateGrant(ctx, grant))
	_, got, err = store.Grant(ctx, grant.ID)
	requireSameFields(t, "Grant", active, got, err, activeOnly)

	members, err := store.GroupMembers(ctx, NewGroup(t, store, user).ID, 0, 10)
	require.Len(t, members, 1)
	requireSameFields(t, "GroupMembers", changed, members[0], err, notByUpdate)
}

func appFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	app := filled[gatehouse.App](t)
	require.NoError(t, store.CreateApp(ctx, app))
	for _, source := range []string{"database", "cache"} {
		got, err := store.App(ctx, app.ID)
		requireSameFields(t, "App from the "+source, app, got, err, nil)
	}
	list, err := store.Apps(ctx, gatehouse.AppQuery{Limit: 10})
	require.Len(t, list, 1)
	requireSameFields(t, "Apps", app, list[0], err, nil)

	user := NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	group := NewGroup(t, store, user)
	require.NoError(t, store.SetAppAccess(ctx, app.ID, gatehouse.AppAccess{IsRestricted: true, GroupIDs: []string{group.ID}}, app.UpdateAt))
	_, err = store.RecordConsent(ctx, user.ID, app.ID, nil, nil, start)
	require.NoError(t, err)
	consented, err := store.UserConsents(ctx, user.ID, 0, 10)
	require.Len(t, consented, 1)
	requireSameFields(t, "UserConsents", app, consented[0].App, err, nil)

	creator := NewUser()
	require.NoError(t, store.CreateUser(ctx, creator))
	owned := filled[gatehouse.App](t)
	owned.CreatorID = creator.ID
	require.NoError(t, store.CreateApp(ctx, owned))
	list, err = store.DeleteUser(ctx, creator.ID, gatehouse.AppsOfDeletedUser{}, start)
	require.Len(t, list, 1)
	requireSameFields(t, "DeleteUser", owned, list[0], err, nil)

	neverChanges := exceptions{"ID": "it never changes", "CreateAt": "it never changes", "IsPublic": "the type never changes (A2 in docs/requirements.md)", "IsRestricted": "see SetAppAccess"}
	empty := gatehouse.App{ID: gatehouse.NewID()}
	require.NoError(t, store.CreateApp(ctx, empty))
	changed := filled[gatehouse.App](t)
	got, err := store.UpdateApp(ctx, empty.ID, func(a *gatehouse.App) error { *a = changed; return nil })
	requireSameFields(t, "UpdateApp", changed, got, err, neverChanges)
	got, err = store.UpdateAppAndConsents(ctx, empty.ID, func(*gatehouse.App) (bool, error) { return true, nil })
	requireSameFields(t, "UpdateAppAndConsents", changed, got, err, neverChanges)
	got, err = d.node().App(ctx, empty.ID)
	requireSameFields(t, "App after UpdateApp", changed, got, err, neverChanges)
}

func groupFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	group := filled[gatehouse.Group](t)
	require.NoError(t, store.CreateGroup(ctx, group))
	got, err := store.Group(ctx, group.ID)
	requireSameFields(t, "Group", group, got, err, nil)
	got, err = store.GroupByName(ctx, group.Name)
	requireSameFields(t, "GroupByName", group, got, err, nil)
	list, err := store.Groups(ctx, gatehouse.GroupQuery{Limit: 10})
	require.Len(t, list, 1)
	requireSameFields(t, "Groups", group, list[0], err, nil)

	changed := filled[gatehouse.Group](t)
	neverChanges := exceptions{"ID": "it never changes", "CreateAt": "it never changes"}
	got, err = store.UpdateGroup(ctx, group.ID, func(g *gatehouse.Group) error { *g = changed; return nil })
	requireSameFields(t, "UpdateGroup", changed, got, err, neverChanges)
	got, err = d.node().Group(ctx, group.ID)
	requireSameFields(t, "Group after UpdateGroup", changed, got, err, neverChanges)
}

func sessionFieldsStored(t *testing.T, d *database) {
	ctx, store, user := context.Background(), d.node(), NewUser()
	require.NoError(t, store.CreateUser(ctx, user))
	session := filled[gatehouse.Session](t)
	session.UserID = user.ID
	require.NoError(t, store.CreateSession(ctx, session))
	got, _, err := store.SessionByTokenHash(ctx, session.TokenHash)
	requireSameFields(t, "SessionByTokenHash", session, got, err, nil)
	list, err := store.UserSessions(ctx, user.ID)
	require.Len(t, list, 1)
	requireSameFields(t, "UserSessions", session, list[0], err, nil)
}

// RecordConsent takes the fields as parameters and creates the id. So a field that
// storage forgets is empty in its result.
func consentFieldsStored(t *testing.T, d *database) {
	ctx, store, user, app := context.Background(), d.node(), NewUser(), NewApp()
	require.NoError(t, store.CreateUser(ctx, user))
	require.NoError(t, store.CreateApp(ctx, app))
	consent, err := store.RecordConsent(ctx, user.ID, app.ID, []string{"one", "two"}, []string{"https://one.example", "urn:two"}, start)
	require.NoError(t, err)
	consent.LastUsedAt = start.Add(gatehouse.ConsentTouchInterval)
	require.NoError(t, store.TouchConsent(ctx, consent.ID, consent.LastUsedAt))
	again, err := store.RecordConsent(ctx, user.ID, app.ID, nil, nil, start)
	requireSameFields(t, "RecordConsent", consent, again, err, nil)
	got, err := store.Consent(ctx, user.ID, app.ID)
	requireSameFields(t, "Consent", consent, got, err, nil)
	list, err := store.UserConsents(ctx, user.ID, 0, 10)
	require.Len(t, list, 1)
	requireSameFields(t, "UserConsents", consent, list[0].Consent, err, nil)
}

func grantFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	pair := NewPair(t, store)
	grant := filled[gatehouse.Grant](t)
	grant.ConsentID, grant.UserID, grant.AppID = pair.Consent.ID, pair.User.ID, pair.App.ID
	require.NoError(t, store.CreateGrant(ctx, grant))
	got, _, err := store.Grant(ctx, grant.ID)
	requireSameFields(t, "Grant", grant, got, err, exceptions{
		"PreviousRotatedAt": "only RotateGrant stores it: rotationMovesOn",
		"UsedGeneration":    "only MarkGrantUsed stores it: generationIsMarkedUsed",
		"GraceGeneration":   "only MarkGrace stores it: graceIsMarkedOnce",
	})
}

func auditFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	event := filled[gatehouse.AuditEvent](t)
	require.NoError(t, store.RecordAuditEvent(ctx, event))
	list, err := store.AuditEvents(ctx, "", 10)
	require.Len(t, list, 1)
	requireSameFields(t, "AuditEvents", event, list[0], err, nil)
}

func signingKeyFieldsStored(t *testing.T, d *database) {
	ctx, store := context.Background(), d.node()
	key := filled[gatehouse.SigningKey](t)
	require.NoError(t, store.ChangeSigningKeys(ctx, []gatehouse.SigningKey{key}, nil, nil))
	list, err := store.SigningKeys(ctx)
	require.Len(t, list, 1)
	requireSameFields(t, "SigningKeys", key, list[0], err, nil)

	after := filled[gatehouse.SigningKey](t)
	require.NoError(t, store.ChangeSigningKeys(ctx, nil, []gatehouse.SigningKeyChange{{Before: key, After: after}}, nil))
	list, err = store.SigningKeys(ctx)
	require.Len(t, list, 1)
	requireSameFields(t, "SigningKeys after a change", after, list[0], err, exceptions{
		"ID": "it never changes", "Algorithm": "it never changes", "Number": "it never changes",
		"PublicKey": "it never changes", "CreateAt": "it never changes",
	})
}

// Each setting gets a value that is not its default. Then every field of Settings must
// differ from the default too.
func settingsStored(t *testing.T, d *database) {
	ctx, values := context.Background(), map[string]string{}
	for n, definition := range gatehouse.SettingDefinitions() {
		for _, candidate := range []string{"true", "false", fmt.Sprintf("%dh0m0s", n+100), "https://app.example.com/*", gatehouse.AlgorithmES256, gatehouse.NewID(), "10.0.0.0/8"} {
			if candidate != definition.Default && gatehouse.CheckSetting(definition.Key, candidate) == nil {
				values[definition.Key] = candidate
				break
			}
		}
		require.NotEmpty(t, values[definition.Key], "add a candidate that setting %s accepts", definition.Key)
	}
	require.NoError(t, d.node().SetSettings(ctx, values, gatehouse.NewID(), start))
	defaults, err := gatehouse.ParseSettings(nil, nil)
	require.NoError(t, err)
	got, err := d.node().Settings(ctx)
	require.NoError(t, err)
	for key, value := range values {
		require.Equal(t, value, got.Value(key), key)
	}
	for _, field := range exportedFields(reflect.TypeFor[gatehouse.Settings]()) {
		require.NotEqual(t, valueOf(defaults, field), valueOf(got, field), "no setting changes Settings.%s", field)
	}
}

func everyReadMethodIsTested(t *testing.T, _ *database) {
	store := reflect.TypeFor[*storage.Store]()
	for value, want := range readMethods() {
		var got []string
		for i := range store.NumMethod() {
			method := store.Method(i)
			for n := range method.Type.NumOut() {
				if returns(method.Type.Out(n), value) {
					got = append(got, method.Name)
				}
			}
		}
		require.ElementsMatch(t, want, got, "read %s with these methods in a case of this file, and list them in readMethods", value)
	}
}

// returns reports whether a type is value, or a list or struct with a value in it.
func returns(result, value reflect.Type) bool {
	if result == value {
		return true
	}
	switch result.Kind() { //nolint:exhaustive // the other kinds hold no other type
	case reflect.Slice, reflect.Map:
		return returns(result.Elem(), value)
	case reflect.Struct:
		for i := range result.NumField() {
			if result.Field(i).IsExported() && returns(result.Field(i).Type, value) {
				return true
			}
		}
	}
	return false
}

func exportedFields(typ reflect.Type) []string {
	var names []string
	for i := range typ.NumField() {
		if typ.Field(i).IsExported() {
			names = append(names, typ.Field(i).Name)
		}
	}
	return names
}

func valueOf(v any, field string) any { return reflect.ValueOf(v).FieldByName(field).Interface() }

// filled returns a struct in which each exported field has a distinct value that is not
// its zero value.
func filled[T any](t *testing.T) T {
	t.Helper()
	var v T
	unique := strings.ToLower(gatehouse.NewID())
	for n, name := range exportedFields(reflect.TypeFor[T]()) {
		field := reflect.ValueOf(&v).Elem().FieldByName(name)
		text := fmt.Sprintf("%s-%s", strings.ToLower(name), unique) // usernames and emails are stored in lower case
		switch field.Interface().(type) {
		case string:
			field.SetString(text)
		case []string:
			field.Set(reflect.ValueOf([]string{text, text + "-2"}))
		case bool:
			field.SetBool(true)
		case int64:
			field.SetInt(int64(n + 1))
		case time.Duration:
			field.SetInt(int64(time.Duration(n+1) * time.Second))
		case time.Time:
			field.Set(reflect.ValueOf(start.Add(time.Duration(n+1) * time.Minute)))
		case gatehouse.AppOpenID:
			field.Set(reflect.ValueOf(filled[gatehouse.AppOpenID](t)))
		default:
			require.Fail(t, "add a value for this type of field", "%s %s", name, field.Type())
		}
	}
	return v
}

// requireSameFields checks that a read returned every field as it was stored, except
// those with a reason.
func requireSameFields(t *testing.T, read string, want, got any, err error, except exceptions) {
	t.Helper()
	require.NoError(t, err, read)
	fields := exportedFields(reflect.TypeOf(want))
	for field := range except {
		require.Contains(t, fields, field, "an exception for a field that does not exist")
	}
	for _, field := range fields {
		if _, ok := except[field]; ok {
			continue
		}
		require.NotZero(t, valueOf(want, field), "the test stores no value for %T.%s", want, field)
		require.Equal(t, valueOf(want, field), valueOf(got, field), "%s does not return %T.%s as it was stored", read, want, field)
	}
}
