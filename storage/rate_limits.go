package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"

	"gatehouse"
)

// budgetSkew is how far the clocks of nodes may be apart. Within it a budget's time
// never goes back, or each change of the node would pay off some of the debt. What
// comes from further ahead is from a clock that was wrong, and counts for nothing:
// it would keep people out for as long.
const budgetSkew = int64(10 * time.Minute / time.Millisecond)

// restOfDebt is what is left of a debt now. Time that has passed pays it off.
const restOfDebt = "CASE WHEN budgets.at > ? THEN 0 WHEN budgets.at >= ? THEN budgets.debt WHEN budgets.debt > ? - budgets.at THEN budgets.debt - (? - budgets.at) ELSE 0 END"

const takeTry = "INSERT INTO budgets (id, debt, at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE " +
	"SET debt = " + restOfDebt + " + ?, at = CASE WHEN budgets.at > ? AND budgets.at <= ? THEN budgets.at ELSE ? END " +
	"WHERE " + restOfDebt + " <= ?"

// TakeAttempt takes one try from each of the limits, or nothing: then it returns how long
// to wait until all of them have one. Whoever takes from several names them in the
// same order.
func (s *Store) TakeAttempt(ctx context.Context, now time.Time, limits ...gatehouse.RateLimit) (wait time.Duration, err error) {
	// First without a write: being refused costs little.
	if wait, err = s.untilTry(ctx, now, limits); err != nil || wait > 0 {
		return wait, err
	}
	err = s.transact(ctx, func(tx *gorm.DB) error {
		for _, b := range limits {
			at, price := millis(now), b.Refill.Milliseconds()
			ahead := at + budgetSkew
			err := affectedOne(tx.Exec(takeTry, b.ID, price, at,
				ahead, at, at, at, price, at, ahead, at,
				ahead, at, at, at, mostDebt(b)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, gatehouse.ErrNotFound) { // others were first
		wait, err = s.untilTry(ctx, now, limits)
		return max(wait, time.Millisecond), err
	}
	return 0, s.fail("take a try", err)
}

func (s *Store) untilTry(ctx context.Context, now time.Time, limits []gatehouse.RateLimit) (wait time.Duration, err error) {
	for _, b := range limits {
		var debt, at int64
		switch err := scanOne(s.read(ctx).Raw("SELECT debt, at FROM budgets WHERE id = ?", b.ID), &debt, &at); {
		case errors.Is(err, sql.ErrNoRows):
			continue
		case err != nil:
			return 0, s.fail("get a budget", err)
		}
		ahead, excess := at-millis(now), debt-mostDebt(b)
		if ahead <= 0 || ahead <= budgetSkew && excess > 0 {
			wait = max(wait, time.Duration(excess+ahead)*time.Millisecond)
		}
	}
	return wait, nil
}

// mostDebt is how much a budget may owe for a try to be left.
func mostDebt(b gatehouse.RateLimit) int64 { return int64(b.Burst-1) * b.Refill.Milliseconds() }

// ReturnAttempt gives back what TakeAttempt took.
func (s *Store) ReturnAttempt(ctx context.Context, limits ...gatehouse.RateLimit) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		for _, b := range limits {
			price := b.Refill.Milliseconds()
			if err := tx.Exec("UPDATE budgets SET debt = CASE WHEN debt > ? THEN debt - ? ELSE 0 END WHERE id = ?", price, price, b.ID).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("return a try", err)
}
