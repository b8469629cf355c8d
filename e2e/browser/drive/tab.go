package drive

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// Options say what a tab is like. The zero value is a desktop's window of a
// browser with JavaScript.
type Options struct {
	Site     string   // URL of the site that is looked at; it alone may be asked for anything
	Visits   []string // hosts of others that it may send the person to
	Icons    []string // hosts of others that it may show pictures from
	NoScript bool     // JavaScript is disabled
	// Faulty: the page is wrong on purpose, so what the browser says of its markup,
	// now or later, does not count.
	Faulty bool
}

// Tab is a tab with cookies of its own. It belongs to one test.
type Tab struct {
	t     testing.TB
	ctx   context.Context // chromedp keeps the tab in it
	watch *watch
}

// Desktop is the size of a window on a desktop, Phone of a screen in a hand, and
// Narrow the narrowest that WCAG 2.2 (1.4.10) wants a page to fit into.
const (
	Desktop = 1280
	Phone   = 375
	Narrow  = 320
)

// Tab opens a tab until the test ends. It fails the test then if the watch saw
// something that no page may do, and leaves a picture of a test that failed in
// e2e/artifacts.
func (b *Browser) Tab(t testing.TB, o Options) *Tab {
	t.Helper()
	tab := &Tab{t: t, watch: newWatch(o)}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.watch.listen))
	tab.ctx = ctx
	ended := make(chan struct{})
	t.Cleanup(func() {
		if complaints := tab.watch.seen(); len(complaints) > 0 {
			t.Errorf("pages did what they may not do:\n%s", strings.Join(complaints, "\n"))
		}
		if t.Failed() {
			tab.keepPicture()
		}
		cancel()
		close(ended)
	})
	require.NoError(t, chromedp.Do(ctx))
	call(tab, log.Enable, cdp.Empty{})
	call(tab, audits.Enable, cdp.Empty{})
	call(tab, network.Enable, network.EnableParams{})
	call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	if o.NoScript {
		call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	tab.Look(Desktop, false)
	go func() {
		for {
			select {
			case <-tab.watch.dialogs:
				// A dialog would hold the page up; it has been complained of.
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
			case <-ended:
				return
			}
		}
	}()
	return tab
}

// Look changes the width of the window, and the colours that the person prefers.
func (tab *Tab) Look(width int64, dark bool) {
	tab.t.Helper()
	height := int64(800)
	if width < Desktop {
		height = 700
	}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// CallItself changes what the browser says it is.
func (tab *Tab) CallItself(userAgent string) {
	tab.t.Helper()
	call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: userAgent})
}

// Cookies are those of the site.
func (tab *Tab) Cookies(address string) []*network.Cookie {
	tab.t.Helper()
	return call(tab, network.GetCookies, network.GetCookiesParams{URLs: []string{address}}).Cookies
}

// Forgive waits until the watch has seen something with the text, and forgets it.
func (tab *Tab) Forgive(text string) {
	tab.t.Helper()
	tab.until("a complaint of "+text, func(place) bool { return tab.watch.forgive(text) })
}

// Eval evaluates an expression in the page; a promise is waited for.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(tab.t, err, "%.200s at %s", expression, tab.URL())
	return value
}

// call runs a command of the debugger.
func call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	require.NoError(tab.t, err, command.Method)
	return result
}

// keepPicture saves what the tab shows.
func (tab *Tab) keepPicture() {
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Logf("no picture: %v", err)
		return
	}
	file := filepath.Join("..", "artifacts", strings.Map(plain, tab.t.Name())+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		tab.t.Logf("no picture: %v", err)
		return
	}
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		tab.t.Logf("no picture: %v", err)
		return
	}
	tab.t.Logf("the browser was at %s and showed %s", tab.URL(), file)
}

// plain keeps what every file system takes for a name.
func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}
