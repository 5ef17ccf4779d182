package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestAHealthyVersionPassesEveryCheckInItsTime(t *testing.T) {
	asked := 0
	var told []string
	checks := []Check{
		{"slow", ReasonKiosk, func(context.Context) error {
			if asked++; asked < 4 {
				return errors.New("not yet")
			}
			return nil
		}},
		{"quick", ReasonModels, func(context.Context) error { return nil }},
	}
	err := Health(t.Context(), checks, time.Minute, time.Millisecond, func(c Check, err error, _ time.Duration) { told = append(told, c.Name) })
	if err != nil || asked != 4 || !slices.Equal(told, []string{"slow", "quick"}) {
		t.Errorf("%v, asked %d, told %v", err, asked, told)
	}
}

func TestTheFirstCheckThatFailsIsTheReason(t *testing.T) {
	broken := func(context.Context) error { return fmt.Errorf("here: %w", Never(errors.New("broken"))) }
	hangs := func(ctx context.Context) error { select {} }
	fails := func(context.Context) error { return errors.New("no answer") }
	for _, test := range []struct {
		run   func(context.Context) error
		limit time.Duration
	}{{broken, time.Hour}, {hangs, 20 * time.Millisecond}, {fails, 20 * time.Millisecond}} {
		after := false
		err := Health(t.Context(), []Check{
			{"good", ReasonKiosk, func(context.Context) error { return nil }},
			{"bad", ReasonQuestion, test.run},
			{"after", ReasonModels, func(context.Context) error { after = true; return nil }},
		}, test.limit, time.Millisecond, func(Check, error, time.Duration) {})
		if ReasonOf(err) != ReasonQuestion || after {
			t.Errorf("%v, went on: %v", err, after)
		}
	}
}

func TestTheServiceRestartsWhenNobodyIsServedAndNotBefore(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	d.drop(t, "tenin_2.bundle", signed(t, build(2, 2, 0, false), signer))
	now := time.Unix(1_800_000_000, 0)
	d.o.Now = func() time.Time { return now }
	looks, restarted := 0, 0
	free := func(context.Context) (time.Time, bool) {
		looks++
		now = now.Add(time.Minute)
		if looks == 2 {
			// A newer one comes while somebody is served.
			d.drop(t, "tenin_3.bundle", signed(t, build(3, 3, 0, false), signer))
		}
		return time.Unix(1_800_000_000+5*60, 0), looks > 5
	}
	restart := func(context.Context) error { restarted = looks; return nil }
	var told []int64
	err := Serve(t.Context(), d.o, Patience{2 * time.Minute, time.Hour, time.Millisecond}, free, restart, func(o Outcome) { told = append(told, o.Version) })
	if err != nil || restarted != 7 || !slices.Equal(told, []int64{2, 3}) {
		t.Errorf("%v, restarted after %d looks, told %v", err, restarted, told)
	}
	if got := d.offered(t); !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("offered %v", got)
	}
	// Somebody who stays all day is interrupted at last.
	d = newFileDevice(t, build(1, 1, 0, false))
	d.drop(t, "tenin_2.bundle", signed(t, build(2, 2, 0, false), signer))
	d.o.Now = func() time.Time { return now }
	restarted = 0
	busy := func(context.Context) (time.Time, bool) { now = now.Add(10 * time.Minute); return time.Time{}, false }
	if err := Serve(t.Context(), d.o, Patience{2 * time.Minute, time.Hour, time.Millisecond}, busy, func(context.Context) error { restarted++; return nil }, func(Outcome) {}); err != nil || restarted != 1 {
		t.Errorf("%v, %d", err, restarted)
	}
}

func TestWithoutABundleTheServiceEndsAndHasSettled(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	none := func(context.Context) (time.Time, bool) { t.Error("asked"); return time.Time{}, false }
	floor := &fakeFloor{}
	d.o.Floor = floor
	if err := Serve(t.Context(), d.o, Manners, none, func(context.Context) error { t.Error("restarted"); return nil }, func(Outcome) {}); err != nil {
		t.Fatal(err)
	}
	if r := d.result(t); floor.value != 1 || r.Floor != 1 || r.Running.State != StateBlessed {
		t.Errorf("floor %d, %+v", floor.value, r)
	}
	if s, err := ReadStatus(d.o); err != nil || s.Next != 1 || len(s.Versions) != 1 || s.Versions[0].Slot != "root-a" || len(s.Slots) != 4 || s.Slots[0].Slot != "root-a" || !s.Slots[0].Runs {
		t.Errorf("%+v, %v", s, err)
	}
	floor.err = errDisk
	if s, err := ReadStatus(d.o); err != nil || s.Problem == "" || s.Running.State != StateFloor {
		t.Errorf("%+v, %v", s, err)
	}
	if names, err := filepath.Glob(filepath.Join(d.o.Machine.Drop, "*.new")); err != nil || len(names) != 0 {
		t.Errorf("left: %v, %v", names, err)
	}
	// An ESP that is not mounted says nothing of what is on trial, and nothing is concluded from it.
	if err := os.RemoveAll(filepath.Join(d.o.Machine.ESP, "EFI")); err != nil {
		t.Fatal(err)
	}
	if s, err := ReadStatus(d.o); err == nil {
		t.Errorf("without an ESP: %+v", s)
	}
	if _, err := Settle(d.o); err == nil {
		t.Error("it is settled without an ESP")
	}
}
