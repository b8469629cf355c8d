// Package audit writes the audit trail for the packages that make things happen.
//
//	what happened, to what, by whom ──▶ Trail.Record ──▶ + id, time, address, request id ──▶ store
//
// It decides nothing and stops nobody, and does not know where events are kept.
package audit
