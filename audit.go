package gatehouse

import "time"

// AuditEvent is a security-relevant action. It never holds a secret, a code or a token.
type AuditEvent struct {
	ID        string
	At        time.Time
	ActorID   string // the user who did it; "" if no user was signed in
	Event     string // one of the Audit constants
	TargetID  string // the app, user or setting that it concerns
	Detail    string // a short sentence, at most 512 bytes
	IP        string
	Outcome   string // OutcomeSuccess or OutcomeFail
	RequestID string
}

// The outcomes of an audit event.
const (
	OutcomeSuccess = "success"
	OutcomeFail    = "fail"
)

// The audit events. Those of the contract have its names (C 2.16).
const (
	AuditAuthorizeApp         = "authorizeOAuthApp"
	AuditDenyApp              = "denyOAuthApp"
	AuditDeauthorizeApp       = "deauthorizeOAuthApp"
	AuditCreateApp            = "createOAuthApp"
	AuditUpdateApp            = "updateOAuthApp"
	AuditDeleteApp            = "deleteOAuthApp"
	AuditRegenerateSecret     = "regenerateOAuthAppSecret"
	AuditRegisterClient       = "registerOAuthClient"
	AuditCodeReplayed         = "authorizationCodeReplayed"
	AuditRefreshTokenRepeated = "refreshTokenRepeated"
	AuditRefreshTokenReused   = "refreshTokenReused"
	AuditLogin                = "login"
	AuditLogout               = "logout"
	AuditRevokeSessions       = "revokeSessions"
	AuditCreateUser           = "createUser"
	AuditUpdateUser           = "updateUser"
	AuditDeleteUser           = "deleteUser"
	AuditUpdateUserActive     = "updateUserActive"
	AuditUpdateUserRoles      = "updateUserRoles"
	AuditUpdatePassword       = "updatePassword"
	AuditCreateGroup          = "createGroup"
	AuditUpdateGroup          = "updateGroup"
	AuditDeleteGroup          = "deleteGroup"
	AuditAddGroupMember       = "addGroupMember"
	AuditRemoveGroupMember    = "removeGroupMember"
	AuditUpdateAppAccess      = "updateOAuthAppAccess"
	AuditUpdateSetting        = "updateConfig"
	AuditSystemSetUp          = "setUpSystem"
	AuditCreateSigningKey     = "createSigningKey"
	AuditRotateSigningKey     = "rotateSigningKey"
	AuditWithdrawSigningKey   = "withdrawSigningKey"
)
