package main

import (
	"log/slog"
	"time"
)

const (
	// clockJump is what is no longer the slow correction that clocks always get.
	clockJump = 30 * time.Second
	// clockPause is how long nothing is deleted after a jump, which may have been
	// wrong: time to set the clock right.
	clockPause = 15 * time.Minute
	// clockWarning is when a node is told apart from its database.
	clockWarning = 5 * time.Second
)

// reapClock is the time for deleting what has expired. A clock that is wrong for a
// while refuses what is valid for a while; what was deleted would be lost for good.
type reapClock struct {
	log     *slog.Logger
	started time.Time // with its monotonic reading, which no setting of the clock changes
	offset  time.Duration
	paused  time.Duration // until so long after the start
}

func startReapClock(log *slog.Logger) *reapClock {
	return &reapClock{log: log, started: time.Now()}
}

// compare warns of a clock that is not the database's.
func (c *reapClock) compare(ahead time.Duration) {
	if ahead.Abs() >= clockWarning {
		c.log.Warn("this node's clock and the database's differ: have both set by NTP", "ahead", ahead.String())
	}
}

// now is the time, by the slower of this node's clock and its database's. It is
// not ok while the clock was set lately.
func (c *reapClock) now(ahead time.Duration) (now time.Time, ok bool) {
	wall, up := time.Now().Round(0), time.Since(c.started)
	if !c.settled(wall.Sub(c.started.Round(0)), up) {
		return time.Time{}, false
	}
	return wall.Add(-max(ahead, 0)), true
}

// settled reports whether the clock went its way lately: walled is how far it went
// since the start, and up how long that is.
func (c *reapClock) settled(walled, up time.Duration) bool {
	if offset := walled - up; (offset - c.offset).Abs() >= clockJump {
		c.log.Warn("the clock was set: nothing that has expired is deleted for a while, in case that was wrong", "by", (offset - c.offset).String(), "wait", clockPause.String())
		c.offset, c.paused = offset, up+clockPause
	}
	return up >= c.paused
}
