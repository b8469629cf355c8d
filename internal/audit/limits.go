package audit

import (
	"time"

	"gatehouse"
	"gatehouse/internal/web"
)

// An ordinary account causes events as fast as it can send requests: refused requests,
// denials, replayed codes, consents to ever new scopes. Without a limit, the trail would
// fill the disk, and its reader would not find the other events. The limits count for
// each kind of event (its name and outcome) and for each actor. They are far above what
// a user does by hand, so an event that is left out is one of many of its kind by the
// same actor. The log has it.
const (
	burstOfSuccesses = 200
	burstOfFailures  = 50
	refill           = time.Minute
	// An attacker has many addresses. All events of one kind without a signed-in user
	// have a limit together.
	burstOfStrangers  = 1000
	refillOfStrangers = 5 * time.Second

	summaryInterval = time.Hour
	summaryDetail   = "There are many events of this kind. For the next hour, the log may have events of this kind that the audit trail does not have."
)

// limitsOf returns the limits of an event. An event of the command line has no limit,
// because the operator causes it. Neither has a successful change of the users, the
// settings or the signing keys: only a System Admin can cause it, or time.
func limitsOf(e gatehouse.AuditEvent) []gatehouse.RateLimit {
	if e.IP == "" || e.Outcome == gatehouse.OutcomeSuccess && isByAdmin(e.Event) {
		return nil
	}
	kind := e.Event + " " + e.Outcome + " "
	burst := burstOfFailures
	if e.Outcome == gatehouse.OutcomeSuccess {
		burst = burstOfSuccesses
	}
	if e.ActorID != "" {
		return []gatehouse.RateLimit{{ID: "audit " + kind + e.ActorID, Burst: burst, Refill: refill}}
	}
	return []gatehouse.RateLimit{
		{ID: "audit " + kind + web.ClientNetwork(e.IP), Burst: burst, Refill: refill},
		{ID: "audit " + kind + "without a user", Burst: burstOfStrangers, Refill: refillOfStrangers},
	}
}

// summaryLimit is the limit of the event that says that events like e are left out. It
// does not depend on the address, of which an attacker has many.
func summaryLimit(e gatehouse.AuditEvent) gatehouse.RateLimit {
	return gatehouse.RateLimit{ID: "audit summary " + e.Event + " " + e.Outcome + " " + e.ActorID, Burst: 1, Refill: summaryInterval}
}

func isByAdmin(event string) bool {
	switch event {
	case gatehouse.AuditCreateUser, gatehouse.AuditUpdateUser, gatehouse.AuditDeleteUser, gatehouse.AuditUpdateUserActive, gatehouse.AuditUpdateUserRoles, gatehouse.AuditUpdateSetting, gatehouse.AuditSystemSetUp,
		gatehouse.AuditCreateSigningKey, gatehouse.AuditRotateSigningKey, gatehouse.AuditWithdrawSigningKey,
		gatehouse.AuditCreateGroup, gatehouse.AuditUpdateGroup, gatehouse.AuditDeleteGroup, gatehouse.AuditAddGroupMember, gatehouse.AuditRemoveGroupMember, gatehouse.AuditUpdateAppAccess:
		return true
	}
	return false
}
