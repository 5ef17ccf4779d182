package kiosk

import (
	"fmt"
	"time"

	"tenin/cmd/internal/clock"
	"tenin/storage"
)

// markEvery is how old the last time that the vault remembers may become: each mark is a write to the disk.
const markEvery = 10 * time.Minute

// ClockTrust judges the machine's time by what the vault remembers of it. A time that is trusted is remembered in turn.
// Whoever writes a day, or does something because a day is over, asks this first.
func ClockTrust(vault *storage.Vault) (clock.Trust, error) {
	e := clock.Look(vault.Clock())
	t := clock.Judge(e)
	if !t.Trusted {
		return t, nil
	}
	next := e.MarkOf(t)
	if next.Boot == e.Mark.Boot && next.Latest.Sub(e.Mark.Latest).Abs() < markEvery {
		return t, nil
	}
	return t, vault.MarkClock(next)
}

// ClockTrust is the function of that name, for the clerk's vault; without a vault, by what the machine shows alone.
func (c *Clerk) ClockTrust() (clock.Trust, error) {
	if c.vault == nil {
		return clock.Judge(clock.Look(storage.ClockMark{})), nil
	}
	return ClockTrust(c.vault)
}

// forgetIfTrusted is forget, unless nobody vouches for the time: a conversation that is erased because the clock is wrong
// is gone. What is then kept for longer than it should be is said.
func (c *Clerk) forgetIfTrusted() error {
	trust, err := c.ClockTrust()
	if err != nil {
		return err
	}
	if err := trust.Allows(clock.Retention); err != nil {
		expired, xerr := c.expired(trust.Now)
		if xerr == nil && len(expired) > 0 && c.options.Notice != nil {
			c.options.Notice(fmt.Sprintf("%d conversations would be erased by their age: %v", len(expired), err))
		}
		return xerr
	}
	return c.forget(trust.Now)
}

// expired lists the sessions that are older than the shop's retention.
func (c *Clerk) expired(now time.Time) (ids []storage.ID, err error) {
	sessions, err := c.vault.Sessions()
	limit := now.AddDate(0, 0, -c.options.Config.Retention.Days)
	for _, s := range sessions {
		if s.Err == nil && s.Started.Before(limit) {
			ids = append(ids, s.ID)
		}
	}
	return ids, err
}
