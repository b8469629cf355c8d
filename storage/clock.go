package storage

import (
	"context"
	"time"
)

// ClockAhead is by how much this node's clock is ahead of the database's, as far
// as that can be told across a network; negative when it is behind. A SQLite file
// has no other clock than ours.
func (s *Store) ClockAhead(ctx context.Context) (time.Duration, error) {
	if s.clock == "" {
		return 0, nil
	}
	var database int64
	before := time.Now()
	if err := scanOne(s.read(ctx).Raw(s.clock), &database); err != nil {
		return 0, s.fail("ask for the database's clock", err)
	}
	after, theirs := time.Now(), time.UnixMilli(database)
	switch {
	case theirs.Before(before):
		return before.Sub(theirs), nil
	case theirs.After(after):
		return after.Sub(theirs), nil
	default:
		return 0, nil // it was asked at some moment in between
	}
}
