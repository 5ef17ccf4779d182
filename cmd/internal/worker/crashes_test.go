package worker

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTheThirdCrashInAMinuteAlertsOnceAndPausesGrow(t *testing.T) {
	var c Crashes
	now := time.Now()
	var pauses []time.Duration
	alerts := 0
	for range 10 {
		pause, alert := c.Add(now)
		if alert {
			alerts++
		}
		pauses = append(pauses, pause)
		now = now.Add(pause + time.Second)
	}
	if alerts != 1 || pauses[0] != 0 || pauses[1] != 0 || pauses[2] != firstPause || pauses[3] != 2*firstPause || pauses[9] != longestPause {
		t.Errorf("%d alerts, pauses %v", alerts, pauses)
	}
	// Well for longer than a minute, the role has a clean slate.
	if pause, alert := c.Add(now.Add(3 * time.Minute)); pause != 0 || alert {
		t.Errorf("a crash after a good time: %v %v", pause, alert)
	}
}

func TestRareCrashesNeverAlert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Crashes
		now := time.Unix(0, 0)
		for range rapid.IntRange(1, 30).Draw(t, "crashes") {
			now = now.Add(crashWindow/2 + time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "gap")))
			if pause, alert := c.Add(now); alert || pause != 0 {
				t.Fatalf("alert %v, pause %v", alert, pause)
			}
		}
	})
}

func TestACrashLoopCostsAtMostAStartAMinuteInTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Crashes
		now, starts := time.Unix(0, 0), 0
		end := now.Add(time.Hour)
		for now.Before(end) {
			starts++
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "life")))
			pause, _ := c.Add(now)
			now = now.Add(pause)
		}
		if starts > 70 {
			t.Fatalf("%d starts in an hour", starts)
		}
	})
}
