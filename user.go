package gatehouse

import (
	"slices"
	"strings"
	"time"
)

// The roles of a user, as the contract spells them.
const (
	RoleSystemUser  = "system_user"
	RoleSystemAdmin = "system_admin"
)

// User is an account of Gatehouse.
type User struct {
	ID                 string
	Username           string // lower case, unique
	Email              string // lower case, unique
	EmailVerified      bool
	Nickname           string
	FirstName          string
	LastName           string
	Position           string
	Locale             string // "en"
	Roles              []string
	PasswordHash       string // argon2id in PHC format; only packages account and storage see it
	CreateAt           time.Time
	UpdateAt           time.Time
	DeleteAt           time.Time // when the user was deactivated; zero for an active user
	LastPasswordUpdate time.Time
}

// Active reports whether the user is not deactivated. A deactivated user can't sign in,
// and tokens of the user's grants do not work.
func (u User) Active() bool { return u.DeleteAt.IsZero() }

// IsSystemAdmin reports whether the user holds the role system_admin.
func (u User) IsSystemAdmin() bool { return slices.Contains(u.Roles, RoleSystemAdmin) }

// DisplayName returns the name that pages show: the full name if the user has one,
// otherwise the username.
func (u User) DisplayName() string {
	if name := strings.TrimSpace(u.FirstName + " " + u.LastName); name != "" {
		return name
	}
	return u.Username
}

// AppsOfDeletedUser says what becomes of the apps that a deleted user registered. The zero
// value keeps them without a creator: only System Admins can manage them then.
type AppsOfDeletedUser struct {
	Delete       bool   // delete the apps too, with the tokens of all their users
	NewCreatorID string // the user who manages the apps from now on; "" for none
}

// Permission is a right that a user holds through roles (C 2.10).
type Permission string

// The permissions that Gatehouse checks.
const (
	// PermissionManageOAuth allows a user to register apps and to manage their own apps.
	PermissionManageOAuth Permission = "manage_oauth"
	// PermissionManageSystemWideOAuth allows a user to manage all apps.
	PermissionManageSystemWideOAuth Permission = "manage_system_wide_oauth"
	// PermissionManageSystem allows a user to mark apps as trusted, to change settings and
	// to manage users.
	PermissionManageSystem Permission = "manage_system"
	// PermissionEditOtherUsers allows a user to act on the accounts of other users.
	PermissionEditOtherUsers Permission = "edit_other_users"
)

// Can reports whether the user holds p. A System Admin holds every permission. Other
// users hold manage_oauth if a setting gives it to all users (C 2.10). A deactivated
// user holds no permission.
func (u User) Can(p Permission, s Settings) bool {
	if !u.Active() {
		return false
	}
	return u.IsSystemAdmin() || (p == PermissionManageOAuth && s.EnableUserAppRegistration)
}
