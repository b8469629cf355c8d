package groups

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/audit"
)

// ServiceConfig configures a Service.
type ServiceConfig struct {
	Store Store
	Log   *slog.Logger
}

// Service creates and changes groups, and says which apps are open to them only: it checks
// the rules, writes once and records an audit event. It checks no permissions: its callers
// do. The parameter actor is the caller for the audit trail; the command line passes the
// zero Caller.
type Service struct {
	store Store
	trail audit.Trail
}

// NewService returns a Service.
func NewService(c ServiceConfig) *Service {
	return &Service{store: c.Store, trail: audit.NewTrail(c.Store, c.Log)}
}

// Create creates a group without members. It returns a *gatehouse.FieldError for each rule
// that is broken, joined. If the name is taken, the error is also ErrGroupNameTaken.
func (s *Service) Create(ctx context.Context, actor gatehouse.Caller, name, description string) (gatehouse.Group, error) {
	now := time.Now()
	group := normalize(gatehouse.Group{ID: gatehouse.NewID(), Name: name, Description: description, CreateAt: now, UpdateAt: now})
	if err := check(group); err != nil {
		return gatehouse.Group{}, err
	}
	if err := s.store.CreateGroup(ctx, group); err != nil {
		return gatehouse.Group{}, fmt.Errorf("groups: create: %w", explainTaken(err))
	}
	s.record(ctx, actor, gatehouse.AuditCreateGroup, group.ID, fmt.Sprintf("The group is called %q.", group.Name))
	return group, nil
}

// Update changes the name and the description of a group. Its errors are those of Create,
// and ErrNotFound.
func (s *Service) Update(ctx context.Context, actor gatehouse.Caller, id string, change func(*gatehouse.Group)) (gatehouse.Group, error) {
	var before gatehouse.Group
	group, err := s.store.UpdateGroup(ctx, id, func(g *gatehouse.Group) error {
		before = *g
		change(g)
		*g = normalize(*g)
		g.UpdateAt = time.Now()
		return check(*g)
	})
	if err != nil {
		return gatehouse.Group{}, fmt.Errorf("groups: update: %w", explainTaken(err))
	}
	if before.Name != group.Name {
		s.record(ctx, actor, gatehouse.AuditUpdateGroup, id, fmt.Sprintf("The name changed from %q to %q.", before.Name, group.Name))
	}
	if before.Description != group.Description {
		s.record(ctx, actor, gatehouse.AuditUpdateGroup, id, "The description changed.")
	}
	return group, nil
}

// Delete deletes a group. Apps lose the access to members who may not use them any longer.
// It returns ErrNotFound.
func (s *Service) Delete(ctx context.Context, actor gatehouse.Caller, id string) error {
	group, err := s.store.Group(ctx, id)
	if err == nil {
		err = s.store.DeleteGroup(ctx, id, time.Now())
	}
	if err != nil {
		return fmt.Errorf("groups: delete: %w", err)
	}
	s.record(ctx, actor, gatehouse.AuditDeleteGroup, id, fmt.Sprintf("The group was called %q.", group.Name))
	return nil
}

// AddMember adds a user to a group. It returns ErrConflict if the user is a member already,
// and ErrNotFound if the group or the user does not exist.
func (s *Service) AddMember(ctx context.Context, actor gatehouse.Caller, group gatehouse.Group, user gatehouse.User) error {
	if err := s.store.AddGroupMember(ctx, group.ID, user.ID, time.Now()); err != nil {
		return fmt.Errorf("groups: add member: %w", err)
	}
	s.record(ctx, actor, gatehouse.AuditAddGroupMember, group.ID, fmt.Sprintf("The user %q was added.", user.Username))
	return nil
}

// RemoveMember removes a user from a group. Apps that the user may not use any longer lose
// their access to the user. It returns ErrNotFound if the user is not a member.
func (s *Service) RemoveMember(ctx context.Context, actor gatehouse.Caller, group gatehouse.Group, user gatehouse.User) error {
	if err := s.store.RemoveGroupMember(ctx, group.ID, user.ID, time.Now()); err != nil {
		return fmt.Errorf("groups: remove member: %w", err)
	}
	s.record(ctx, actor, gatehouse.AuditRemoveGroupMember, group.ID, fmt.Sprintf("The user %q was removed.", user.Username))
	return nil
}

// OpenToAll opens an app to all users. It returns ErrNotFound.
func (s *Service) OpenToAll(ctx context.Context, actor gatehouse.Caller, appID string) error {
	return s.setAccess(ctx, actor, appID, gatehouse.AppAccess{}, "All users can use the app.")
}

// OpenToGroups opens an app to the members of groups only. The app loses its access to all
// other users. It returns a *gatehouse.FieldError if the list is empty or one of the groups
// does not exist, and ErrNotFound.
func (s *Service) OpenToGroups(ctx context.Context, actor gatehouse.Caller, appID string, groups []gatehouse.Group) error {
	if len(groups) == 0 {
		return &gatehouse.FieldError{Field: "groups", Message: "Choose at least one group, or open the app to all users."}
	}
	access := gatehouse.AppAccess{IsRestricted: true}
	var names []string
	for _, group := range groups {
		access.GroupIDs, names = append(access.GroupIDs, group.ID), append(names, group.Name)
	}
	err := s.setAccess(ctx, actor, appID, access, "Only members of these groups can use the app: "+strings.Join(names, ", ")+".")
	if errors.Is(err, gatehouse.ErrGroupNotFound) {
		return fmt.Errorf("%w: %w", err, &gatehouse.FieldError{Field: "groups", Message: "One of the groups was deleted in the meantime. Choose the groups again."})
	}
	return err
}

func (s *Service) setAccess(ctx context.Context, actor gatehouse.Caller, appID string, access gatehouse.AppAccess, detail string) error {
	if err := s.store.SetAppAccess(ctx, appID, access, time.Now()); err != nil {
		return fmt.Errorf("groups: set access to an app: %w", err)
	}
	s.record(ctx, actor, gatehouse.AuditUpdateAppAccess, appID, detail)
	return nil
}

func (s *Service) record(ctx context.Context, actor gatehouse.Caller, event, targetID, detail string) {
	s.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actor.User.ID, Event: event, TargetID: targetID, Detail: detail})
}
