package signing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse"
	"gatehouse/internal/web"
)

// maxConflicts is how often a change is tried again after another node was first.
const maxConflicts = 10

// Maintain adds the key that follows, if the following key has begun to sign, and seals
// private keys with the current secret that a previous one sealed. It does nothing if no
// key exists. Every node calls it from time to time.
func (k *Keys) Maintain(ctx context.Context) error {
	set, err := k.read(ctx)
	if err != nil || len(set.keys) == 0 {
		return err
	}
	return k.addMissing(ctx, gatehouse.AlgorithmRS256)
}

// MaintainInterval is how often Run calls Maintain.
const MaintainInterval = time.Minute

// Run calls Maintain immediately and then each MaintainInterval, until ctx ends.
func (k *Keys) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := k.Maintain(ctx); err != nil && ctx.Err() == nil {
			k.log.WarnContext(ctx, "could not maintain the signing keys; the gateway will try again", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(MaintainInterval):
		}
	}
}

// addMissing adds the keys that are missing, also those of an algorithm that was not used
// before.
func (k *Keys) addMissing(ctx context.Context, algorithm string) error {
	flight := "add"
	if waitsForFirstUse(algorithm) {
		flight += " " + algorithm
	}
	result := k.flight.DoChan(flight, func() (any, error) {
		// Other requests wait for this change, too.
		detached, cancel := web.Detach(ctx)
		defer cancel()
		_, err := k.change(detached, "", func(p *plan) bool { p.use(algorithm); p.reseal(); return true })
		return nil, err
	})
	select {
	case r := <-result:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Rotate makes the following key of each of the algorithms sign as early as possible: in
// a few seconds, if it has been published for SigningKeyLead, and otherwise after that
// time. An algorithm without keys gets none. It returns the published keys, and ErrNotFound
// if none of the algorithms has keys. If another request rotates at the same time, both
// have the same result.
func (k *Keys) Rotate(ctx context.Context, by gatehouse.Caller, algorithms ...string) ([]gatehouse.PublishedSigningKey, error) {
	if err := check(algorithms); err != nil {
		return nil, err
	}
	if err := k.requireKeys(ctx, algorithms); err != nil {
		return nil, err
	}
	if err := k.Maintain(ctx); err != nil { // so that there is a following key
		return nil, err
	}
	followed := map[string]string{} // the id of the key that must sign, by algorithm
	return k.change(ctx, by.User.ID, func(p *plan) bool {
		changed := false
		for _, algorithm := range algorithms {
			next := p.following(algorithm)
			if next == nil || followed[algorithm] != "" && followed[algorithm] != next.ID {
				continue // Another request rotated first.
			}
			followed[algorithm] = next.ID
			changed = p.rotate(algorithm) || changed
		}
		return changed
	})
}

// Withdraw is for keys that another party may have. It stops the publication of all keys
// of the algorithms, and adds new ones. No token that the old keys signed can be verified
// afterwards. An algorithm without keys gets none. It returns the published keys, and
// ErrNotFound if none of the algorithms has keys. If another request withdraws the same
// keys at the same time, both have the same result.
func (k *Keys) Withdraw(ctx context.Context, by gatehouse.Caller, algorithms ...string) ([]gatehouse.PublishedSigningKey, error) {
	if err := check(algorithms); err != nil {
		return nil, err
	}
	if err := k.requireKeys(ctx, algorithms); err != nil {
		return nil, err
	}
	var leaked []string
	first := true
	return k.change(ctx, by.User.ID, func(p *plan) bool {
		if first {
			for _, key := range p.before {
				leaked = append(leaked, key.ID)
			}
			first = false
		}
		changed := false
		for _, algorithm := range algorithms {
			// After a conflict, the keys are new if another request withdrew the old ones.
			if slices.ContainsFunc(p.before, func(key *key) bool { return key.Algorithm == algorithm && slices.Contains(leaked, key.ID) }) {
				p.withdraw(algorithm)
				changed = true
			}
		}
		return changed
	})
}

// requireKeys returns ErrNotFound if none of the algorithms has keys.
func (k *Keys) requireKeys(ctx context.Context, algorithms []string) error {
	set, err := k.read(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(set.keys, func(key *key) bool { return slices.Contains(algorithms, key.Algorithm) }) {
		return fmt.Errorf("signing: there are no keys of %s yet: %w", strings.Join(algorithms, ", "), gatehouse.ErrNotFound)
	}
	return nil
}

func check(algorithms []string) error {
	for _, a := range algorithms {
		if !slices.Contains(gatehouse.SigningAlgorithms(), a) {
			return fmt.Errorf("signing: the algorithm %q is not supported", a)
		}
	}
	return nil
}

// change stores the plan that edit makes, with the keys that are missing then. If another
// node changes the keys first, it reads them again and calls edit again. It stores nothing
// if edit returns false. It returns the published keys.
func (k *Keys) change(ctx context.Context, actorID string, edit func(p *plan) bool) ([]gatehouse.PublishedSigningKey, error) {
	for range maxConflicts {
		set, err := k.read(ctx)
		if err != nil {
			return nil, err
		}
		p := newPlan(set, time.Now())
		if !edit(p) {
			return k.List(ctx)
		}
		if err := k.complete(p); err != nil {
			return nil, err
		}
		added, changed := p.changes()
		if len(added)+len(changed)+len(p.removed) == 0 {
			return k.List(ctx)
		}
		err = k.store.ChangeSigningKeys(ctx, added, changed, p.removed)
		if isConflict(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if _, err := k.read(ctx); err != nil {
			return nil, err
		}
		k.record(ctx, actorID, added, changed, p.removed)
		return k.List(ctx)
	}
	return nil, fmt.Errorf("signing: other nodes changed the keys %d times: %w", maxConflicts, gatehouse.ErrConflict)
}

// complete generates the keys that are missing in a plan.
func (k *Keys) complete(p *plan) error {
	additions := p.additions()
	generated := make([]*key, len(additions))
	var group errgroup.Group
	for i, a := range additions {
		group.Go(func() (err error) {
			generated[i], err = generate(a.algorithm, k.sealer)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, a := range additions {
		generated[i].Number, generated[i].CreateAt, generated[i].SignFrom = a.number, p.now, a.signFrom
		p.after = append(p.after, generated[i])
	}
	p.expire()
	return nil
}

// record writes audit events.
func (k *Keys) record(ctx context.Context, actorID string, added []gatehouse.SigningKey, changed []gatehouse.SigningKeyChange, removed []string) {
	for _, id := range removed {
		k.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditWithdrawSigningKey, TargetID: id, Detail: "The key is no longer published."})
	}
	for _, c := range changed {
		if !c.Before.SignFrom.Equal(c.After.SignFrom) {
			k.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditRotateSigningKey, TargetID: c.After.ID, Detail: signsFrom(c.After)})
		}
	}
	for _, key := range added {
		k.trail.Record(ctx, gatehouse.AuditEvent{ActorID: actorID, Event: gatehouse.AuditCreateSigningKey, TargetID: key.ID, Detail: signsFrom(key)})
	}
}

func signsFrom(key gatehouse.SigningKey) string {
	return fmt.Sprintf("%s, signs from %s.", key.Algorithm, key.SignFrom.UTC().Format(time.RFC3339))
}
