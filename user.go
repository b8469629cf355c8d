package gatehouse

import (
	"slices"
	"strings"
	"time"
)

// The roles of a person, as the contract spells them.
const (
	RoleSystemUser  = "system_user"
	RoleSystemAdmin = "system_admin"
)

// User is a person who signs in.
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
	PasswordHash       string // argon2id in PHC form; never leaves package account and storage
	CreateAt           time.Time
	UpdateAt           time.Time
	DeleteAt           time.Time // zero while the user is active, else when they were deactivated
	LastPasswordUpdate time.Time
}

// Active reports whether the user may sign in and whether what they granted lives.
func (u User) Active() bool { return u.DeleteAt.IsZero() }

// IsSystemAdmin reports whether the user holds the role system_admin.
func (u User) IsSystemAdmin() bool { return slices.Contains(u.Roles, RoleSystemAdmin) }

// DisplayName is how pages address the user: their full name if they gave one, else the username.
func (u User) DisplayName() string {
	if name := strings.TrimSpace(u.FirstName + " " + u.LastName); name != "" {
		return name
	}
	return u.Username
}

// Permission is a right held through roles (C 2.10).
type Permission string

// The permissions of the applications feature.
const (
	// PermissionManageOAuth: register apps and manage one's own.
	PermissionManageOAuth Permission = "manage_oauth"
	// PermissionManageSystemWideOAuth: manage everybody's apps.
	PermissionManageSystemWideOAuth Permission = "manage_system_wide_oauth"
	// PermissionManageSystem: set the trusted flag, change settings, manage users.
	PermissionManageSystem Permission = "manage_system"
	// PermissionEditOtherUsers: act on other people's accounts.
	PermissionEditOtherUsers Permission = "edit_other_users"
)

// Can reports whether the user holds p. System Admins hold every permission;
// everybody else holds manage_oauth if the admins gave it to all users (C 2.10).
func (u User) Can(p Permission, s Settings) bool {
	if !u.Active() {
		return false
	}
	return u.IsSystemAdmin() || (p == PermissionManageOAuth && s.EnableUserAppRegistration)
}
