package account

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"gatehouse"
	"gatehouse/internal/web"
)

// signOutElsewhere is POST /settings/security/sign-out-elsewhere.
func (h *SecurityHandler) signOutElsewhere(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if _, err := h.Service.EndOtherSessions(r.Context(), v.Caller, deviceOf(r)); err != nil {
		return err
	}
	return h.done(w, r, "elsewhere")
}

// signOutSession is POST /settings/security/sessions/{session_id}/sign-out. What
// is no session of this person's has ended, as far as they can tell.
func (h *SecurityHandler) signOutSession(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	sessions, err := h.sessions(r.Context(), v)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.Session.ID == mux.Vars(r)["session_id"] {
			if err := h.Service.EndOwnSession(r.Context(), v.Caller, s.Session, deviceOf(r)); err != nil {
				return err
			}
			return h.done(w, r, "session")
		}
	}
	return h.done(w, r, "session-gone")
}

// EndOwnSession signs the caller out in one place, which they chose from their own
// sessions. What apps were granted stays.
func (s *Service) EndOwnSession(ctx context.Context, who gatehouse.Caller, session gatehouse.Session, from Device) error {
	if err := s.store.DeleteSession(ctx, session.ID); err != nil {
		return fmt.Errorf("account: end own session: %w", err)
	}
	s.audit.Record(ctx, gatehouse.AuditEvent{ActorID: who.User.ID, Event: gatehouse.AuditRevokeSessions, TargetID: who.User.ID, Detail: "One session.", IP: from.IP})
	return nil
}
