package gatehouse

import "time"

// AuditEvent is something that happened and that somebody may have to explain
// later. It never holds a secret, a code or a token.
type AuditEvent struct {
	ID        string
	At        time.Time
	ActorID   string // the user who did it; "" for nobody signed in
	Event     string // one of the Audit constants
	TargetID  string // the app, user or setting it was done to
	Detail    string // a short human sentence, at most 512 bytes
	IP        string
	Outcome   string // OutcomeSuccess or OutcomeFail
	RequestID string
}

// The outcomes of an audited event.
const (
	OutcomeSuccess = "success"
	OutcomeFail    = "fail"
)

// The audited events; those of the contract keep its names (C 2.16).
const (
	AuditAuthorizeApp       = "authorizeOAuthApp"
	AuditDenyApp            = "denyOAuthApp"
	AuditDeauthorizeApp     = "deauthorizeOAuthApp"
	AuditCreateApp          = "createOAuthApp"
	AuditUpdateApp          = "updateOAuthApp"
	AuditDeleteApp          = "deleteOAuthApp"
	AuditRegenerateSecret   = "regenerateOAuthAppSecret"
	AuditRegisterClient     = "registerOAuthClient"
	AuditCodeReplayed       = "authorizationCodeReplayed"
	AuditRefreshTokenReused = "refreshTokenReused"
	AuditLogin              = "login"
	AuditLogout             = "logout"
	AuditRevokeSessions     = "revokeSessions"
	AuditCreateUser         = "createUser"
	AuditUpdateUserActive   = "updateUserActive"
	AuditUpdateUserRoles    = "updateUserRoles"
	AuditUpdatePassword     = "updatePassword"
	AuditUpdateSetting      = "updateConfig"
	AuditSystemSetUp        = "setUpSystem"
)
