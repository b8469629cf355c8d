package registration

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// The fields of the form of an app that say who can use it. Only System Admins see them.
const (
	fieldAccess = "access" // accessAll or accessGroups
	fieldGroups = "groups" // the id of a group, once for each group
	// fieldAccessVersion is the hidden field with the version of the access that the form
	// replaces.
	fieldAccessVersion = "access_version"

	accessAll    = "all"
	accessGroups = "groups"
)

// maxGroups is the largest number of groups that the form offers, besides those of the app.
const maxGroups = 1000

// accessChange is a change of who can use an app.
type accessChange struct {
	restrict bool
	groups   []gatehouse.Group // that can use the app if restrict is true
}

// groupsOfApp lists the groups that can use a restricted app.
func (h *Handler) groupsOfApp(ctx context.Context, appID string) ([]gatehouse.Group, error) {
	return h.store.Groups(ctx, gatehouse.GroupQuery{AppID: appID, Limit: maxGroups})
}

// groupChoices lists the groups that the form offers. Those of the app are always among them:
// otherwise saving the form would remove them.
func (h *Handler) groupChoices(ctx context.Context, app gatehouse.App) ([]gatehouse.Group, error) {
	choices, err := h.store.Groups(ctx, gatehouse.GroupQuery{Limit: maxGroups})
	if err != nil {
		return nil, err
	}
	chosen, err := h.groupsOfApp(ctx, app.ID)
	for _, group := range chosen {
		if !slices.ContainsFunc(choices, func(g gatehouse.Group) bool { return g.ID == group.ID }) {
			choices = append(choices, group)
		}
	}
	return choices, err
}

// storedAccess returns who can use an app, as the form shows it.
func (h *Handler) storedAccess(ctx context.Context, app gatehouse.App) (templates.AppAccessForm, error) {
	form := templates.AppAccessForm{IsRestricted: app.IsRestricted}
	groups, err := h.groupsOfApp(ctx, app.ID)
	for _, group := range groups {
		form.GroupIDs = append(form.GroupIDs, group.ID)
	}
	return form, err
}

// showAccess adds to the form who can use the app, as it is stored or as the user typed it.
func (h *Handler) showAccess(ctx context.Context, page *templates.AppFormPage, app gatehouse.App, kept url.Values) error {
	if !page.ShowAccess {
		return nil
	}
	stored, err := h.storedAccess(ctx, app)
	if err != nil {
		return err
	}
	if page.Groups, err = h.groupChoices(ctx, app); err != nil {
		return err
	}
	version := accessVersionOf(stored)
	page.Form.Access = stored
	if kept.Has(fieldAccess) {
		page.Form.Access, version = accessForm(kept), kept.Get(fieldAccessVersion)
	}
	page.Fields = append(page.Fields, templates.Field{Name: fieldAccessVersion, Value: version})
	return nil
}

// typedAccess returns the change of who can use the app; nil if the form does not change it.
// Only a change that the user made counts: a form that was opened before another System Admin
// restricted the app must not open it again.
func (h *Handler) typedAccess(ctx context.Context, v web.Visit, app gatehouse.App, form url.Values) (*accessChange, error) {
	if !form.Has(fieldAccess) {
		return nil, nil
	}
	if !maySetAccess(v) {
		return nil, errNoAccessChange()
	}
	typed := accessForm(form)
	if accessVersionOf(typed) == form.Get(fieldAccessVersion) {
		return nil, nil
	}
	stored, err := h.storedAccess(ctx, app)
	switch {
	case err != nil:
		return nil, err
	case accessVersionOf(typed) == accessVersionOf(stored):
		return nil, nil
	case !isCurrent(form.Get(fieldAccessVersion), accessVersionOf(stored)):
		return nil, &web.FormError{
			Status: http.StatusConflict, Values: map[string]string{fieldAccessVersion: accessVersionOf(stored)},
			Errors: map[string]string{fieldAccess: "Another System Admin changed who can use the app while you were editing it, so nothing was saved. Open the page of the app to see the change. Press “Save changes” again to overwrite it."},
		}
	case !typed.IsRestricted:
		return &accessChange{}, nil
	case len(typed.GroupIDs) == 0:
		return nil, &web.FormError{Status: http.StatusBadRequest, Errors: map[string]string{fieldGroups: "Choose at least one group, or open the app to all users."}}
	}
	choices, err := h.groupChoices(ctx, app)
	if err != nil {
		return nil, err
	}
	change := &accessChange{restrict: true}
	for _, group := range choices {
		if typed.Has(group.ID) {
			change.groups = append(change.groups, group)
		}
	}
	return change, nil
}

// changeAccess changes who can use an app that was just changed.
func (h *Handler) changeAccess(ctx context.Context, v web.Visit, app gatehouse.App, change *accessChange) error {
	if change == nil {
		return nil
	}
	var err error
	if change.restrict {
		err = h.access.OpenToGroups(ctx, v.Caller, app.ID, change.groups)
	} else {
		err = h.access.OpenToAll(ctx, v.Caller, app.ID)
	}
	problems := web.FieldErrors(err)
	switch {
	case len(problems) > 0: // The other fields are saved.
		return &web.FormError{Status: http.StatusBadRequest, Values: map[string]string{fieldVersion: versionOf(app)}, Errors: problems}
	case errors.Is(err, gatehouse.ErrNotFound):
		return errNoApp(err)
	}
	return err
}

// accessForm returns the fields as the user sent them, each group once.
func accessForm(values url.Values) templates.AppAccessForm {
	return templates.AppAccessForm{
		IsRestricted: values.Get(fieldAccess) == accessGroups,
		GroupIDs:     slices.Compact(slices.Sorted(slices.Values(values[fieldGroups]))),
	}
}

// accessVersionOf returns a hash of who can use an app. Groups count only if they are chosen.
func accessVersionOf(form templates.AppAccessForm) string {
	if !form.IsRestricted {
		return accessAll
	}
	return gatehouse.DeriveID("access: " + strings.Join(slices.Sorted(slices.Values(form.GroupIDs)), " "))
}
