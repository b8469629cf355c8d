package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// A rate limit is stored as a leaky bucket. Its level is in milliseconds: an attempt
// adds the refill interval, and the level falls by one each millisecond. An attempt
// is possible while the level is at most (Burst - 1) × Refill.

// maxClockSkew is how far apart the clocks of nodes may be, in milliseconds. Within
// it the time of a bucket never goes back; otherwise the level would fall each time
// another node writes. A row from further ahead was written by a wrong clock and is
// ignored: it would lock users out for that long.
const maxClockSkew = int64(10 * time.Minute / time.Millisecond)

const (
	// levelNow is the level of a bucket at the time @now; @ahead is @now plus maxClockSkew.
	levelNow = "CASE WHEN rate_limits.updated_at > @ahead THEN 0 " +
		"WHEN rate_limits.updated_at >= @now THEN rate_limits.level_ms " +
		"WHEN rate_limits.level_ms > @now - rate_limits.updated_at THEN rate_limits.level_ms - (@now - rate_limits.updated_at) " +
		"ELSE 0 END"
	takeAttempt = "INSERT INTO rate_limits (id, level_ms, updated_at) VALUES (@id, @refill, @now) ON CONFLICT (id) DO UPDATE " +
		"SET level_ms = " + levelNow + " + @refill, " +
		"updated_at = CASE WHEN rate_limits.updated_at > @now AND rate_limits.updated_at <= @ahead THEN rate_limits.updated_at ELSE @now END " +
		"WHERE " + levelNow + " <= @max"
	returnAttempt = "UPDATE rate_limits SET level_ms = CASE WHEN level_ms > @refill THEN level_ms - @refill ELSE 0 END WHERE id = @id"
)

// TakeAttempt takes one attempt from each of the limits and returns 0. If one of them
// has no attempt left, it takes nothing and returns how long to wait until all of them
// have one. Callers that name several limits use the same order, so that two
// transactions cannot deadlock.
func (s *Store) TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error) {
	// The first look does not write, so that a refusal costs little.
	if wait, err = s.untilAttempt(ctx, now, limits); err != nil || wait > 0 {
		return wait, err
	}
	err = s.transactAgain(ctx, func(tx *gorm.DB) error { return takeAttempts(tx, now, limits) })
	if errors.Is(err, gatehouse.ErrNotFound) { // Other requests took the last attempt since the look.
		wait, err = s.untilAttempt(ctx, now, limits)
		return max(wait, time.Millisecond), err
	}
	return 0, s.fail("take an attempt", err)
}

// takeAttempts takes one attempt from each of the limits in a transaction. It returns
// ErrNotFound if one of them has no attempt left.
func takeAttempts(tx *gorm.DB, now time.Time, limits []gatehouse.RateLimit) error {
	for _, l := range limits {
		err := affectedOne(tx.Exec(takeAttempt, map[string]any{
			"id": l.ID, "refill": l.Refill.Milliseconds(), "max": maxLevel(l), "now": millis(now), "ahead": millis(now) + maxClockSkew,
		}))
		if err != nil {
			return err
		}
	}
	return nil
}

// UntilAttempt returns how long it takes until each of the limits has an attempt left. It
// takes nothing.
func (s *Store) UntilAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error) {
	return s.untilAttempt(ctx, now, limits)
}

// untilAttempt returns how long it takes until each of the limits has an attempt left.
func (s *Store) untilAttempt(ctx context.Context, now time.Time, limits []gatehouse.RateLimit) (wait time.Duration, err error) {
	for _, l := range limits {
		var level, updatedAt int64
		switch err := scanOne(s.read(ctx).Raw("SELECT level_ms, updated_at FROM rate_limits WHERE id = ?", l.ID), &level, &updatedAt); {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return 0, s.fail("get a rate limit", err)
		}
		ahead, excess := updatedAt-millis(now), level-maxLevel(l)
		if ahead <= 0 || ahead <= maxClockSkew && excess > 0 {
			wait = max(wait, time.Duration(excess+ahead)*time.Millisecond)
		}
	}
	return wait, nil
}

// maxLevel is the highest level at which a limit has an attempt left.
func maxLevel(l gatehouse.RateLimit) int64 { return int64(l.Burst-1) * l.Refill.Milliseconds() }

// ReturnAttempt gives back what TakeAttempt took.
func (s *Store) ReturnAttempt(ctx context.Context, limits ...gatehouse.RateLimit) error {
	err := s.transactAgain(ctx, func(tx *gorm.DB) error {
		for _, l := range limits {
			if err := tx.Exec(returnAttempt, map[string]any{"id": l.ID, "refill": l.Refill.Milliseconds()}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("return an attempt", err)
}
