package relyingparty

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The cookie has a name of its own: cookies do not know ports, and the gateway
// next door on the same host sets some too.
const sessionCookie = "relying_party_session"

// maxSessions bounds the memory; the one not used for longest makes room.
const maxSessions = 200

// session is what one browser has done here.
type session struct {
	// mu is held for a whole request, calls to the server included: two clicks
	// on one button follow each other, and the second sees the first's result.
	mu   sync.Mutex
	runs map[string]*run // by slug

	used time.Time // guarded by sessions.mu
}

// sessions finds sessions by the value of their cookie.
type sessions struct {
	secure bool // cookie for https only

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

// getOrCreate returns the browser's session, giving it one if it has none.
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
		// Lax, not Strict: the redirect from the server comes from another site
		// when the server is elsewhere, and must find the session.
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
