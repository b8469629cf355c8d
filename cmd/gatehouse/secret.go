package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"gatehouse/internal/seal"
)

// secretFileSuffix makes the secret's file name from the SQLite database's.
const secretFileSuffix = ".secret"

// sealingSecrets returns the secrets of the configuration, or else the one that is
// kept beside the SQLite database, which it makes the first time.
func sealingSecrets(c config, log *slog.Logger) ([][]byte, error) {
	if len(c.Secrets) > 0 {
		return c.Secrets, nil
	}
	if sqlitePath(c.DatabaseURL) == ":memory:" {
		return [][]byte{newSealingSecret()}, nil
	}
	path := sqlitePath(c.DatabaseURL) + secretFileSuffix
	secret, err := readSecretFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return [][]byte{secret}, err
	}
	if err := createSecretFile(path, newSealingSecret()); err != nil {
		return nil, err
	}
	log.Info("made the secret that codes and tokens are sealed with; keep it together with the database", "file", path)
	// What is there now may be the work of another process that was faster.
	secret, err = readSecretFile(path)
	return [][]byte{secret}, err
}

// keptSecret is the file of the secret beside the SQLite database, and whether it
// is in use: it is there, and no variable takes its place.
func keptSecret(c config) (path string, kept bool) {
	path = sqlitePath(c.DatabaseURL) + secretFileSuffix
	_, err := os.Stat(path)
	return path, len(c.Secrets) == 0 && !errors.Is(err, fs.ErrNotExist)
}

func newSealingSecret() []byte {
	b := make([]byte, 48)
	_, _ = rand.Read(b) // crypto/rand.Read never fails since Go 1.24: it stops the program instead.
	return []byte(base64.StdEncoding.EncodeToString(b))
}

// readSecretFile refuses a file that others may read and one that is too short.
// fs.ErrNotExist: there is none.
func readSecretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("look at the secret: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others on this machine may read the secret in %s; run chmod 600 %s, and make a new secret if somebody may have seen this one", path, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	secret := bytes.TrimRight(content, "\r\n")
	if len(secret) < seal.MinSecretLength {
		return nil, fmt.Errorf("the secret in %s has %d bytes and needs at least %d; restore it from a backup, or remove the file to get a new one, which ends every token", path, len(secret), seal.MinSecretLength)
	}
	return secret, nil
}

// createSecretFile makes the file with all of its content at once: of several
// processes that start together one wins, and nobody reads half a secret. That
// the file is there already is no error.
func createSecretFile(path string, secret []byte) (err error) {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("the secret cannot be kept beside the database; give the directory %s to the user that runs gatehouse, or set GATEHOUSE_SECRET: %w", dir, err)
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.Write(append(secret, '\n'))
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the secret: %w", err)
	}
	return nil
}
