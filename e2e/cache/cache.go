package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

// Dir returns the folder in the user's cache for the packages that the files in pins
// name. If it does not exist, install fills it. If install fails, the folder does
// not exist afterwards.
func Dir(name string, pins []string, install func(dir string) error) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, pin := range pins {
		content, err := os.ReadFile(pin) //nolint:gosec // files of the repository
		if err != nil {
			return "", err
		}
		hash.Write(content) // Write of a hash never fails
	}
	parent := filepath.Join(cache, "gatehouse-tests")
	dir := filepath.Join(parent, name+"-"+hex.EncodeToString(hash.Sum(nil))[:16])
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return "", err
	}
	draft, err := os.MkdirTemp(parent, name+"-draft-")
	if err != nil {
		return "", err
	}
	err = install(draft)
	if err == nil {
		if err = os.Rename(draft, dir); err == nil {
			return dir, nil
		}
		if _, there := os.Stat(dir); there == nil {
			err = nil // Another test process was faster.
		}
	}
	return dir, errors.Join(err, os.RemoveAll(draft))
}
