//go:build !linux

package storage

// networkFileSystem cannot tell on this system.
func networkFileSystem(string) (string, error) { return "", nil }
