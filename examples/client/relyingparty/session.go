package relyingparty

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"
)

// sessionCookie is a name that the gateway does not use. Cookies are not separated by port,
// and the gateway can run on the same host.
const sessionCookie = "relying_party_session"

// maxSessions limits the memory. A new session replaces the least recently used one.
const maxSessions = 200

// session contains the runs of one browser.
type session struct {
	// mu is locked during a whole request, including the calls to the server. If the user
	// clicks a button twice, the second request sees the result of the first.
	mu   sync.Mutex
	runs map[string]*run // by slug

	used time.Time // guarded by sessions.mu
}

// sessions stores sessions by the value of their cookie.
type sessions struct {
	secure bool // the cookie is for https only

	mu   sync.Mutex
	byID map[string]*session
}

func newSessions(baseURL string) *sessions {
	return &sessions{secure: strings.HasPrefix(baseURL, "https:"), byID: map[string]*session{}}
}

// get returns the browser's session, or nil.
func (s *sessions) get(r *http.Request) *session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byID[cookie.Value]
	if found != nil {
		found.used = time.Now()
	}
	return found
}

// getOrCreate returns the browser's session, and creates it if it does not exist.
func (s *sessions) getOrCreate(w http.ResponseWriter, r *http.Request) *session {
	if found := s.get(r); found != nil {
		return found
	}
	id := rand.Text()
	created := &session{runs: map[string]*run{}, used: time.Now()}
	s.mu.Lock()
	if len(s.byID) >= maxSessions {
		s.evict()
	}
	s.byID[id] = created
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: id, Path: "/",
		HttpOnly: true, Secure: s.secure,
		// Lax instead of Strict, because the redirect from the server can come from another
		// site and needs the session.
		SameSite: http.SameSiteLaxMode,
	})
	return created
}

func (s *sessions) evict() {
	var oldest string
	for id, candidate := range s.byID {
		if oldest == "" || candidate.used.Before(s.byID[oldest].used) {
			oldest = id
		}
	}
	delete(s.byID, oldest)
}
