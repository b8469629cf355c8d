package registration

import (
	"gatehouse"
	"gatehouse/internal/web"
)

// Who may do what (C 2.10). An app that calls with an access token holds none of
// these rights, whoever it acts for: else every app could register others in the
// name of a System Admin.

// mayManageApps: register apps, and manage one's own.
func mayManageApps(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageOAuth)
}

// mayManageAll: manage everybody's apps, and those that registered themselves.
func mayManageAll(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystemWideOAuth)
}

// mayManage: manage this app. It comes on top of mayManageApps.
func mayManage(v web.Visit, app gatehouse.App) bool {
	return mayManageAll(v) || app.CreatorID == v.User.ID
}

// mayTrust: set and take away the trusted flag.
func mayTrust(v web.Visit) bool {
	return !v.IsOAuth() && v.Can(gatehouse.PermissionManageSystem)
}
