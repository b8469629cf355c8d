// Package egress sends requests to addresses that apps have registered. Such an address
// must not make the gateway reach the operator's own network (server-side request forgery).
//
//	Client.PostForm ──▶ resolve the host ──▶ check each address ──▶ dial that same address ──▶ status
//
// The check stands between resolving and dialing, so a name that resolves differently the
// second time changes nothing (DNS rebinding). Private, loopback, link-local and other
// special addresses are refused, unless the operator allows their network. A client follows
// no redirect, uses no proxy, and has limits of time and size.
//
// The package does not know what it sends, or why.
package egress
