package groups

import (
	"context"
	"time"

	"gatehouse"
)

// Store is what package groups needs of the storage; *storage.Store implements it. Each
// method returns gatehouse.ErrUnavailable if the database can't be reached.
type Store interface {
	// CreateGroup returns ErrGroupNameTaken.
	CreateGroup(ctx context.Context, g gatehouse.Group) error
	// Group returns ErrNotFound if the group does not exist.
	Group(ctx context.Context, id string) (gatehouse.Group, error)
	// Groups lists groups by name.
	Groups(ctx context.Context, q gatehouse.GroupQuery) ([]gatehouse.Group, error)
	// GroupSizes returns how much each of the groups is used.
	GroupSizes(ctx context.Context, groupIDs []string) (map[string]gatehouse.GroupSize, error)
	// GroupMembers lists the members of a group by username.
	GroupMembers(ctx context.Context, groupID string, offset, limit int) ([]gatehouse.User, error)
	// UpdateGroup calls change on the stored group and stores the result. It returns
	// ErrNotFound, ErrGroupNameTaken, or the error of change unwrapped.
	UpdateGroup(ctx context.Context, id string, change func(*gatehouse.Group) error) (gatehouse.Group, error)
	// DeleteGroup ends what apps got from members who may not use them any longer. It
	// returns ErrNotFound.
	DeleteGroup(ctx context.Context, id string, now time.Time) error
	// AddGroupMember returns ErrConflict if the user is a member already, and ErrNotFound if
	// the group or the user does not exist.
	AddGroupMember(ctx context.Context, groupID, userID string, now time.Time) error
	// RemoveGroupMember ends what apps got from the user that the user may not use any
	// longer. It returns ErrNotFound if the user is not a member.
	RemoveGroupMember(ctx context.Context, groupID, userID string, now time.Time) error
	// SetAppAccess ends what the app got from users who lose access. It returns ErrNotFound,
	// and ErrGroupNotFound if one of the groups does not exist.
	SetAppAccess(ctx context.Context, appID string, access gatehouse.AppAccess, now time.Time) error
	// Apps lists apps by name.
	Apps(ctx context.Context, q gatehouse.AppQuery) ([]gatehouse.App, error)
	// User returns ErrNotFound if the user does not exist.
	User(ctx context.Context, id string) (gatehouse.User, error)
	// UserByLogin returns the user with this username or email. It returns ErrNotFound.
	UserByLogin(ctx context.Context, loginID string) (gatehouse.User, error)
	// RecordAuditEvent adds an event to the audit trail. It returns ErrRateLimited if one
	// of the limits has no attempt left.
	RecordAuditEvent(ctx context.Context, e gatehouse.AuditEvent, limits ...gatehouse.RateLimit) error
}
