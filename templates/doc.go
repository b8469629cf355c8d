// Package templates contains the pages: one Go struct and one html/template file
// per page, the stylesheets, the JavaScript and the images, all embedded in the
// binary.
//
//	handler ── LoginPage{…} ──▶ Renderer.Render ──▶ layout.html + login.html ──▶ buffer ──▶ response
//	                                │                                               with its security headers
//	browser ── /static/style-1a2b3c4d.css ──▶ Renderer.Static
//
// A handler fills the struct of a page and renders it. The texts, the links and the
// names of the form fields are in this package. The comment of each page says which
// paths it links to, where its forms post to and which fields they send:
//
//	/  /login  /logout  /setup
//	/integrations/oauth2-apps[?search=&page=]            AppListPage
//	/integrations/oauth2-apps/add                        AppFormPage, then AppCreatedPage
//	/integrations/oauth2-apps/{id}                       AppPage
//	/integrations/oauth2-apps/{id}/edit                  AppFormPage
//	/integrations/oauth2-apps/{id}/regenerate, /delete   ConfirmPage
//	/settings/security[?page=]                           SecurityPage
//	/settings/security/password, /sign-out-elsewhere     (POST only)
//	/settings/security/sessions/{id}/sign-out            (POST only)
//	/settings/security/apps/{id}/revoke                  ConfirmPage
//	/console                                             ConsolePage
//	/console/users[?page=], /add, /{id}                  UsersPage, UserFormPage, UserPage
//	/console/users/{id}/password, /activate              (POST only)
//	/console/users/{id}/deactivate, /promote, /demote    ConfirmPage
//	/console/groups[?page=], /add, /{id}[?page=], /{id}/edit GroupsPage, GroupFormPage, GroupPage
//	/console/groups/{id}/members                         (POST only)
//	/console/groups/{id}/members/{id}/remove, /delete    ConfirmPage
//	/console/keys, /rotate                               KeysPage, (POST only)
//	/console/audit[?before=]                             AuditPage
//
// GET shows a ConfirmPage, and its form posts to the same path.
//
// The package does not know requests, sessions, storage or the rules of OAuth. A
// page shows the values in its struct. html/template escapes the texts of users and
// apps. The templates also isolate these texts from the text around them (<bdi>) and
// remove invisible characters. Only http and https URLs become links or images.
//
// Every text is a whole sentence or phrase in one place, so that it can be
// translated. A sentence may contain a value, such as a name or a number. A sentence
// with a plural is written once for each form.
//
// Package fixtures contains every page in every state. The tests and the storybook
// (make pages) use it.
package templates
