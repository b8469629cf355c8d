package drive

import (
	_ "embed" // the script
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

//go:embed person.js
var person string

// found is what a function of person.js answers.
type found struct {
	X, Y  float64
	Text  string
	Error string
}

// ask calls a function of person.js.
func (tab *Tab) ask(function, argument string) found {
	tab.t.Helper()
	quoted, err := json.Marshal(argument)
	require.NoError(tab.t, err)
	answer := Eval[found](tab, person+"."+function+"("+string(quoted)+")")
	require.Empty(tab.t, answer.Error, "at %s", tab.URL())
	return answer
}

// Open goes to an address and waits until the page has loaded.
func (tab *Tab) Open(address string) {
	tab.t.Helper()
	tab.loading(func() { call(tab, page.Navigate, page.NavigateParams{URL: address}) })
}

// Reload loads the page again, and sends a form again if it was the answer to one.
func (tab *Tab) Reload() {
	tab.t.Helper()
	tab.loading(func() { call(tab, page.Reload, page.ReloadParams{}) })
}

// Back presses the browser's Back button.
func (tab *Tab) Back() {
	tab.t.Helper()
	history := call(tab, page.GetNavigationHistory, cdp.Empty{})
	require.Positive(tab.t, history.CurrentIndex, "there is nothing to go back to")
	before, _ := tab.watch.where()
	call(tab, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: history.Entries[history.CurrentIndex-1].ID})
	tab.until("the page before", func(at place) bool { return at.navigations > before.navigations && at.loaded })
}

// Press presses the button or link with the name, and waits for the next page.
func (tab *Tab) Press(name string) {
	tab.t.Helper()
	at := tab.ask("button", name)
	tab.loading(func() { tab.click(at) })
}

// Click presses the button with the name; it leads to no other page.
func (tab *Tab) Click(name string) {
	tab.t.Helper()
	tab.click(tab.ask("button", name))
}

// ClickTwice presses the button with the name twice, as the impatient do, and
// waits for the next page.
func (tab *Tab) ClickTwice(name string) {
	tab.t.Helper()
	at := tab.ask("button", name)
	tab.loading(func() {
		tab.click(at)
		tab.click(at)
	})
}

// Choose presses a radio button, "Is trusted: Yes", or a checkbox.
func (tab *Tab) Choose(name string) {
	tab.t.Helper()
	tab.click(tab.ask("control", name))
	require.Equal(tab.t, "true", tab.Value(name), name)
}

// Fill types over what is in the field with the label.
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

// Value is what is in the field with the label; "true" or "false" for one to choose.
func (tab *Tab) Value(label string) string {
	tab.t.Helper()
	return tab.ask("value", label).Text
}

// Keys types keys where the focus is: text, or keys of chromedp/kb.
func (tab *Tab) Keys(keys string) {
	tab.t.Helper()
	require.NoError(tab.t, chromedp.Do(tab.ctx, chromedp.KeyEvent(keys)))
}

// KeysTo is Keys, and waits for the next page.
func (tab *Tab) KeysTo(keys string) {
	tab.t.Helper()
	tab.loading(func() { tab.Keys(keys) })
}

// ShiftKeys is Keys with the Shift key held.
func (tab *Tab) ShiftKeys(keys string) {
	tab.t.Helper()
	require.NoError(tab.t, chromedp.Do(tab.ctx, chromedp.KeyEvent(keys, chromedp.KeyModifiers(kb.ModifierShift))))
}

// Focus is what has the focus.
type Focus struct {
	Name              string
	Top, Bottom, Left float64 // on the page
	InView            bool    // it is where the window shows the page
	Marked            bool    // it has an outline
}

// Focused is what has the focus; the zero value when it is the page as a whole.
func (tab *Tab) Focused() Focus {
	tab.t.Helper()
	return Eval[Focus](tab, person+".focus()")
}

// AwaitFocus waits until the control with the name has the focus: a page that has
// loaded gives it to a field when it is first drawn.
func (tab *Tab) AwaitFocus(name string) {
	tab.t.Helper()
	for deadline := time.Now().Add(Patience); tab.Focused().Name != name; {
		require.True(tab.t, time.Now().Before(deadline), "“%s” does not get the focus, but “%s”", name, tab.Focused().Name)
	}
}

// URL is where the tab is.
func (tab *Tab) URL() string {
	at, _ := tab.watch.where()
	return at.url
}

// Status is the HTTP status of the page.
func (tab *Tab) Status() int { return int(tab.watch.response().Status) }

// Header is a header that the page came with, as a line for each time.
func (tab *Tab) Header(name string) string {
	for n, value := range tab.watch.response().Headers {
		if strings.EqualFold(n, name) {
			return fmt.Sprint(value)
		}
	}
	return ""
}

// Await waits until the tab has loaded a page whose address begins so.
func (tab *Tab) Await(prefix string) {
	tab.t.Helper()
	tab.until("a page at "+prefix, func(at place) bool { return at.loaded && strings.HasPrefix(at.url, prefix) })
}

// Text is what is written in the elements that match.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	quoted, err := json.Marshal(css)
	require.NoError(tab.t, err)
	return Eval[string](tab, `[...document.querySelectorAll(`+string(quoted)+`)].map(e => e.innerText.trim()).join("\n")`)
}

// Heading is the heading of the page.
func (tab *Tab) Heading() string {
	tab.t.Helper()
	return tab.Text("h1")
}

// click presses the left button of the mouse.
func (tab *Tab) click(at found) {
	tab.t.Helper()
	require.NoError(tab.t, chromedp.Do(tab.ctx, chromedp.MouseClickXY(at.X, at.Y)))
}

// loading does something that leads to another page, and waits until it has loaded.
func (tab *Tab) loading(do func()) {
	tab.t.Helper()
	before, _ := tab.watch.where()
	do()
	tab.until("the next page", func(at place) bool { return at.loads > before.loads && at.loaded })
}

// until waits for the events that make the condition true.
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
			require.FailNow(tab.t, what+" did not come", "still at %s\n%s", at.url, strings.Join(tab.watch.seen(), "\n"))
		}
	}
}
