package gatehouse

import "time"

// Group is a set of users. Apps read its name in the claim groups, and a System Admin can
// open an app to the members of chosen groups only.
type Group struct {
	ID          string
	Name        string // unique, without regard to case
	Description string
	CreateAt    time.Time
	UpdateAt    time.Time
}

// GroupSize describes how much a group is used.
type GroupSize struct {
	Members int64
	Apps    int64 // the number of restricted apps that the group may use
}

// GroupQuery selects the groups of a list. The list is sorted by name, without regard to
// case.
type GroupQuery struct {
	Search string // only groups whose name contains it, in any case; "" for all groups
	UserID string // only groups of this user; "" for all groups
	AppID  string // only groups that may use this restricted app; "" for all groups
	Offset int
	Limit  int
}

// AppAccess says who may use an app.
type AppAccess struct {
	// IsRestricted means that only the members of the groups may use the app. A restricted
	// app without groups is open to no user.
	IsRestricted bool
	GroupIDs     []string
}
