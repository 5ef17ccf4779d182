package clock

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/storage"
)

var (
	built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	today = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	boot  = [16]byte{1, 2, 3}
)

func TestATimeIsTrustedForAReasonOrNotAtAll(t *testing.T) {
	const hour = time.Hour
	confirmed := storage.ClockMark{Latest: today.Add(-hour), Wall: today.Add(-hour), Boot: boot, Uptime: hour}
	earlier := storage.ClockMark{Latest: today.Add(-48 * hour), Wall: today.Add(-48 * hour), Boot: [16]byte{9}, Uptime: 5 * hour}
	battery := Hardware{Present: true, Time: today.Add(time.Second)}
	for name, tc := range map[string]struct {
		e    Evidence
		want Reason
	}{
		"a time server keeps it":                   {Evidence{Synchronised: true}, Kept},
		"the hub agrees":                           {Evidence{Hub: today.Add(-hour + time.Second), HubAt: hour, Uptime: 2 * hour}, HubAgrees},
		"somebody looked at it":                    {Evidence{Mark: confirmed, Boot: boot, Uptime: 2 * hour}, Confirmed},
		"the battery ran on":                       {Evidence{Mark: earlier, Boot: boot, Hardware: battery}, Carried},
		"nobody looked":                            {Evidence{}, NoWitness},
		"no battery":                               {Evidence{Mark: earlier, Boot: boot}, NoWitness},
		"an empty battery":                         {Evidence{Mark: earlier, Boot: boot, Hardware: Hardware{Present: true, Time: today, Flat: true}}, NoWitness},
		"a battery of another time":                {Evidence{Mark: earlier, Boot: boot, Hardware: Hardware{Present: true, Time: today.Add(hour)}}, NoWitness},
		"a battery, and never right before":        {Evidence{Boot: boot, Hardware: battery}, NoWitness},
		"a battery, after a year in a store":       {Evidence{Mark: storage.ClockMark{Latest: today.AddDate(-1, 0, 0)}, Hardware: battery}, NoWitness},
		"it began in 1970":                         {Evidence{Now: time.Unix(100, 0)}, BeforeBuild},
		"it began in 1970, a time server says":     {Evidence{Now: time.Unix(100, 0), Synchronised: true}, BeforeBuild},
		"it goes on from when it was switched off": {Evidence{Mark: storage.ClockMark{Latest: today.Add(-time.Minute)}, Boot: boot}, NoWitness},
		"earlier than it was":                      {Evidence{Mark: storage.ClockMark{Latest: today.Add(hour)}, Synchronised: true}, BeforeLast},
		"far in the future":                        {Evidence{Now: today.AddDate(20, 0, 0), Synchronised: true}, FarAhead},
		"the hub has another":                      {Evidence{Hub: today.Add(hour), Synchronised: true}, HubDiffers},
		"set since somebody looked":                {Evidence{Mark: confirmed, Boot: boot, Uptime: 3 * hour}, Stepped},
		"the kernel does not name its start":       {Evidence{Mark: storage.ClockMark{Latest: today, Wall: today}}, NoWitness},
	} {
		e := tc.e
		if e.Now.IsZero() {
			e.Now = today
		}
		e.Built = built
		got := Judge(e)
		trusted := map[Reason]bool{Kept: true, HubAgrees: true, Confirmed: true, Carried: true}[tc.want]
		if got.Reason != tc.want || got.Trusted != trusted || got.Why() == "" {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
		for _, u := range Uses() {
			if err := got.Allows(u); (err == nil) != trusted || err != nil && (!errors.Is(err, ErrUntrusted) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%s, %s: %v", name, string(u), err)
			}
		}
		if (got.Day() == "") == trusted || (len(got.Refused()) == 0) != trusted {
			t.Errorf("%s: day %q, refused %v", name, got.Day(), got.Refused())
		}
	}
}

func TestEachUseSaysWhatItsRefusalMeans(t *testing.T) {
	for _, u := range Uses() {
		if u.String() == "" {
			t.Errorf("%s has no words", string(u))
		}
	}
}

// TestAClockThatIsTrustedIsRight walks through starts, runs and changes of the clock, and
// compares what is trusted with what is true.
func TestAClockThatIsTrustedIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth, shown := today, today
		up, starts := time.Duration(0), byte(1)
		mark := storage.ClockMark{}
		// A machine without a battery and without a network: only people can help it.
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0: // it runs
				d := time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour
				truth, shown, up = truth.Add(d), shown.Add(d), up+d
			case 1: // it is off, and goes on from then
				truth = truth.Add(time.Duration(rapid.IntRange(1, 1000).Draw(t, "hours off")) * time.Hour)
				starts++
				up = 0
			case 2: // somebody sets it to anything
				shown = shown.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours set")) * time.Hour)
			case 3: // somebody looks at it, and sets it right
				shown = truth
				e := Evidence{Now: shown, Built: built, Boot: [16]byte{starts}, Uptime: up}
				mark = e.MarkOf(Trust{Trusted: true, Reason: Confirmed})
			}
			e := Evidence{Now: shown, Built: built, Mark: mark, Boot: [16]byte{starts}, Uptime: up}
			trust := Judge(e)
			if trust.Trusted && !near(shown, truth) {
				t.Fatalf("%v is trusted (%s), and it is %v", shown, trust.Reason, truth)
			}
			if trust.Trusted {
				next := e.MarkOf(trust)
				if next.Latest.Before(mark.Latest) {
					t.Fatalf("the mark went back from %v to %v", mark.Latest, next.Latest)
				}
				mark = next
			}
		}
	})
}

func TestTheHardwareClockIsReadAsTheKernelShowsIt(t *testing.T) {
	dir := t.TempDir()
	driver := filepath.Join(dir, "driver")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if h := hardware(filepath.Join(dir, "class"), driver); h.Present {
		t.Errorf("%+v", h)
	}
	write("class/rtc1/since_epoch", "5\n")
	write("class/rtc1/hctosys", "0\n")
	if h := hardware(filepath.Join(dir, "class"), driver); h.Present {
		t.Errorf("a clock that the kernel did not take: %+v", h)
	}
	write("class/rtc0/since_epoch", "1795341600\n")
	write("class/rtc0/hctosys", "1\n")
	write("driver", "rtc_time\t: 10:00:00\nbatt_status\t: okay\n")
	if h := hardware(filepath.Join(dir, "class"), driver); !h.Present || h.Flat || h.Time.Unix() != 1795341600 {
		t.Errorf("%+v", h)
	}
	write("driver", "batt_status\t: dead\n")
	if h := hardware(filepath.Join(dir, "class"), driver); !h.Flat {
		t.Errorf("%+v", h)
	}
}

func TestThisMachineCanBeLookedAt(t *testing.T) {
	e := Look(storage.ClockMark{})
	if e.Now.IsZero() || e.Uptime <= 0 {
		t.Errorf("%+v", e)
	}
}
