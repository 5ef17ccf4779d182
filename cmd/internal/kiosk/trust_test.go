package kiosk

import (
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/clock"
	"tenin/storage"
)

func TestNothingIsErasedByAgeWhileTheClockIsNotTrusted(t *testing.T) {
	var said []string
	clerk, _ := openFake(t, parking, func(o *Options) { o.Notice = func(line string) { said = append(said, line) } })
	old, err := clerk.vault.Begin(storage.SessionMeta{Started: time.Now().AddDate(0, 0, -clerk.options.Config.Retention.Days-1), Source: storage.FromText()})
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		t.Helper()
		list, err := clerk.vault.Sessions()
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	// The vault knows a later time than the machine's: whatever keeps that clock, it is wrong.
	if err := clerk.vault.MarkClock(storage.ClockMark{Latest: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := clerk.forgetIfTrusted(); err != nil || left() != 1 {
		t.Fatalf("%d left, %v", left(), err)
	}
	if len(said) == 0 || !strings.Contains(said[len(said)-1], "1 conversations would be erased") || strings.Contains(said[len(said)-1], "\n") {
		t.Errorf("%q", said)
	}
	// Somebody looks at a watch.
	e := clock.Look(storage.ClockMark{})
	if err := clerk.vault.ResetClock(e.MarkOf(clock.Trust{Trusted: true, Reason: clock.Confirmed})); err != nil {
		t.Fatal(err)
	}
	if trust, err := clerk.ClockTrust(); err != nil || !trust.Trusted {
		t.Fatalf("%+v, %v", trust, err)
	}
	if err := clerk.forgetIfTrusted(); err != nil || left() != 0 {
		t.Errorf("%d left, %v", left(), err)
	}
}

func TestARunningKioskErasesWhatGrowsTooOld(t *testing.T) {
	hands := &clockwork{at: time.Now()}
	clerk, _ := openFake(t, parking, func(o *Options) { o.now = hands.now })
	must(t, clerk.vault.ResetClock(clock.Look(storage.ClockMark{}).MarkOf(clock.Trust{Trusted: true, Reason: clock.Confirmed})))
	old, err := clerk.vault.Begin(storage.SessionMeta{Started: time.Now().AddDate(0, 0, -clerk.options.Config.Retention.Days-1), Source: storage.FromText()})
	must(t, err)
	must(t, old.Close())
	young, err := clerk.vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText()})
	must(t, err)
	must(t, young.Close())
	hands.set(time.Now().Add(retireEvery))
	clerk.Backroom().wake()
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		list, err := clerk.vault.Sessions()
		must(t, err)
		if len(list) == 1 && list[0].Started.After(time.Now().Add(-time.Hour)) {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d sessions are left", len(list))
		}
	}
}
