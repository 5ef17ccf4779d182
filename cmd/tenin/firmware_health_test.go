package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/firmware/update"
)

// TestAKioskThatIsStartedInVainIsNotWaitedFor: systemd starts it again for as long as there is power, so it never has failed for
// systemd, and a version on trial must not take its whole time for that.
func TestAKioskThatIsStartedInVainIsNotWaitedFor(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	systemctl := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	check := func(name string) update.Check {
		for _, c := range healthChecks(filepath.Join(bin, "home"), update.Options{}, false) {
			if c.Name == name {
				return c
			}
		}
		t.Fatalf("there is no check %q", name)
		return update.Check{}
	}("the kiosk serves")
	health := func() (string, bool) {
		var text string
		err := update.Health(context.Background(), []update.Check{check}, 300*time.Millisecond, 10*time.Millisecond, func(_ update.Check, err error, _ time.Duration) {
			text = err.Error()
		})
		return text, err != nil && update.ReasonOf(err) == update.ReasonKiosk
	}
	for script, want := range map[string]string{
		`case $1 in is-failed) exit 1 ;; show) echo 2 ;; esac`: "not in time",
		`case $1 in is-failed) exit 1 ;; show) echo 7 ;; esac`: "started anew 7 times",
		`case $1 in is-failed) exit 0 ;; esac`:                 "has failed",
	} {
		systemctl(script)
		if text, ok := health(); !ok || !strings.Contains(text, want) {
			t.Errorf("%s: %s", script, text)
		}
	}
}
