package e2e_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A block that is pasted into a terminal: programs read the terminal, so a command that
// asks a question would read the next line of the block.
func TestCodeBlocksWorkInATerminal(t *testing.T) {
	runnable := runnableBlocks()
	for _, b := range codeBlocks(t) {
		how, ok := runnable[b.name()]
		if !ok || !how.inTerm {
			continue
		}
		t.Run(b.name(), func(t *testing.T) {
			s := newScratch(t)
			how.prepare(t, s)
			shown := s.pasteInTerminal(t, b.text)
			require.Contains(t, shown, "block-ended 0")
			require.NotRegexp(t, failedCommand, shown)
			how.check(t, s, shown)
		})
	}
}

// On a terminal, user delete asks for the username. The next line of a pasted text does not
// confirm it by chance.
func TestUserDeleteAsksForTheUsernameInATerminal(t *testing.T) {
	s := newScratch(t)
	withDatabase(t, s)
	s.run(t, "gatehouse user create --username bob --email bob@example.com --json && gatehouse app create --name Wiki --callback-url https://wiki.example.com/cb --creator bob")
	for _, answer := range []string{"yes", "y", "", "ada"} {
		shown := s.pasteInTerminal(t, "gatehouse user delete bob@example.com\n"+answer+"\n")
		require.Contains(t, shown, "User bob will be deleted for good.", answer)
		require.Contains(t, shown, "Registered apps       1. They stay without a creator.", answer)
		require.Contains(t, shown, "this is not the username; nothing was deleted", answer)
		require.Contains(t, s.run(t, "gatehouse user list"), "bob", answer)
	}
	shown := s.pasteInTerminal(t, "gatehouse user delete bob@example.com --delete-apps\nbob\n")
	require.Contains(t, shown, "They are deleted too, for all their users.")
	require.Contains(t, shown, "User bob was deleted. The app of the user was deleted too.")
	require.NotContains(t, s.run(t, "gatehouse user list"), "bob")
	require.NotContains(t, s.run(t, "gatehouse app list"), "Wiki")
}

// pasteInTerminal types a block into an interactive shell, all at once, and returns what
// the terminal shows.
func (s *scratch) pasteInTerminal(t *testing.T, text string) string {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	raw, err := terminal.SyscallConn() // Fd would make reads block, and Close would wait for them.
	require.NoError(t, err)
	n, unlocked, numbered := 0, error(nil), error(nil)
	require.NoError(t, raw.Control(func(fd uintptr) {
		unlocked = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		n, numbered = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	}))
	require.NoError(t, unlocked)
	require.NoError(t, numbered)
	side, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	cmd := exec.Command("bash", "--noprofile", "--norc", "-i")
	cmd.Dir, cmd.Env = s.dir, append(s.env, "TERM=dumb", "PS1=$ ")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = side, side, side
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	require.NoError(t, side.Close())
	screen, closed := newOutput(), make(chan struct{})
	go func() {
		defer close(closed)
		buffer := make([]byte, 4096)
		for {
			n, err := terminal.Read(buffer)
			_, _ = screen.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = terminal.Close() // The shell gets SIGHUP, and sends it to its jobs.
		late := time.AfterFunc(waitTimeout, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		late.Stop()
		<-closed
	})
	// The quotes keep the word from appearing before the command runs.
	_, err = terminal.WriteString(text + "echo block'-'ended $?\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(screen.String(), "block-ended") }, 2*time.Minute, 50*time.Millisecond, "%s", screen)
	shown := strings.ReplaceAll(screen.String(), "\r\n", "\n")
	return shown
}
