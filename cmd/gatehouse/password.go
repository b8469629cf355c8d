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

// passwordFlags are the ways to say a password. Without them it is asked for on a
// terminal; where there is none, one is made up and shown.
type passwordFlags struct{ value, file string }

func (p *passwordFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.value, "password", "", "the password; others on this machine may see it in the process list")
	cmd.Flags().StringVar(&p.file, "password-file", "", "file that holds the password, - for standard input")
}

// password returns the password, and whether it was made up here and has to be shown.
func (c *cli) password(p passwordFlags) (password string, madeUp bool, err error) {
	switch {
	case p.value != "" && p.file != "":
		return "", false, usagef("--password and --password-file exclude each other")
	case p.value != "":
		return p.value, false, nil
	case p.file == "-":
		return readPassword(c.stdin)
	case p.file != "":
		f, err := os.Open(p.file)
		if err != nil {
			return "", false, fmt.Errorf("read the password: %w", err)
		}
		defer func() { _ = f.Close() }() // It was only read.
		return readPassword(f)
	case isTerminal(c.stdin):
		password, err = c.askPassword()
		return password, false, err
	}
	return gatehouse.NewSecret(), true, nil
}

func readPassword(r io.Reader) (string, bool, error) {
	content, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	return string(bytes.TrimRight(content, "\r\n")), false, nil
}

// askPassword asks twice, without showing what is typed.
func (c *cli) askPassword() (string, error) {
	terminal, ok := c.stdin.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask for the password on")
	}
	var typed [2][]byte
	for i, prompt := range []string{"Password: ", "The same again: "} {
		c.complain("%s", prompt)
		var err error
		typed[i], err = term.ReadPassword(int(terminal.Fd()))
		c.complain("\n")
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
	}
	if !bytes.Equal(typed[0], typed[1]) {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return string(typed[0]), nil
}
