// Package audit records events in the audit trail.
//
//	event, actor, target ──▶ Trail.Record ──▶ + id, time, address, request id ──▶ store
//
// It decides nothing, and does not know how events are stored.
package audit
