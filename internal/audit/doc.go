// Package audit records events in the audit trail.
//
//	event, actor, target ──▶ Trail.Record ──▶ + id, time, address, request id, limits ──▶ store
//	                                                  └─ left out by a limit ──▶ log
//
// It does not know how events are stored.
package audit
