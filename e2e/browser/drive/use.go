package drive

import (
	"context"
	_ "embed" // for page.js
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

//go:embed page.js
var pageScript string

// found is the result of a function of page.js.
type found struct {
	X, Y  float64
	Text  string
	Error string
}

// ask calls a function of page.js.
func (tab *Tab) ask(function, argument string) found {
	tab.t.Helper()
	quoted, err := json.Marshal(argument)
	require.NoError(tab.t, err)
	answer := Eval[found](tab, pageScript+"."+function+"("+string(quoted)+")")
	require.Empty(tab.t, answer.Error, "at %s", tab.URL())
	return answer
}

// Open goes to an address and waits until the page has loaded.
func (tab *Tab) Open(address string) {
	tab.t.Helper()
	tab.loading(func() { call(tab, page.Navigate, page.NavigateParams{URL: address}) })
}

// Reload loads the page again. If the page is the response to a form, it sends the
// form again.
func (tab *Tab) Reload() {
	tab.t.Helper()
	tab.loading(func() { call(tab, page.Reload, page.ReloadParams{}) })
}

// Back presses the Back button of the browser.
func (tab *Tab) Back() {
	tab.t.Helper()
	history := call(tab, page.GetNavigationHistory, cdp.Empty{})
	require.Positive(tab.t, history.CurrentIndex, "the history has no previous page")
	before, _ := tab.watch.where()
	call(tab, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID})
	tab.until("the previous page", func(at place) bool { return at.navigations > before.navigations && at.loaded })
}

// IsFirst reports whether the tab shows the first page of its history, which is blank.
func (tab *Tab) IsFirst() bool {
	tab.t.Helper()
	return call(tab, page.GetNavigationHistory, cdp.Empty{}).CurrentIndex == 0
}

// Press presses the button or link with the name and waits for the next page.
func (tab *Tab) Press(name string) {
	tab.t.Helper()
	at := tab.ask("button", name)
	tab.loading(func() { tab.click(at) })
}

// Click presses a button that does not lead to another page.
func (tab *Tab) Click(name string) {
	tab.t.Helper()
	tab.click(tab.ask("button", name))
}

// ClickTwice double-clicks the button with the name and waits for the next page. The
// second click follows at once, so that it hits the same page.
func (tab *Tab) ClickTwice(name string) {
	tab.t.Helper()
	at := tab.ask("button", name)
	tab.loading(func() { tab.send(chromedp.MouseClickXY(at.X, at.Y), chromedp.MouseClickXY(at.X, at.Y)) })
}

// Choose presses a radio button, such as "Is trusted: Yes", or a checkbox.
func (tab *Tab) Choose(name string) {
	tab.t.Helper()
	tab.click(tab.ask("control", name))
	require.Equal(tab.t, "true", tab.Value(name), name)
}

// Fill replaces the text in the field with the label.
func (tab *Tab) Fill(label, text string) {
	tab.t.Helper()
	tab.ask("field", label)
	if text == "" {
		tab.Keys("\b")
		return
	}
	call(tab, input.InsertText, input.InsertTextParams{Text: text})
	require.Equal(tab.t, text, tab.Value(label), label)
}

// Value returns the text in the field with the label. For a radio button or a checkbox
// it returns "true" or "false".
func (tab *Tab) Value(label string) string {
	tab.t.Helper()
	return tab.ask("value", label).Text
}

// Keys sends keys to the element with the focus: text, or keys of chromedp/kb.
func (tab *Tab) Keys(keys string) {
	tab.t.Helper()
	tab.send(chromedp.KeyEvent(keys))
}

// KeysTo sends keys and waits for the next page.
func (tab *Tab) KeysTo(keys string) {
	tab.t.Helper()
	tab.loading(func() { tab.Keys(keys) })
}

// ShiftKeys sends keys while the Shift key is pressed.
func (tab *Tab) ShiftKeys(keys string) {
	tab.t.Helper()
	tab.send(chromedp.KeyEvent(keys, chromedp.KeyModifiers(kb.ModifierShift)))
}

// Focus is the element that has the focus.
type Focus struct {
	Name              string
	Top, Bottom, Left float64 // on the page
	InView            bool    // it is inside the window
	Marked            bool    // it has an outline
}

// Focused returns the element that has the focus, or the zero value if no element has
// it.
func (tab *Tab) Focused() Focus {
	tab.t.Helper()
	return Eval[Focus](tab, pageScript+".focus()")
}

// AwaitFocus waits until the control with the name has the focus. After a page has
// loaded, the browser sets the focus when it first draws the page.
func (tab *Tab) AwaitFocus(name string) {
	tab.t.Helper()
	for deadline := time.Now().Add(Patience); tab.Focused().Name != name; {
		require.True(tab.t, time.Now().Before(deadline), "“%s” does not get the focus; “%s” has it", name, tab.Focused().Name)
	}
}

// AwaitHeading waits until the page has the heading. It is for a page that never
// counts as loaded, because it opens an app on the device at once.
func (tab *Tab) AwaitHeading(heading string) {
	tab.t.Helper()
	for deadline := time.Now().Add(Patience); tab.Heading() != heading; {
		require.True(tab.t, time.Now().Before(deadline), "the heading is “%s”, not “%s”", tab.Heading(), heading)
	}
}

// AwaitHandOver waits until the browser has handed a URL to an app on the device. The
// browser then asks the user in a window that the tests do not see. Until that window is
// closed, the tab takes no clicks: go on in another tab.
func (tab *Tab) AwaitHandOver(address string) {
	tab.t.Helper()
	tab.until("the handing over of "+address, func(at place) bool { return at.handed == address })
}

// URL returns the address of the page.
func (tab *Tab) URL() string {
	at, _ := tab.watch.where()
	return at.url
}

// Status returns the HTTP status of the page.
func (tab *Tab) Status() int { return int(tab.watch.response().Status) }

// Header returns a response header of the page. If the header appears several times,
// each value is a line.
func (tab *Tab) Header(name string) string {
	for n, value := range tab.watch.response().Headers {
		if strings.EqualFold(n, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Await waits until the tab has loaded a page whose address has the prefix.
func (tab *Tab) Await(prefix string) {
	tab.t.Helper()
	tab.until("a page at "+prefix, func(at place) bool { return at.loaded && strings.HasPrefix(at.url, prefix) })
}

// Text returns the visible text of the elements that match, one line for each.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	quoted, err := json.Marshal(css)
	require.NoError(tab.t, err)
	return Eval[string](tab, `[...document.querySelectorAll(`+string(quoted)+`)].map(e => e.innerText.trim()).join("\n")`)
}

// Heading returns the heading of the page.
func (tab *Tab) Heading() string {
	tab.t.Helper()
	return tab.Text("h1")
}

// click clicks at a point of the page. It waits for a button that is disabled for a
// moment. A page may cancel a click shortly after it is shown or gets the focus, and the
// browser may drop one. The click then had no effect, so click waits and clicks again. It
// does not click again after any other click, because the page that follows may have a
// button there too.
func (tab *Tab) click(at found) {
	tab.t.Helper()
	for deadline := time.Now().Add(Patience); ; {
		require.True(tab.t, time.Now().Before(deadline), "the button stays disabled, or each click has no effect")
		if !Eval[bool](tab, fmt.Sprintf("%s.expectClick(%f, %f)", pageScript, at.X, at.Y)) {
			continue
		}
		tab.send(chromedp.MouseClickXY(at.X, at.Y))
		if !tab.clickHadNoEffect() {
			return
		}
	}
}

// send sends input to the page: clicks or keys. It first waits until the page is drawn,
// because the browser drops the input of a page that it has loaded but not yet drawn.
func (tab *Tab) send(events ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	tab.until("the drawn page", func(at place) bool { return at.drawn })
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	require.NoError(tab.t, chromedp.Do(ctx, events...), "at %s", tab.URL())
}

// clickHadNoEffect reports whether the page cancelled the click that it expected, or did
// not get it. The browser may already show the next page, which expects no click, or be
// between the two pages, where nothing can be evaluated. In a tab without JavaScript a
// page cannot see its clicks.
func (tab *Tab) clickHadNoEffect() bool {
	if tab.noScript {
		return false
	}
	ctx, cancel := context.WithTimeout(tab.ctx, Patience)
	defer cancel()
	none, err := chromedp.Run(ctx, chromedp.Evaluate[bool](pageScript+".clickHadNoEffect()"))
	return err == nil && none
}

// loading calls do, which leads to another page, and waits until that page has loaded.
func (tab *Tab) loading(do func()) {
	tab.t.Helper()
	before, _ := tab.watch.where()
	do()
	tab.until("the next page", func(at place) bool { return at.loads > before.loads && at.loaded })
}

// until waits for events until the condition is true.
func (tab *Tab) until(what string, condition func(place) bool) {
	tab.t.Helper()
	deadline := time.After(Patience)
	for {
		at, changed := tab.watch.where()
		if condition(at) {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			require.FailNow(tab.t, what+" did not appear", "still at %s\n%s", at.url, strings.Join(tab.watch.seen(), "\n"))
		}
	}
}
