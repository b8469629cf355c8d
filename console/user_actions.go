package console

import (
	"context"
	"errors"
	"net/http"

	"gatehouse"
	"gatehouse/internal/web"
	"gatehouse/templates"
)

// userAction is a change of a user that the console confirms first.
type userAction struct {
	path       string // below the user's page
	kind       templates.ConfirmKind
	selfReason string // why System Admins can't do it to themselves; "" if they can
	do         func(ctx context.Context, actor gatehouse.Caller, userID string) error
	notice     string // shown afterwards
}

func (h *Handler) confirmedActions() []userAction {
	return []userAction{
		{
			path: "deactivate", kind: templates.ConfirmDeactivateUser, notice: "deactivated",
			selfReason: "You can't deactivate your own account. Ask another System Admin to do it.",
			do: func(ctx context.Context, actor gatehouse.Caller, userID string) error {
				return h.users.SetActive(ctx, actor, userID, false)
			},
		},
		{
			path: "promote", kind: templates.ConfirmPromoteUser, notice: "promoted",
			do: func(ctx context.Context, actor gatehouse.Caller, userID string) error {
				return h.users.SetSystemAdmin(ctx, actor, userID, true)
			},
		},
		{
			path: "demote", kind: templates.ConfirmDemoteUser, notice: "demoted",
			selfReason: "You can't remove your own System Admin role. Ask another System Admin to do it.",
			do: func(ctx context.Context, actor gatehouse.Caller, userID string) error {
				return h.users.SetSystemAdmin(ctx, actor, userID, false)
			},
		},
	}
}

// confirm is GET /console/users/{user_id}/{action}.
func (h *Handler) confirm(a userAction) userFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
		if user.ID == v.User.ID && a.selfReason != "" {
			return forbidden(a.selfReason)
		}
		return h.pages.Renderer.Render(w, v.Kept.StatusCode(), v.Frame(), templates.ConfirmPage{
			Kind: a.kind, Name: user.DisplayName(), Action: h.userURL(user) + "/" + a.path, CancelURL: h.userURL(user),
		})
	}
}

// carryOut is POST /console/users/{user_id}/{action}.
func (h *Handler) carryOut(a userAction) userFunc {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit, user gatehouse.User) error {
		if user.ID == v.User.ID && a.selfReason != "" {
			return forbidden(a.selfReason)
		}
		err := a.do(r.Context(), v.Caller, user.ID)
		if errors.Is(err, gatehouse.ErrLastSystemAdmin) {
			return &web.Error{
				Status: http.StatusConflict, ID: "api.user.update_active.last_system_admin.app_error",
				Message: "This user is the last active System Admin. Make another user a System Admin first.",
			}
		}
		if err != nil {
			return err
		}
		return h.redirect(w, r, "/console/users/"+user.ID, a.notice)
	}
}
