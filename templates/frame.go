package templates

import "gatehouse"

// FrameFor is the frame of a page that a signed-in person looks at. It is the one
// place that says which entries their menu has: the apps while the provider is on
// and they hold manage_oauth (C 4.1), the console for manage_system (C 2.10).
// A hidden entry protects nothing: each page checks for itself.
func FrameFor(user gatehouse.User, settings gatehouse.Settings) Frame {
	return Frame{
		User:             &user,
		ShowIntegrations: settings.EnableOAuthServiceProvider && user.Can(gatehouse.PermissionManageOAuth, settings),
		ShowConsole:      user.Can(gatehouse.PermissionManageSystem, settings),
	}
}
