package signing

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"gatehouse"
)

// keySet is the published keys at a point in time. It never changes.
type keySet struct {
	readAt   time.Time // the time before the read
	keys     []*key
	last     map[string]int64 // the last number of each algorithm, also of keys that are not published
	document []byte           // the JSON Web Key Set (RFC 7517 §5)
}

func newKeySet(keys []*key, last map[string]int64, readAt time.Time) *keySet {
	s := &keySet{readAt: readAt, keys: keys, last: last}
	var document bytes.Buffer
	document.WriteString(`{"keys":[`)
	for i, k := range s.published() {
		if i > 0 {
			document.WriteByte(',')
		}
		document.Write(k.jwk)
	}
	document.WriteString(`]}`)
	s.document = document.Bytes()
	return s
}

func (s *keySet) state(k *key) gatehouse.SigningKeyState {
	switch {
	case !k.opened():
		return gatehouse.KeySealed
	case k == s.signing(k.Algorithm, s.readAt):
		return gatehouse.KeySigns
	case k.SignFrom.After(s.readAt):
		return gatehouse.KeyNext
	}
	return gatehouse.KeyPrevious
}

// published returns the keys in the order of the document: the default algorithm first,
// and of each algorithm the signing key first. Some clients stop at the first key that
// they do not know, and others ignore kid.
func (s *keySet) published() []*key {
	list := slices.Clone(s.keys)
	rank := func(k *key) int {
		return slices.Index([]gatehouse.SigningKeyState{gatehouse.KeySigns, gatehouse.KeyNext, gatehouse.KeyPrevious, gatehouse.KeySealed}, s.state(k))
	}
	slices.SortStableFunc(list, func(a, b *key) int {
		return cmp.Or(
			cmp.Compare(slices.Index(gatehouse.SigningAlgorithms(), a.Algorithm), slices.Index(gatehouse.SigningAlgorithms(), b.Algorithm)),
			cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Number, a.Number))
	})
	return list
}

// find returns the key with an id, or nil.
func (s *keySet) find(id string) *key {
	for _, k := range s.keys {
		if k.ID == id {
			return k
		}
	}
	return nil
}

// signing returns the key that signs with an algorithm at a time, or nil.
func (s *keySet) signing(algorithm string, at time.Time) *key {
	return signingKey(s.keys, algorithm, at)
}

func signingKey(keys []*key, algorithm string, at time.Time) *key {
	var found *key
	for _, k := range keys {
		if k.Algorithm == algorithm && k.opened() && !k.SignFrom.After(at) && !k.followedAt(at) && (found == nil || found.before(k)) {
			found = k
		}
	}
	return found
}

// followedAt reports whether another key signs at a time instead of this one.
func (k *key) followedAt(at time.Time) bool {
	return !k.ExpiresAt.IsZero() && !at.Before(k.ExpiresAt.Add(-gatehouse.SigningKeyRetention))
}

// before orders the keys of an algorithm by the time from which they sign.
func (k *key) before(other *key) bool {
	return cmp.Or(k.SignFrom.Compare(other.SignFrom), cmp.Compare(k.Number, other.Number)) < 0
}

// nextSigning returns the time of the first key that will sign with an algorithm; zero if
// no key will.
func (s *keySet) nextSigning(algorithm string, now time.Time) time.Time {
	var first time.Time
	for _, k := range s.keys {
		if k.Algorithm == algorithm && k.opened() && k.SignFrom.After(now) && (first.IsZero() || k.SignFrom.Before(first)) {
			first = k.SignFrom
		}
	}
	return first
}
