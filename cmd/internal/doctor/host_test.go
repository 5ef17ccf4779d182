package doctor

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSwapThatIsEncryptedOrInMemoryIsNotOpen(t *testing.T) {
	table := "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" +
		"/dev/zram0 partition 100 0 100\n/dev/dm-1 partition 100 0 -2\n/dev/dm-2 partition 100 0 -3\n/swapfile file 100 0 -4\n"
	uuids := map[string]string{"/dev/dm-1": "CRYPT-PLAIN-swap", "/dev/dm-2": "LVM-abc"}
	got := openSwaps(table, func(device string) string { return uuids[device] })
	if want := []string{"/dev/dm-2", "/swapfile"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := openSwaps("Filename Type Size Used Priority\n", func(string) string { return "" }); len(got) != 0 {
		t.Errorf("no swap at all: %q", got)
	}
}

func TestCoresAreJudgedByPatternAndLimit(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		limit   uint64
		want    State
		text    string
	}{
		{"core", 0, OK, "limit is 0"},
		{"core", 1 << 20, Warn, "a file"},
		{"|/usr/lib/systemd/systemd-coredump %P %u", 0, Warn, "piped to /usr/lib/systemd/systemd-coredump,"},
		{"|/usr/share/apport/apport", 0, Warn, "piped to /usr/share/apport/apport,"},
	} {
		state, text, do := judgeCores(tc.pattern, tc.limit)
		if state != tc.want || !strings.Contains(text, tc.text) || (state == OK) != (do == "") {
			t.Errorf("%q, %d: %s %q %q", tc.pattern, tc.limit, state, text, do)
		}
	}
}

func TestAClockThatCannotBeRightFails(t *testing.T) {
	built := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for name, tc := range map[string]struct {
		now, built, newest time.Time
		synchronised       bool
		want               State
	}{
		"right":                  {built.Add(30 * day), built, built.Add(29 * day), true, OK},
		"nothing known":          {built, time.Time{}, time.Time{}, true, OK},
		"built in another zone":  {built.Add(-12 * time.Hour), built, time.Time{}, true, OK},
		"before the build":       {built.Add(-2 * day), built, time.Time{}, true, Fail},
		"at the epoch":           {time.Unix(0, 0), built, time.Time{}, false, Fail},
		"a century later":        {built.AddDate(100, 0, 0), built, time.Time{}, true, Fail},
		"set back":               {built.Add(10 * day), built, built.Add(11 * day), true, Fail},
		"a moment's difference":  {built.Add(10 * day), built, built.Add(10*day + time.Second), true, OK},
		"right, but nobody's":    {built.Add(10 * day), built, time.Time{}, false, Warn},
		"set back, with no sync": {built.Add(10 * day), built, built.Add(11 * day), false, Fail},
	} {
		state, text, do := judgeClock(tc.now, tc.built, tc.newest, tc.synchronised)
		if state != tc.want || text == "" || (state == OK) != (do == "") {
			t.Errorf("%s: %s %q %q", name, state, text, do)
		}
	}
}

func TestTheMachinesSwapCoresAndClockAreLookedAt(t *testing.T) {
	seen := map[string]bool{}
	Examine(context.Background(), Options{Home: newHome(t), Part: "machine"}, func(f Finding) { seen[f.Check] = true })
	for _, check := range []string{"swap", "cores_of_crashes", "clock"} {
		if !seen[check] {
			t.Errorf("%s was not looked at", check)
		}
	}
}
