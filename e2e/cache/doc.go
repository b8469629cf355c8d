// Package cache keeps what tests install, such as the packages that a lock file
// pins, in the user's cache directory, so that it is installed once.
//
//	Dir("node", pins, install) ──▶ ~/.cache/gatehouse-tests/node-<hash of the pins>
//
// It does not know what is installed, or how.
package cache
