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

// Options configure a tab. The zero value is a desktop window with JavaScript.
type Options struct {
	Site     string   // URL of the tested site, to which all kinds of requests may go
	Visits   []string // other hosts to which the site may redirect
	Icons    []string // other hosts whose pictures the site may show
	NoScript bool     // JavaScript is disabled
	// Faulty pages have errors on purpose. The watch ignores what the browser reports
	// about their markup.
	Faulty bool
}

// Tab is a tab with separate cookies. It belongs to one test.
type Tab struct {
	t        testing.TB
	ctx      context.Context // chromedp keeps the tab in it
	watch    *watch
	noScript bool
}

// Desktop, Phone and Narrow are widths of windows in pixels. Narrow is the width of
// WCAG 2.2, success criterion 1.4.10.
const (
	Desktop = 1280
	Phone   = 375
	Narrow  = 320
)

// Tab opens a tab and closes it at the end of the test. It fails the test if the watch
// saw something that no page may do. If the test failed, it saves a picture of the
// tab in e2e/artifacts.
func (b *Browser) Tab(t testing.TB, o Options) *Tab {
	t.Helper()
	tab := &Tab{t: t, watch: newWatch(o), noScript: o.NoScript}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.watch.listen))
	tab.ctx = ctx
	ended := make(chan struct{})
	t.Cleanup(func() {
		if complaints := tab.watch.seen(); len(complaints) > 0 {
			t.Errorf("the pages did what no page may do:\n%s", strings.Join(complaints, "\n"))
		}
		if t.Failed() {
			tab.keepPicture()
		}
		cancel()
		close(ended)
	})
	require.NoError(t, patiently(ctx))
	call(tab, page.SetLifecycleEventsEnabled, page.SetLifecycleEventsEnabledParams{Enabled: true})
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
				// A dialog stops the page until it is closed. The watch has recorded it.
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
			case <-ended:
				return
			}
		}
	}()
	return tab
}

// Look changes the width of the window, and whether the user prefers dark colors.
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

// SetUserAgent changes the User-Agent header of the tab.
func (tab *Tab) SetUserAgent(userAgent string) {
	tab.t.Helper()
	call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: userAgent})
}

// Cookies returns the cookies of an address.
func (tab *Tab) Cookies(address string) []*network.Cookie {
	tab.t.Helper()
	return call(tab, network.GetCookies, network.GetCookiesParams{URLs: []string{address}}).Cookies
}

// Forgive waits for a complaint that contains the text, and removes it.
func (tab *Tab) Forgive(text string) {
	tab.t.Helper()
	tab.until("a complaint about "+text, func(place) bool { return tab.watch.forgive(text) })
}

// Eval evaluates an expression in the page and returns its value, or the value of the
// promise that it returns.
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

// keepPicture saves a picture of the tab in e2e/artifacts.
func (tab *Tab) keepPicture() {
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Logf("cannot save a picture of the tab: %v", err)
		return
	}
	file := filepath.Join("..", "artifacts", strings.Map(plain, tab.t.Name())+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		tab.t.Logf("cannot save a picture of the tab: %v", err)
		return
	}
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		tab.t.Logf("cannot save a picture of the tab: %v", err)
		return
	}
	tab.t.Logf("the browser was at %s and showed %s", tab.URL(), file)
}

// plain replaces the characters that some file systems do not allow in names.
func plain(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}
