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

// secretFileSuffix is appended to the path of the SQLite database.
const secretFileSuffix = ".secret"

// sealingSecrets returns the secrets of the configuration. Without them, it returns the
// secret in the file beside the SQLite database, and creates that file if necessary.
func sealingSecrets(c config, log *slog.Logger) ([][]byte, error) {
	if c.Secret != "" {
		return c.secrets(), nil
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
	log.Info("created the secret that seals codes and tokens; back it up together with the database", "file", path)
	// Another process may have created the file first, so the file is read again.
	secret, err = readSecretFile(path)
	return [][]byte{secret}, err
}

// secretFile returns the path of the secret beside the SQLite database, and whether it
// is in use: the file exists, and GATEHOUSE_SECRET is not set.
func secretFile(c config) (path string, inUse bool) {
	path = sqlitePath(c.DatabaseURL) + secretFileSuffix
	_, err := os.Stat(path)
	return path, c.Secret == "" && !errors.Is(err, fs.ErrNotExist)
}

func newSealingSecret() []byte {
	b := make([]byte, 48)
	_, _ = rand.Read(b) // crypto/rand.Read never fails since Go 1.24: it stops the program instead.
	return []byte(base64.StdEncoding.EncodeToString(b))
}

// readSecretFile returns the secret in a file. It returns fs.ErrNotExist, and an error
// if other users can read the file or the secret is too short.
func readSecretFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("other users of this machine can read the secret in %s; run chmod 600 %s, and create a new secret if another user may have read it", path, path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	secret := bytes.TrimRight(content, "\r\n")
	if len(secret) < seal.MinSecretLength {
		return nil, fmt.Errorf("the secret in %s has %d bytes and needs at least %d; restore it from a backup, or remove the file to get a new secret, after which no existing token works", path, len(secret), seal.MinSecretLength)
	}
	if isWeakSecret(string(secret)) {
		return nil, fmt.Errorf("the secret in %s is easy to guess; remove the file to get a random one, after which no existing token works", path)
	}
	return secret, nil
}

// createSecretFile creates the file with its whole content at once: if several processes
// start together, one of them creates it, and no process reads half a secret. It returns
// no error if the file exists already.
func createSecretFile(path string, secret []byte) (err error) {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("the secret cannot be stored beside the database; make the user that runs gatehouse the owner of the directory %s, or set GATEHOUSE_SECRET: %w", dir, err)
	}
	defer func() { err = errors.Join(err, os.Remove(temporary.Name())) }()
	_, err = temporary.Write(append(secret, '\n'))
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("write the secret: %w", err)
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create the secret: %w", err)
	}
	return nil
}
