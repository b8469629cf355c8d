package drive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is the limit for anything that normally takes a moment.
const Patience = 60 * time.Second

// Browser is a running Chromium without a window.
type Browser struct {
	ctx  context.Context // chromedp keeps the browser in it
	stop func() error
}

// Start starts the installed browser. If no browser is installed, the error says how
// to install one.
func Start() (*Browser, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	profile, err := os.MkdirTemp("", "gatehouse-browser-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], // headless, no first run, no background networking, no sync
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"),
		// Otherwise the browser drops a click on a page that it has loaded but not yet drawn.
		chromedp.Flag("allow-pre-commit-input", true),
		// Names of a private network, for tests of plain http beyond this machine.
		chromedp.Flag("host-resolver-rules", "MAP *.lan 127.0.0.1"),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root.
	}
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...) // it ends with the browser
	ctx, _ := chromedp.NewContext(allocator)                                    // Cancel ends it
	b := &Browser{ctx: ctx, stop: func() error {
		return errors.Join(chromedp.Cancel(ctx), removeProfile(profile))
	}}
	if err := patiently(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start: %w", path, err), b.Close())
	}
	return b, nil
}

// patiently opens the browser or the tab of a context, for at most Patience. The context
// itself must not have a deadline: the tab ends with it.
func patiently(ctx context.Context) error {
	opened := make(chan error, 1)
	go func() { opened <- chromedp.Do(ctx) }()
	select {
	case err := <-opened:
		return err
	case <-time.After(Patience):
		return fmt.Errorf("it does not open within %v", Patience)
	}
}

// Close ends the browser.
func (b *Browser) Close() error { return b.stop() }

// removeProfile removes the files of the browser. It tries several times, because the
// processes of the browser may still write after its end.
func removeProfile(dir string) error {
	var err error
	for range 1000 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		runtime.Gosched()
	}
	return err
}

// find returns the path of the browser. .ci/needs looks for the same names.
func find() (string, error) {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell", "headless_shell", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	install := "sudo apt-get install -y chromium"
	if runtime.GOOS == "darwin" {
		install = "brew install --cask chromium"
	}
	return "", fmt.Errorf("the browser tests need Chromium, which is not installed; run: %s", install)
}
