// Package cache keeps the packages that tests install in the user's cache directory,
// so that they are installed once.
//
//	Dir("node", pins, install) ──▶ ~/.cache/gatehouse-tests/node-<hash of the pins>
//
// The caller installs the packages; this package only chooses the folder.
package cache
