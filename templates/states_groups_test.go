package templates_test

import "fmt"

const adminsPath = "/console/groups/rdnby967h543azsiwu1toxqpcm"

func groupStates() map[string][]check {
	tabs := see(".tabs a@href", "/console", "/console/users", "/console/groups", "/console/keys", "/console/audit")
	var teams []string
	for i := range 300 {
		teams = append(teams, fmt.Sprintf("Team %03d", i+1))
	}
	return map[string][]check{
		"groups-none": {
			see("h1", "Groups"), tabs, see(".tabs [aria-current]", "Groups"),
			see(".empty", "There are no groups yet. All users can use all apps."),
			see(".head a@href", "/console/groups/add"),
			absent(".row, .search, .pager"),
		},
		"groups-many": {
			see(".row h2", teams...),
			see(".row:nth-of-type(3) .row-facts dt", "Members", "Apps for chosen groups"),
			see(".row:nth-of-type(3) .row-facts dd", "68", "2"),
			see(".search@action", "/console/groups"),
			see(".pager a@href", "/console/groups?page=1", "/console/groups?page=3"),
		},
		"groups-search": {
			see("#search@value", "a & b"), see(".search a@href", "/console/groups"),
			see(".row h2 a", "Grafana Admins"), see(".row h2 a@href", adminsPath),
			see(".row .clamp", "They run Grafana and its alerts."),
			see(".pager a@href", "/console/groups?page=1&search=a%20%26%20b", "/console/groups?page=3&search=a%20%26%20b"),
		},
		"groups-no-match":     {see(".empty", "No name of a group contains “<b>ops</b>”. Show all groups."), absent(".row, .pager")},
		"groups-past-the-end": {see(".empty", "There are no groups on this page. Go to the first page."), see(".pager a@href", "/console/groups?page=8")},
		"group-add": {
			see("h1", "Create group"), see("main form@action", "/console/groups/add"), see("main input@name", "user_id", "name", "description"),
			see("#name@maxlength", "64"), see("[required]@name", "name"), absent(".error, .notice"),
			see(".actions", "Cancel Create group"), see(".back a, .actions a@href", "/console/groups", "/console/groups"),
		},
		"group-edit": {
			see("title", "Edit Grafana Admins · Gatehouse"), see("h1", "Edit group"), see("main form@action", adminsPath+"/edit"),
			see("main input[type=text]@value", "Grafana Admins", "They run Grafana and its alerts."),
			see("#name-hint", "Up to 64 characters: letters, digits, spaces and some punctuation, but no commas. Apps that give rights to this group know it by its name: change it there too."),
			see(".back a, .actions a@href", adminsPath, adminsPath), see(".actions", "Cancel Save changes"),
		},
		"group-new": {
			see("h1", "Sales"), see(".notice[role=status]", "The group was created. Add its members."), absent(".lead"),
			see("dd:not(.copyable)", "2 April 2026", "0", "None. You choose on the page of an app who can use it."),
			see(".empty", "The group has no members yet."),
		},
		"group-errors": {
			see("#problems a@href", "#login"), see("#login@value", "eve"), see("#login@aria-invalid", "true"),
			see("#login-error", "No user has this username or email. The console lists all users."),
			see("main form@action", adminsPath+"/members#problems"),
			see(".row h3", "grace.hopper"), see(".row a.button", "Remove grace.hopper"),
			see(".row a.button@href", adminsPath+"/members/qua7n8cts5yfkxw36dep1zhbgm/remove"),
		},
		"group-past-the-end": {see(".empty", "There are no members on this page. Go to the first page."), seePart(".pager", "Page 9")},
		"confirm-delete-group": {
			see("h1", "Delete the group Grafana Admins?"),
			see("main li", "212 users are in this group, and keep their accounts.", "2 apps are open to this group. Members who are in no other group of an app lose access to it immediately.",
				"An app that only this group can use is then open to no user, until you choose who can use it.", "You can't undo this."),
			see("main form@action", adminsPath+"/delete"), see("main form button", "Delete group"), see("main form a@href", adminsPath),
			see("nav.menu [aria-current]", "Console"),
		},
		"confirm-delete-group-one": {
			see("main li", "1 user is in this group, and keeps the account.", "1 app is open to this group. Members who are in no other group of the app lose access to it immediately.",
				"An app that only this group can use is then open to no user, until you choose who can use it.", "You can't undo this."),
		},
		"confirm-delete-group-unused": {see("main li", "No user is in this group.", "You can't undo this.")},
		"confirm-remove-member": {
			see("title", "Remove grace.hopper from Grafana Admins? · Gatehouse"), see("h1", "Remove grace.hopper from the group Grafana Admins?"),
			see("main li", "Apps that the user can then no longer use lose access to the account immediately.", "The user keeps the account. You can add the user again later."),
			see("main form button", "Remove user"),
		},
		"app-edit-access": {
			see("legend", "Is trusted", "Is public client", "Who can use this app", "Chosen groups"),
			see("[name=access][checked]@value", "groups"), see("[name=access]@value", "all", "groups"),
			see("[name=groups][checked]@value", "rdnby967h543azsiwu1toxqpcm", "3579bdf8jmpxtuiz3579bdf8jm"),
			see(".list .choice bdi", "Grafana Admins", "Sales", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbe", "ملاحظات الفريق اليومية"),
			see("#groups-hint", "These have an effect only if the app is not open to all users. Other users lose access immediately."),
		},
		"app-edit-access-no-groups": {
			see("[name=access][checked]@value", "all"), absent("[name=groups]"), see("#groups-hint", "There are no groups yet. Create one in the console first."),
		},
		"app-edit-access-errors": {
			see("#problems a@href", "#access", "#groups"), see("fieldset.wrong legend", "Who can use this app", "Chosen groups"),
			see("#access-error", "Another System Admin changed who can use the app."), see("#groups-error", "Choose at least one group, or open the app to all users."),
		},
		"app-restricted":             {seePart("#about-title ~ dl > div:nth-last-of-type(4)", "Who can use it Only members of these groups: Grafana Admins Sales")},
		"app-restricted-to-no-group": {seePart("#about-title ~ dl > div:nth-last-of-type(4)", "Who can use it No user, because all its groups were deleted.")},
	}
}
