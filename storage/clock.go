package storage

import (
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// ClockMark is what the vault remembers of the machine's clock, sealed with its state.
type ClockMark struct {
	// Latest is the latest time that was known to be right.
	Latest time.Time
	// Wall was right when the machine that was started as Boot had run for Uptime. Boot is the kernel's random name of
	// that start; zero: nothing is known.
	Wall   time.Time
	Boot   [16]byte
	Uptime time.Duration
}

// clockSize is the length of a mark in the state record: three times in nanoseconds since 1970, little-endian, 0 for
// none, and the boot's name.
const clockSize = 8 + 8 + 16 + 8

func (m ClockMark) append(b []byte) []byte {
	for _, t := range []time.Time{m.Latest, m.Wall} {
		n := int64(0)
		if !t.IsZero() {
			n = t.UnixNano()
		}
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, m.Boot[:]...)
	return binary.LittleEndian.AppendUint64(b, uint64(m.Uptime))
}

func parseClock(b []byte) (m ClockMark) {
	at := func(b []byte) time.Time {
		if n := int64(binary.LittleEndian.Uint64(b)); n != 0 {
			return time.Unix(0, n).UTC()
		}
		return time.Time{}
	}
	m.Latest, m.Wall = at(b), at(b[8:])
	copy(m.Boot[:], b[16:])
	m.Uptime = time.Duration(binary.LittleEndian.Uint64(b[32:]))
	return m
}

// Clock returns what the vault remembers of the machine's clock; the zero ClockMark where it was told nothing.
func (v *Vault) Clock() ClockMark {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.clock
}

// MarkClock remembers a time that is known to be right. Latest never goes back: an earlier one leaves it where it is.
func (v *Vault) MarkClock(m ClockMark) error { return v.setClock(m, false) }

// ResetClock remembers a time that somebody vouches for, also one that is earlier than what was remembered.
func (v *Vault) ResetClock(m ClockMark) error { return v.setClock(m, true) }

func (v *Vault) setClock(m ClockMark, back bool) error {
	for _, t := range []*time.Time{&m.Latest, &m.Wall} {
		if t.IsZero() {
			continue
		}
		stored, err := storedTime(*t)
		if err != nil {
			return err
		}
		if stored.Year() > 2261 {
			// Nanoseconds in 64 bits end in 2262.
			return fmt.Errorf("time is not set")
		}
		*t = stored
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	if !back && m.Latest.Before(v.clock.Latest) {
		m.Latest = v.clock.Latest
	}
	before := v.clock
	v.clock = m
	err := v.update(func(tx *bolt.Tx) error { return v.putState(tx) })
	if err != nil {
		v.clock = before
	}
	return err
}
