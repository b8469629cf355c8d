// Package templates is everything that people look at: one Go struct and one
// html/template file per page, the stylesheet, the little JavaScript and the
// marks, all embedded in the binary.
//
//	handler ── LoginPage{…} ──▶ Renderer.Render ──▶ layout.html + login.html ──▶ buffer ──▶ response
//	                                │                                               with its security headers
//	browser ── /static/style-1a2b3c4d.css ──▶ Renderer.Static
//
// A handler fills the struct of a page and renders it; the words, the links and
// the names of the form fields are here. The docstring of each page says which
// paths it links to, where its forms go and what they send:
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
//	/console/audit[?before=]                             AuditPage
//
// A ConfirmPage is asked for by GET and its form posts to the same path.
//
// The package knows no request, no session, no storage and no rule of OAuth: a
// page shows what it is given. What a person or an app wrote is escaped by
// html/template, isolated from the text around it (<bdi>) and freed of
// invisible characters; only http and https URLs ever become links or images.
//
// Package fixtures holds every page in every state; golden tests and the
// storybook (make pages) share it.
package templates
