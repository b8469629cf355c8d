package signing

import (
	"slices"
	"time"

	"gatehouse"
)

// activationDelay is how long a key is published before it signs if there is no key that
// signs: a node may use a key set that is a second old, and the clocks of nodes differ.
const activationDelay = 2 * time.Second

// plan is a change of the keys that is not stored yet.
type plan struct {
	before  []*key // as stored
	after   []*key // copies, which may be changed
	removed []string
	last    map[string]int64 // the last number of each algorithm
	used    map[string]bool  // the algorithms that have keys
	now     time.Time
}

func newPlan(set *keySet, now time.Time) *plan {
	p := &plan{before: set.keys, last: set.last, used: map[string]bool{}, now: now}
	for _, algorithm := range gatehouse.SigningAlgorithms() {
		p.used[algorithm] = !waitsForFirstUse(algorithm) || set.last[algorithm] > 0
	}
	for _, k := range set.keys {
		changed := *k
		p.after = append(p.after, &changed)
	}
	return p
}

// waitsForFirstUse reports whether an algorithm has no keys until a token is signed with
// it. Some clients cannot read a key set with a key of type OKP (RFC 8037), even if they
// only use another algorithm.
func waitsForFirstUse(algorithm string) bool { return algorithm == gatehouse.AlgorithmEdDSA }

// use makes the plan add keys of an algorithm, if it has none.
func (p *plan) use(algorithm string) { p.used[algorithm] = true }

// addition is a key that must be added.
type addition struct {
	algorithm string
	number    int64
	signFrom  time.Time
}

// horizon is the earliest time from which a new key may sign.
func (p *plan) horizon() time.Time { return p.now.Add(activationDelay) }

// additions returns the keys that are missing: each algorithm that is used needs a key
// that signs, and a key that follows it. Keys that this node cannot open do not count.
func (p *plan) additions() []addition {
	var list []addition
	for _, algorithm := range gatehouse.SigningAlgorithms() {
		if !p.used[algorithm] {
			continue
		}
		// Keys that the plan removes count, too. So two nodes that remove the same keys add
		// keys with the same number, and one of them succeeds.
		number := p.last[algorithm] + 1
		var signFrom time.Time
		if current := signingKey(p.after, algorithm, p.horizon()); current != nil {
			signFrom = current.SignFrom
		} else {
			signFrom = p.horizon()
			if len(p.last) == 0 {
				signFrom = p.now // No node has a key set.
			}
			list = append(list, addition{algorithm, number, signFrom})
			number++
		}
		if p.following(algorithm) == nil {
			next := signFrom.Add(gatehouse.SigningKeyPeriod)
			if earliest := p.now.Add(gatehouse.SigningKeyLead); next.Before(earliest) {
				next = earliest
			}
			list = append(list, addition{algorithm, number, next})
		}
	}
	return list
}

// following returns the key that follows the signing key of an algorithm, or nil.
func (p *plan) following(algorithm string) *key {
	var first *key
	for _, k := range p.after {
		if k.Algorithm == algorithm && k.opened() && k.SignFrom.After(p.horizon()) && (first == nil || k.before(first)) {
			first = k
		}
	}
	return first
}

// rotate makes the following key of an algorithm sign as early as possible. It returns
// false if that key signs that early already, if there is no such key, or if the signing
// key began less than SigningKeyLead ago: then another request has just rotated.
func (p *plan) rotate(algorithm string) bool {
	current, next := signingKey(p.after, algorithm, p.horizon()), p.following(algorithm)
	if next == nil || current != nil && p.now.Before(current.SignFrom.Add(gatehouse.SigningKeyLead)) {
		return false
	}
	signFrom := next.CreateAt.Add(gatehouse.SigningKeyLead)
	if signFrom.Before(p.horizon()) {
		signFrom = p.horizon()
	}
	if !signFrom.Before(next.SignFrom) {
		return false
	}
	next.SignFrom = signFrom
	return true
}

// withdraw removes all keys of an algorithm.
func (p *plan) withdraw(algorithm string) {
	p.after = slices.DeleteFunc(p.after, func(k *key) bool {
		if k.Algorithm == algorithm {
			p.removed = append(p.removed, k.ID)
		}
		return k.Algorithm == algorithm
	})
}

// reseal makes the plan store private keys that a previous secret sealed with the current
// one.
func (p *plan) reseal() {
	for _, k := range p.after {
		if k.resealed != "" {
			k.SealedPrivateKey, k.resealed = k.resealed, ""
		}
	}
}

// expire sets the time until which a key is published, for each key that another one
// follows. If this node cannot open a key, another node may still sign with it, until the
// end of its period.
func (p *plan) expire() {
	for _, k := range p.after {
		if !k.opened() && k.ExpiresAt.IsZero() {
			k.ExpiresAt = k.SignFrom.Add(gatehouse.SigningKeyPeriod + gatehouse.SigningKeyRetention)
		}
		for _, other := range p.after {
			if !k.opened() || !other.opened() || k.Algorithm != other.Algorithm || !k.before(other) {
				continue
			}
			if until := other.SignFrom.Add(gatehouse.SigningKeyRetention); k.ExpiresAt.IsZero() || until.Before(k.ExpiresAt) {
				k.ExpiresAt = until
			}
		}
	}
}

// changes returns the keys that the plan adds and changes.
func (p *plan) changes() (added []gatehouse.SigningKey, changed []gatehouse.SigningKeyChange) {
	for _, k := range p.after {
		i := slices.IndexFunc(p.before, func(b *key) bool { return b.ID == k.ID })
		switch {
		case i < 0:
			added = append(added, k.SigningKey)
		case p.before[i].SigningKey != k.SigningKey:
			changed = append(changed, gatehouse.SigningKeyChange{Before: p.before[i].SigningKey, After: k.SigningKey})
		}
	}
	return added, changed
}
