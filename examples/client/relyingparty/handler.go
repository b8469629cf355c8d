package relyingparty

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// maxForm is the maximum size of a form in bytes. The largest form is the authorization
// response that the browser reads from the fragment.
const maxForm = 64 << 10

type handler struct {
	config    Config
	bySlug    map[string]Scenario
	transport http.RoundTripper
	discovery *discovery
	sessions  *sessions
	pages     *pages
}

// New returns a handler that serves all paths below Config.BaseURL. Its error lists all
// mistakes of the configuration.
func New(c Config) (http.Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	h := &handler{
		config:    c,
		bySlug:    map[string]Scenario{},
		transport: c.Transport,
		discovery: newDiscovery(c),
		sessions:  newSessions(c.BaseURL),
		pages:     pages,
	}
	for _, s := range c.Scenarios {
		h.bySlug[s.Slug] = s
	}
	return h.routes(), nil
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.index)
	mux.HandleFunc("GET /static/style.css", h.pages.serveStatic)
	mux.HandleFunc("GET /static/fragment.js", h.pages.serveStatic)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /{slug}", h.inspect)
	mux.HandleFunc("GET /{slug}/callback", h.callback)
	mux.HandleFunc("POST /{slug}/callback", h.fragment)
	mux.HandleFunc("POST /{slug}/restart", h.restart)
	mux.HandleFunc("POST /{slug}/token", h.step("#step-3", (*trial).step3))
	mux.HandleFunc("POST /{slug}/me", h.step("#step-4", (*trial).step4))
	mux.HandleFunc("POST /{slug}/refresh", h.step("#step-5", (*trial).step5))
	mux.HandleFunc("GET /{slug}/sign-out", h.signOut)
	mux.HandleFunc("GET /{slug}/signed-out", h.signedOut)
	mux.HandleFunc("POST /{slug}/try/{name}", h.try)
	mux.HandleFunc("GET /{slug}/curl/{name}", h.curl)
	mux.HandleFunc("/", h.notFound)
	return h.oneHost(secured(http.NewCrossOriginProtection().Handler(mux)))
}

// secured sets the security headers of every response. The pages load nothing from other
// sites, and no cache may store them.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin") // URLs contain codes
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// oneHost redirects a browser that uses another name of this computer, such as 127.0.0.1
// instead of localhost, to the name in the redirect URI. Cookies belong to one name, so the
// authorization response would find no session otherwise.
func (h *handler) oneHost(next http.Handler) http.Handler {
	base, _ := url.Parse(h.config.BaseURL) // checked by New
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.Host != base.Host && isLoopback(r.Host) && isLoopback(base.Host) {
			http.Redirect(w, r, h.config.BaseURL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// scenario returns the scenario of the path. If it does not exist, it answers with 404.
func (h *handler) scenario(w http.ResponseWriter, r *http.Request) (Scenario, bool) {
	s, found := h.bySlug[r.PathValue("slug")]
	if !found {
		h.notFound(w, r)
	}
	return s, found
}

// withTrial calls do with the browser's run of the scenario and locks the session. It
// creates the session and the run if they do not exist.
func (h *handler) withTrial(w http.ResponseWriter, r *http.Request, do func(*trial)) {
	s, found := h.scenario(w, r)
	if !found {
		return
	}
	session := h.sessions.getOrCreate(w, r)
	session.mu.Lock()
	defer session.mu.Unlock()
	if session.runs[s.Slug] == nil {
		session.runs[s.Slug] = newRun(s)
	}
	do(&trial{h: h, scenario: s, run: session.runs[s.Slug], endpoints: h.discovery.endpoints(r.Context())})
}

// step makes one call of the flow and redirects to the run.
func (h *handler) step(anchor string, call func(*trial, context.Context)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.withTrial(w, r, func(t *trial) {
			call(t, r.Context())
			t.back(w, r, anchor)
		})
	}
}

// back redirects to the page of the run, at the part that changed.
func (t *trial) back(w http.ResponseWriter, r *http.Request, anchor string) {
	http.Redirect(w, r, "/"+t.scenario.Slug+anchor, http.StatusSeeOther)
}

func (h *handler) try(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		x, found := findExperiment(r.PathValue("name"), t.scenario)
		if !found {
			h.notFound(w, r)
			return
		}
		if x.missing(t.run) == "" {
			t.perform(r.Context(), x)
		}
		t.back(w, r, "#"+x.Name)
	})
}

func (h *handler) restart(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		*t.run = *newRun(t.scenario)
		t.back(w, r, "")
	})
}

// callback receives the authorization response in the query. In the implicit grant the query
// is empty, and a script of the page reads the fragment.
func (h *handler) callback(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		query := r.URL.Query()
		if t.scenario.Implicit && len(query) == 0 {
			h.pages.fragment(w, t)
			return
		}
		t.receive(w, r, query)
	})
}

// fragment receives the authorization response that the browser read from the URL fragment.
func (h *handler) fragment(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil || !t.scenario.Implicit {
			h.notFound(w, r)
			return
		}
		t.receive(w, r, r.PostForm)
	})
}

// receive stores a response that belongs to the run. It shows any other response and leaves
// the run unchanged.
func (t *trial) receive(w http.ResponseWriter, r *http.Request, params url.Values) {
	a := checkAnswer(params, t.scenario, t.run, t.h.config.Issuer, t.endpoints.PromisesIss)
	if !a.Ours {
		t.h.pages.refused(w, t, a)
		return
	}
	t.run.answer = a
	if a.Accepted {
		t.run.code, t.run.accessToken = a.code, a.accessToken
	}
	t.back(w, r, "#step-2")
}

// curl answers with a command that repeats a call. The command contains codes and tokens,
// because this browser received them, but not the client secret.
func (h *handler) curl(w http.ResponseWriter, r *http.Request) {
	h.withTrial(w, r, func(t *trial) {
		e := t.run.calls[r.PathValue("name")]
		if e == nil {
			h.notFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(curlCommand(e, t.scenario, true) + "\n")) // fails only if the connection is closed
	})
}
