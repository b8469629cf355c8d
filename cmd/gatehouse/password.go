package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"gatehouse"
)

// passwordFlags are the flags that give a password. Without them, the command asks for
// the password on a terminal. Without a terminal, it generates one.
type passwordFlags struct{ value, file string }

func (p *passwordFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.value, "password", "", "password; other users of this machine may see it in the process list")
	cmd.Flags().StringVar(&p.file, "password-file", "", "file with the password, or - for standard input")
}

func (p *passwordFlags) check() error {
	if p.value != "" && p.file != "" {
		return usagef("use only one of --password and --password-file")
	}
	return nil
}

// password returns the password, and whether it was generated and must be shown.
func (c *cli) password(p passwordFlags) (password string, generated bool, err error) {
	switch {
	case p.value != "":
		return p.value, false, nil
	case p.file == "-":
		password, err = readPassword(c.stdin)
		return password, false, err
	case p.file != "":
		f, err := os.Open(p.file)
		if err != nil {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		defer func() { _ = f.Close() }() // Closing a file that was only read cannot lose data.
		password, err = readPassword(f)
		return password, false, err
	case isTerminal(c.stdin):
		password, err = c.askPassword()
		return password, false, err
	}
	return gatehouse.NewSecret(), true, nil
}

func readPassword(r io.Reader) (string, error) {
	content, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(bytes.TrimRight(content, "\r\n")), nil
}

// askPassword asks for the password twice and does not show what is typed.
func (c *cli) askPassword() (string, error) {
	terminal, ok := c.stdin.(*os.File)
	if !ok {
		return "", errors.New("standard input is not a terminal, so the command cannot ask for the password")
	}
	var typed [2][]byte
	for i, prompt := range []string{"Password: ", "Repeat the password: "} {
		c.complainf("%s", prompt)
		var err error
		typed[i], err = term.ReadPassword(int(terminal.Fd()))
		c.complainf("\n")
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
	}
	if !bytes.Equal(typed[0], typed[1]) {
		return "", errors.New("the two passwords are different; nothing was changed")
	}
	return string(typed[0]), nil
}
