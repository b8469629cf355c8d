package templates

import "gatehouse"

// GroupsPage lists the groups. It links to /console/groups/add and /console/groups/{id}, and
// searches by GET /console/groups?search=…&page=…
type GroupsPage struct {
	Search  string // the search term, or ""
	Groups  []GroupItem
	Page    int  // from 1
	HasMore bool // there is a next page
}

// GroupItem is one group of the list.
type GroupItem struct {
	Group gatehouse.Group
	Size  gatehouse.GroupSize
}

// GroupFormPage creates a group (ID is empty) or edits a group. It posts name and
// description to /console/groups/add or /console/groups/{id}/edit.
type GroupFormPage struct {
	ID                string // of the edited group; "" for a new group
	CurrentName       string // of the edited group
	Name, Description string // the values that were typed
	// Errors are sentences by the name of the field. The key "" is for the whole form.
	Errors map[string]string
}

// GroupPage shows a group with its members. It posts login, a username or an email, to
// /console/groups/{id}/members, which adds the user. It links to /edit and /delete, and to
// /members/{user_id}/remove.
type GroupPage struct {
	Group   gatehouse.Group
	Size    gatehouse.GroupSize
	Apps    []gatehouse.App  // restricted apps that the members can use; at most 200
	Members []gatehouse.User // of this page
	Page    int              // from 1
	HasMore bool             // there is a next page
	Login   string           // the value that was typed
	// Errors are sentences by the name of the field.
	Errors map[string]string
}

func (GroupsPage) template() string    { return "groups" }
func (GroupFormPage) template() string { return "group_form" }
func (GroupPage) template() string     { return "group" }
