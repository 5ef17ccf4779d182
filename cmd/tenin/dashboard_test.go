package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/kiosk"
)

func TestTheListOfCallsHasALineForEachThingThatHappens(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	call := kiosk.Call{ID: "a", Kiosk: "3", Topic: "修理", Language: "ja", Since: start}
	other := kiosk.Call{ID: "b", Kiosk: "1", Language: "zh", Since: start.Add(20 * time.Second)}
	late, taken := call, call
	late.Late = true
	taken.Late, taken.Taken, taken.By = true, start.Add(time.Minute), "佐藤"
	for _, as := range []struct {
		json bool
		want string
	}{
		{false, "12:00:30  waiting  kiosk 3, 修理, waited 30s|12:00:30  called   kiosk 1, topic not known, speaks zh|12:00:30  late     kiosk 3, 修理, waited 30s|12:00:30  taken    kiosk 3, 修理, 佐藤 is on the way, waited 30s|12:00:30  handled  kiosk 3, 修理, waited 30s|"},
		{true, "waiting a|called b|late a|taken a|handled a|"},
	} {
		var out bytes.Buffer
		list := callList{out: &out, json: as.json, now: func() time.Time { return start.Add(30 * time.Second) }}
		var rang []bool
		for _, calls := range [][]kiosk.Call{{call}, {call, other}, {call, other}, {late, other}, {taken, other}, {other}} {
			rings, err := list.take(kiosk.Situation{Calls: calls})
			if err != nil {
				t.Fatal(err)
			}
			rang = append(rang, rings)
		}
		got := strings.ReplaceAll(out.String(), "\n", "|")
		if as.json {
			got = ""
			for line := range strings.Lines(out.String()) {
				var c callJSON
				if err := json.Unmarshal([]byte(line), &c); err != nil || c.Waited < 10 {
					t.Fatalf("%s: %v", line, err)
				}
				got += c.Event + " " + c.Call + "|"
			}
		}
		if got != as.want {
			t.Errorf("got  %s\nwant %s", got, as.want)
		}
		if want := []bool{true, true, false, true, false, false}; !equalBools(rang, want) {
			t.Errorf("it rang %v, want %v", rang, want)
		}
	}
}

func equalBools(a, b []bool) bool {
	for i := range a {
		if len(a) != len(b) || a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestASizeOfAWindowIsTwoNumbers(t *testing.T) {
	for text, ok := range map[string]bool{"": true, "1280x720": true, "1280": false, "x": false, "0x0": false, "1280x720x3": false, "-1x720": false, "99999x99999": false} {
		if _, _, err := windowSize(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheChimeIsHeardAndDoesNotClip(t *testing.T) {
	most := float32(0)
	clip := chime()
	for _, s := range clip.Samples {
		most = max(most, s, -s)
	}
	if most < 0.2 || most > 0.9 || clip.Duration() > 2*time.Second {
		t.Errorf("its peak is %.2f, it lasts %v", most, clip.Duration())
	}
}
