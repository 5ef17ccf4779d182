package storage

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTheVaultRemembersTheClockAndItDoesNotGoBack(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	if v.Clock() != (ClockMark{}) {
		t.Fatalf("a new vault remembers %+v", v.Clock())
	}
	later := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	mark := ClockMark{Latest: later, Wall: later, Boot: [16]byte{1, 2}, Uptime: time.Hour}
	if err := v.MarkClock(mark); err != nil {
		t.Fatal(err)
	}
	if err := v.MarkClock(ClockMark{Latest: later.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := v.Clock(); !got.Latest.Equal(later) || !got.Wall.IsZero() {
		t.Fatalf("after an earlier time: %+v", got)
	}
	if err := v.MarkClock(mark); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = openVault(t, home)
	if v.Clock() != mark {
		t.Fatalf("after a restart: %+v, want %+v", v.Clock(), mark)
	}
	if err := v.ResetClock(ClockMark{Latest: later.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := v.Clock().Latest; !got.Equal(later.Add(-time.Hour)) {
		t.Fatalf("after somebody vouched for an earlier time: %v", got)
	}
	if err := v.MarkClock(ClockMark{Latest: time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Fatal("a time that cannot be stored was taken")
	}
}

func TestAMarkOfTheClockReadsAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			if n := rapid.Int64Range(0, 1<<62).Draw(t, name); n > 0 {
				return time.Unix(0, n).UTC()
			}
			return time.Time{}
		}
		m := ClockMark{Latest: at("latest"), Wall: at("wall"), Uptime: time.Duration(rapid.Int64Min(0).Draw(t, "uptime"))}
		copy(m.Boot[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "boot"))
		b := m.append(nil)
		if len(b) != clockSize || parseClock(b) != m {
			t.Fatalf("%+v became %+v", m, parseClock(b))
		}
	})
}
