package drive

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch follows the events of a tab. They arrive in order, on the goroutine that reads
// the messages of the browser.
type watch struct {
	home   string   // host of the site
	faulty bool     // its markup has errors on purpose
	others []string // hosts to which the site may redirect
	icons  []string // hosts whose pictures the site may show

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each event that matters
	place
	responses  map[cdp.LoaderID]*network.Response
	drawnBy    map[cdp.LoaderID]bool
	asked      map[network.RequestID]string // the last URL of each request
	loader     cdp.LoaderID
	dialogs    chan struct{}
	complaints []string
}

// place is the page that a tab shows.
type place struct {
	url         string
	loaded      bool   // the document has loaded
	drawn       bool   // the document was drawn
	handed      string // URL of the last request that the browser did not send, such as one with the scheme of an app on the device
	loads       int    // number of documents that have loaded
	navigations int    // number of documents shown, including those from the back/forward cache
}

func newWatch(o Options) *watch {
	w := &watch{others: o.Visits, icons: o.Icons, faulty: o.Faulty, changed: make(chan struct{}), responses: map[cdp.LoaderID]*network.Response{}, drawnBy: map[cdp.LoaderID]bool{}, asked: map[network.RequestID]string{}, dialogs: make(chan struct{}, 100)}
	w.home = hostOf(o.Site)
	return w
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// listen handles an event.
func (w *watch) listen(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			restored := e.Type == page.NavigationTypeBackForwardCacheRestore // restored without loading
			w.url, w.loader, w.loaded = e.Frame.URL+e.Frame.URLFragment, e.Frame.LoaderID, restored
			w.drawn = w.drawnBy[w.loader]
			w.navigations++
		} else {
			w.complain("a frame showed %s", e.Frame.URL)
		}
	case *page.EventNavigatedWithinDocument:
		w.url = e.URL
	case *page.EventLoadEventFired:
		w.loads, w.loaded = w.loads+1, true
	case *page.EventLifecycleEvent:
		if e.Name == "firstContentfulPaint" {
			w.drawnBy[e.LoaderID] = true
			w.drawn = w.drawnBy[w.loader]
		}
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			w.responses[e.LoaderID] = e.Response
		}
	case *network.EventRequestWillBeSent:
		w.request(e)
		w.asked[e.RequestID] = e.Request.URL
	case *network.EventLoadingFailed: // so ends a request that the browser hands to an app on the device
		if e.BlockedReason == "" {
			w.handed = w.asked[e.RequestID]
		}
	case *page.EventJavascriptDialogOpening:
		w.complain("a dialog opened: %s", e.Message)
		w.dialogs <- struct{}{}
	case *runtime.EventExceptionThrown:
		w.complain("a script failed: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *runtime.EventConsoleAPICalled:
		w.complain("a script wrote to the console: %s", e.Type)
	case *log.EventEntryAdded:
		w.entry(e.Entry)
	case *audits.EventIssueAdded:
		switch e.Issue.Code {
		case audits.InspectorIssueCodeBounceTrackingIssue: // signing in by redirects looks like bounce tracking
			return
		case audits.InspectorIssueCodePerformanceIssue: // caused by the tests
			return
		case audits.InspectorIssueCodeGenericIssue: // fields without a label or a name
			if w.faulty {
				return
			}
		}
		w.complain("the browser found an issue: %s %s", e.Issue.Code, issueDetails(e.Issue.Details))
	default:
		return
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// issueDetails returns the details that are set.
func issueDetails(d *audits.InspectorIssueDetails) string {
	text, err := json.Marshal(d)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (w *watch) complain(format string, args ...any) {
	w.complaints = append(w.complaints, fmt.Sprintf("%s: ", w.url)+fmt.Sprintf(format, args...))
}

// request complains about a request to a host that is not allowed.
func (w *watch) request(e *network.EventRequestWillBeSent) {
	host := hostOf(e.Request.URL)
	switch {
	case host == w.home, w.home == "", strings.HasPrefix(e.Request.URL, "data:"):
	case e.Type == network.ResourceTypeDocument && slices.Contains(w.others, host):
	case hostOf(e.DocumentURL) != w.home: // a page of another site
	case e.Type == network.ResourceTypeImage && slices.Contains(w.icons, host):
	default:
		w.complain("it requested %s (%s)", e.Request.URL, e.Type)
	}
}

// entry complains about warnings and errors in the console of the browser. It ignores
// those about the network, because the tests check the statuses of responses, and those
// about a URL of an app on the device, because the browser of the tests opens no apps.
func (w *watch) entry(e *log.Entry) {
	if strings.HasPrefix(e.Text, "Not allowed to launch '") || e.Source == log.EntrySourceNetwork || e.Level == log.EntryLevelVerbose || e.Level == log.EntryLevelInfo {
		return
	}
	w.complain("the browser said: %s: %s", e.Source, e.Text)
}

// where returns the page that the tab shows, and a channel that is closed at the next
// event.
func (w *watch) where() (place, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.place, w.changed
}

// response returns the response of the document.
func (w *watch) response() network.Response {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.responses[w.loader]; r != nil {
		return *r
	}
	return network.Response{}
}

// seen returns the complaints.
func (w *watch) seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.complaints)
}

// forgive removes the complaints that contain the text, and reports whether there was
// one.
func (w *watch) forgive(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.complaints)
	w.complaints = slices.DeleteFunc(w.complaints, func(c string) bool { return strings.Contains(c, text) })
	return len(w.complaints) < before
}
