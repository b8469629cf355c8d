package account

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"gatehouse"
)

// UserCounter tells whether the gateway is set up.
type UserCounter interface {
	CountUsers(ctx context.Context) (int64, error)
}

// SetUp lets whoever reads the gateway's log make the first System Admin, once.
// It is safe for concurrent use.
//
// The link is of one node: where several share a database, each has its own, and
// a load balancer must lead it to the node that printed it (or the variables
// GATEHOUSE_ADMIN_* make the first System Admin).
type SetUp struct {
	counter UserCounter
	people  *Users

	mu        sync.Mutex
	tokenHash string // "" before Link, and when all is done
}

// NewSetUp returns a SetUp that lets nobody in until Link is called.
func NewSetUp(counter UserCounter, people *Users) *SetUp {
	return &SetUp{counter: counter, people: people}
}

// Needed reports whether there is no user yet.
func (s *SetUp) Needed(ctx context.Context) (bool, error) {
	n, err := s.counter.CountUsers(ctx)
	if err != nil {
		return false, fmt.Errorf("account: set up: %w", err)
	}
	return n == 0, nil
}

// Link makes a new one-time token and returns the URL of the set-up page with
// it, to be shown to whoever runs the gateway. Earlier links stop working. The
// token itself is not kept.
func (s *SetUp) Link(siteURL string) string {
	token := gatehouse.NewSecret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenHash = gatehouse.HashSecret(token)
	return strings.TrimRight(siteURL, "/") + "/setup?token=" + url.QueryEscape(token)
}

// Admits reports whether token is that of the last link.
func (s *SetUp) Admits(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return gatehouse.SecretMatches(token, s.tokenHash)
}

// CreateAdmin makes the first System Admin and uses up the link. Its errors are
// those of Users.CreateFirstUser: ErrConflict when somebody was faster.
func (s *SetUp) CreateAdmin(ctx context.Context, user gatehouse.User, password string) (gatehouse.User, error) {
	user, err := s.people.CreateFirstUser(ctx, user, password)
	if err == nil || errors.Is(err, gatehouse.ErrConflict) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tokenHash = ""
	}
	return user, err
}
