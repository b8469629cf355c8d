package backchannel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse"
	"gatehouse/signing"
)

const (
	// pollInterval is how often a node looks for deliveries that are due.
	pollInterval = time.Second
	batchSize    = 64 // deliveries that a node takes at a time
	parallelApps = 8  // apps to which a node sends at the same time
)

// The outcomes of an attempt to deliver a logout token.
const (
	Delivered = "delivered" // the app answered with 200 or 204
	Failed    = "failed"    // it is tried again later
	Abandoned = "abandoned" // it is not tried again
)

// Outcomes lists the outcomes of an attempt.
func Outcomes() []string { return []string{Delivered, Failed, Abandoned} }

// Store is the storage of a Deliverer.
type Store interface {
	// TakeLogoutDeliveries returns at most limit deliveries that are due. No other node
	// gets them before their next attempt.
	TakeLogoutDeliveries(ctx context.Context, now time.Time, limit int) ([]gatehouse.LogoutDelivery, error)
	// FinishLogoutDelivery removes a delivery, unless it was added or taken again.
	FinishLogoutDelivery(ctx context.Context, d gatehouse.LogoutDelivery) error
	// App returns ErrNotFound if the app does not exist.
	App(ctx context.Context, id string) (gatehouse.App, error)
	Settings(ctx context.Context) (gatehouse.Settings, error)
}

// Signer signs tokens; *signing.Keys implements it.
type Signer interface {
	Sign(ctx context.Context, algorithm, typ string, claims any) (string, error)
}

// Poster sends a form to an address that an app has registered; *egress.Client implements it.
type Poster interface {
	PostForm(ctx context.Context, target string, form url.Values, allowed []netip.Prefix) (status int, err error)
}

// Config configures a Deliverer.
type Config struct {
	Issuer  string
	Store   Store
	Keys    Signer
	Client  Poster
	Observe func(outcome string) // called after each attempt
	Log     *slog.Logger
}

// Deliverer delivers logout tokens. Several nodes may deliver from the same database.
type Deliverer struct {
	issuer  string
	store   Store
	keys    Signer
	client  Poster
	observe func(outcome string)
	log     *slog.Logger
}

// NewDeliverer returns a Deliverer.
func NewDeliverer(c Config) *Deliverer {
	return &Deliverer{issuer: c.Issuer, store: c.Store, keys: c.Keys, client: c.Client, observe: c.Observe, log: c.Log}
}

// Run delivers logout tokens until the context is canceled.
func (d *Deliverer) Run(ctx context.Context) {
	reported := false
	for {
		more, err := d.deliverDue(ctx)
		if err != nil && ctx.Err() == nil && !reported {
			d.log.WarnContext(ctx, "logout tokens cannot be delivered at the moment; they are tried again", "error", err)
		}
		reported = err != nil
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pollInterval):
		}
	}
}

// deliverDue makes one attempt for each delivery that is due, at most batchSize. It reports
// whether there may be more. Each app gets its tokens one after the other. If an app does
// not answer, its other tokens wait until their next attempt, so that one app cannot hold
// up the others.
func (d *Deliverer) deliverDue(ctx context.Context) (more bool, err error) {
	due, err := d.store.TakeLogoutDeliveries(ctx, time.Now(), batchSize)
	if err != nil || len(due) == 0 {
		return false, err
	}
	settings, err := d.store.Settings(ctx)
	if err != nil || !settings.EnableOAuthServiceProvider || !settings.EnableOpenIDConnect {
		return false, err // They are due again at their next attempt.
	}
	byApp := map[string][]gatehouse.LogoutDelivery{}
	for _, delivery := range due {
		byApp[delivery.AppID] = append(byApp[delivery.AppID], delivery)
	}
	var group errgroup.Group
	group.SetLimit(parallelApps)
	for _, deliveries := range byApp {
		group.Go(func() error {
			for _, delivery := range deliveries {
				if !d.attempt(ctx, delivery, settings) {
					break
				}
			}
			return nil
		})
	}
	return len(due) == batchSize, group.Wait()
}

// attempt delivers one token, and removes the delivery if it has succeeded or is given up.
// It reports whether the app answered.
func (d *Deliverer) attempt(ctx context.Context, delivery gatehouse.LogoutDelivery, settings gatehouse.Settings) bool {
	now := time.Now()
	err := d.deliver(ctx, delivery, settings, now)
	if ctx.Err() != nil {
		return false // The gateway stops. The delivery is tried again later.
	}
	if errors.Is(err, errNotWanted) {
		d.finish(ctx, delivery)
		return true
	}
	outcome := Delivered
	switch {
	case err != nil && delivery.NextAttempt(now).After(delivery.CreateAt.Add(gatehouse.LogoutDeliveryLifetime)):
		outcome = Abandoned
		d.log.WarnContext(ctx, "a logout token was not delivered for 24 hours; it is not tried again", "client_id", delivery.AppID, "attempts", delivery.Attempts, "error", err)
	case err != nil:
		outcome = Failed
		d.log.WarnContext(ctx, "a logout token was not delivered; it is tried again", "client_id", delivery.AppID, "attempts", delivery.Attempts, "error", err)
	}
	d.observe(outcome)
	if outcome != Failed {
		d.finish(ctx, delivery)
	}
	return err == nil
}

// finish removes a delivery from the outbox.
func (d *Deliverer) finish(ctx context.Context, delivery gatehouse.LogoutDelivery) {
	if err := d.store.FinishLogoutDelivery(ctx, delivery); err != nil {
		d.log.WarnContext(ctx, "a finished delivery of a logout token was not removed from the outbox; it is done again", "client_id", delivery.AppID, "error", err)
	}
}

// errNotWanted means that the app was deleted, or no longer has a back-channel logout URI.
var errNotWanted = errors.New("backchannel: the app wants no logout tokens")

// deliver sends a logout token to the app (OpenID Connect Back-Channel Logout §2.5). It
// returns errNotWanted if there is no address to send it to.
func (d *Deliverer) deliver(ctx context.Context, delivery gatehouse.LogoutDelivery, settings gatehouse.Settings, now time.Time) error {
	app, err := d.store.App(ctx, delivery.AppID)
	if errors.Is(err, gatehouse.ErrNotFound) || err == nil && app.OpenID.BackchannelLogoutURI == "" {
		return errNotWanted
	}
	if err != nil {
		return err
	}
	// The algorithm is that of the app's ID tokens (§2.6).
	token, err := d.keys.Sign(ctx, app.OpenID.SigningAlgorithm(), signing.TypeLogoutToken, newLogoutToken(d.issuer, delivery, now))
	if err != nil {
		return err
	}
	status, err := d.client.PostForm(ctx, app.OpenID.BackchannelLogoutURI, url.Values{"logout_token": {token}}, settings.EgressAllowedNetworks)
	if err != nil {
		return err
	}
	if status != http.StatusOK && status != http.StatusNoContent { // §2.8
		return fmt.Errorf("backchannel: the app answered with status %d", status)
	}
	return nil
}
