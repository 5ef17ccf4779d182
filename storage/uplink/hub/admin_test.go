package hub

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenin/storage/uplink"
)

func TestTheRunningHubAndItsFolderAnswerTheSame(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	list := someSummaries(t, 700)
	b := newBox(list...)
	c := join(t, h, "ginza-1")
	stopSending := send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	for _, where := range []string{"running", "stopped"} {
		admin, err := OpenAdmin(t.Context(), Options{Dir: dir, MustExist: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, local := admin.(*Hub); local == (where == "running") {
			t.Errorf("%s: it is a %T", where, admin)
		}
		devices, err := admin.Devices(t.Context())
		if err != nil || len(devices) != 1 || devices[0].Name != "ginza-1" || devices[0].Connected != (where == "running") {
			t.Errorf("%s: %+v, %v", where, devices, err)
		}
		count := map[[16]byte]int{}
		var last Received
		if err := admin.Summaries(t.Context(), time.Time{}, func(r Received) error {
			count[r.Summary.ID()]++
			if r.Device != "ginza-1" || r.Sequence < last.Sequence || r.At.Before(last.At) {
				t.Errorf("%s: %+v after %+v", where, r, last)
			}
			last = r
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(count) != len(list) {
			t.Errorf("%s: %d summaries of %d", where, len(count), len(list))
		}
		if err := admin.Summaries(t.Context(), last.At.Add(time.Nanosecond), func(Received) error { return errors.New("there is none") }); err != nil {
			t.Errorf("%s: since after the last: %v", where, err)
		}
		stopped := errors.New("enough")
		if err := admin.Summaries(t.Context(), time.Time{}, func(Received) error { return stopped }); !errors.Is(err, stopped) {
			t.Errorf("%s: %v", where, err)
		}
		if _, _, err := admin.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute}); !errors.Is(err, ErrTaken) {
			t.Errorf("%s: %v", where, err)
		}
		if _, _, err := admin.Enrol(t.Context(), EnrolOptions{Name: "銀座", Valid: time.Minute}); !errors.Is(err, uplink.ErrName) {
			t.Errorf("%s: %v", where, err)
		}
		if _, err := admin.Revoke(t.Context(), "nobody"); !errors.Is(err, ErrNoDevice) {
			t.Errorf("%s: %v", where, err)
		}
		if where == "stopped" {
			if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrInUse) {
				t.Errorf("two hubs on a folder: %v", err)
			}
			if n, err := admin.Revoke(t.Context(), "ginza-1"); err != nil || n != 0 {
				t.Errorf("%d, %v", n, err)
			}
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
		stopSending()
		stop()
	}
}

func TestSinceFindsTheFirstMessageThatCameThenOrLater(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	for range 6 {
		b := newBox(someSummaries(t, 3)...)
		stop := send(t, c, b, uplink.SenderOptions{})
		b.drained(t)
		stop()
	}
	var all []Received
	if err := h.Summaries(t.Context(), time.Time{}, func(r Received) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, from := range all {
		want := 0
		for _, r := range all {
			if !r.At.Before(from.At) {
				want++
			}
		}
		got := 0
		if err := h.Summaries(t.Context(), from.At, func(Received) error { got++; return nil }); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("since %v: %d, want %d", from.At, got, want)
		}
	}
}

func TestLookingMakesNoHub(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := OpenAdmin(t.Context(), Options{Dir: dir, MustExist: true}); !errors.Is(err, ErrNoHub) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made the folder: %v", err)
	}
}

func TestAHubsFolderIsReadableByItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hub")
	_, stop := open(t, Options{Dir: dir})
	stop()
	for _, name := range []string{"", authorityFile, authorityKey, serverFile, serverKey, registryFile, ledgerFile, lockFile, streamFolder} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q has mode %v", name, info.Mode())
		}
	}
	if err := os.Chmod(filepath.Join(dir, authorityKey), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrNotPrivate) {
		t.Errorf("a key that others may read: %v", err)
	}
}

func TestADamagedFolderIsSaidToBe(t *testing.T) {
	for name, ruin := range map[string]string{
		authorityFile: "x", authorityKey: "x", serverFile: "x", serverKey: "x", registryFile: "{}",
	} {
		dir := t.TempDir()
		_, stop := open(t, Options{Dir: dir})
		stop()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(ruin), 0o600); err != nil {
			t.Fatal(err)
		}
		if h, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = h.Close()
			}
		}
	}
	// A lost authority is not replaced in silence: every device would refuse it.
	dir := t.TempDir()
	_, stop := open(t, Options{Dir: dir})
	stop()
	if err := os.Remove(filepath.Join(dir, authorityFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Options{Dir: dir}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a lost authority: %v", err)
	}
}
