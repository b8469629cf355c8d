package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse"
	"gatehouse/internal/seal"
)

// KeptForm is a form that was not carried out: it was refused, it failed, or its user must
// sign in first. It may also be a decision that the page of the form carries out. It never
// holds a password or another secret.
type KeptForm struct {
	_      struct{} `cbor:",toarray"`
	Path   string   // of the page that shows the form
	UserID string   // the user who typed the values; "" if that is not known, or if nothing was typed
	At     int64    // ms
	Values url.Values
	Errors map[string]string // sentences by field
	// Message says why the form was not carried out; "" if Errors say it.
	Message    string
	Status     int    // of the page that shows the form again; 0 means 200
	RequestID  string // of the request that failed on our side
	RetryAfter string // the header of the page
}

// StatusCode returns the HTTP status of the page that shows the form.
func (f KeptForm) StatusCode() int {
	if f.Status == 0 {
		return http.StatusOK
	}
	return f.Status
}

// KeptForms shows refused forms again on a page that the browser gets with GET. So no
// entry of the browser's history is the response to a POST, and neither Back nor a reload
// sends a form again:
//
//	POST of the form ──▶ Refuse ──303 and the sealed form in a cookie──▶ GET of the page?kept_form=KEY ──▶ Load
//
// There is a cookie for each key, so several tabs do not disturb each other. The server
// holds nothing, so every node can show the form.
type KeptForms struct {
	prefix string // of the names of the cookies
	https  bool   // the site URL is https
	sealer *seal.Sealer[KeptForm]
}

// The limits of kept forms.
const (
	keptFormLifetime = 15 * time.Minute
	// maxKeptForm is the longest sealed form, in bytes. Browsers accept cookies of 4096
	// bytes (RFC 6265 §6.1), and nginx by default accepts response headers of 4096 bytes.
	maxKeptForm = 2800
	// maxKeptForms and maxKeptFormCount bound what a browser sends with each request for the
	// page. nginx by default accepts 8192 bytes in one header.
	maxKeptForms     = 5600
	maxKeptFormCount = 8
)

// keptFormParameter is the parameter of a page's URL that names the form to show.
const keptFormParameter = "kept_form"

// NewKeptForms returns the KeptForms of a site. All nodes have the same secrets. It
// returns an error if a secret is too short.
func NewKeptForms(site *url.URL, secrets ...[]byte) (*KeptForms, error) {
	sealer, err := seal.New[KeptForm]("gthf_", secrets...)
	if err != nil {
		return nil, fmt.Errorf("web: kept forms: %w", err)
	}
	return &KeptForms{prefix: pathCookieName(site, "gatehouse_form") + "_", https: site.Scheme == "https", sealer: sealer}, nil
}

// Refuse answers a form with a redirect to its page, which shows form and why it was not
// carried out: err, which Refuse logs unless it is a *FormError. page is a local URL. It
// returns false, having written nothing, if the form is too long for a cookie. A mobile
// app, which cannot show the page, gets the error as JSON (C 1.1).
func (k *KeptForms) Refuse(w http.ResponseWriter, r *http.Request, log *slog.Logger, page string, form *KeptForm, err error) bool {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return true // The browser has closed the connection, which is the usual cause of the error.
	}
	if r.Header.Get("X-Mobile-App") != "" {
		WriteJSONError(w, r, log, err)
		return true
	}
	var refused *FormError
	if errors.As(err, &refused) {
		form.Status, form.Errors = refused.Status, refused.Errors
		for name, value := range refused.Values {
			if form.Values == nil {
				form.Values = url.Values{}
			}
			form.Values.Set(name, value)
		}
	} else {
		e := Public(err)
		Log(r.Context(), log, e)
		form.Status, form.Message = e.Status, e.Message
		if e.Status >= http.StatusInternalServerError {
			form.RequestID = RequestID(r.Context())
		}
		SetRetryAfter(w, e)
	}
	form.RetryAfter = w.Header().Get("Retry-After")
	target, kept := k.Keep(w, r, page, *form)
	if !kept {
		return false
	}
	w.Header().Del("Retry-After") // The page has it.
	Redirect(w, r, target)
	return true
}

// Keep stores a form in a cookie and returns the URL of its page that shows it. It returns
// false, having written nothing, if the form is too long for a cookie.
func (k *KeptForms) Keep(w http.ResponseWriter, r *http.Request, page string, form KeptForm) (string, bool) {
	path, query, _ := strings.Cut(page, "?")
	form.Path, form.At = path, time.Now().UnixMilli()
	sealed, err := k.sealer.Seal(form)
	if err != nil || len(sealed) > maxKeptForm {
		return "", false
	}
	for _, old := range k.surplus(r, len(sealed)) {
		http.SetCookie(w, k.cookie(r, old.name, "", old.path, -1))
	}
	key := gatehouse.NewID()[:12]
	http.SetCookie(w, k.cookie(r, k.prefix+key, sealed, path, int(keptFormLifetime.Seconds())))
	target := path + "?" + keptFormParameter + "=" + key
	if query != "" {
		target += "&" + query
	}
	return target, true
}

// Load returns the form that the URL of a page names. It returns the zero KeptForm if
// there is no such form, if it is too old, or if another user typed it.
func (k *KeptForms) Load(r *http.Request, userID string) KeptForm {
	key := r.URL.Query().Get(keptFormParameter)
	if key == "" {
		return KeptForm{}
	}
	cookie, err := r.Cookie(k.prefix + key)
	if err != nil {
		return KeptForm{}
	}
	form, err := k.sealer.Open(cookie.Value)
	age := time.Since(time.UnixMilli(form.At))
	if err != nil || form.Path != r.URL.Path || age > keptFormLifetime || form.UserID != "" && form.UserID != userID {
		return KeptForm{}
	}
	return form
}

// CutKeptForm removes the parameter of Keep from the query of a page.
func CutKeptForm(query string) string {
	if !strings.HasPrefix(query, keptFormParameter+"=") {
		return query
	}
	_, rest, _ := strings.Cut(query, "&")
	return rest
}

// keptCookie is a cookie with a kept form.
type keptCookie struct {
	name, path string
	at         int64
	size       int
}

// surplus returns the oldest cookies that must go, so that the browser does not send too
// much when it has one of this size more.
func (k *KeptForms) surplus(r *http.Request, size int) []keptCookie {
	var cookies []keptCookie
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, k.prefix) {
			form, _ := k.sealer.Open(c.Value) // One that cannot be opened is the oldest.
			cookies = append(cookies, keptCookie{name: c.Name, path: form.Path, at: form.At, size: len(c.Name) + len(c.Value)})
			size += len(c.Name) + len(c.Value)
		}
	}
	slices.SortFunc(cookies, func(a, b keptCookie) int { return cmp.Compare(a.at, b.at) })
	n := 0
	for ; n < len(cookies) && (size > maxKeptForms || len(cookies)-n >= maxKeptFormCount); n++ {
		size -= cookies[n].size
	}
	return cookies[:n]
}

func (k *KeptForms) cookie(r *http.Request, name, value, path string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: maxAge, HttpOnly: true,
		Secure: k.https || ClientOf(r).HTTPS, SameSite: http.SameSiteLaxMode,
	}
}
