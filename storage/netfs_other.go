//go:build !linux

package storage

// networkFileSystem is only implemented on Linux.
func networkFileSystem(string) (string, error) { return "", nil }
