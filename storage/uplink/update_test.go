package uplink

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Report{
			Running: rapid.Int64Range(0, math.MaxInt64).Draw(t, "running"), State: rapid.SampledFrom(states).Draw(t, "state"),
			Floor: rapid.Int64Range(0, math.MaxInt64).Draw(t, "floor"),
			Last: Outcome{
				Version: rapid.Int64Range(0, math.MaxInt64).Draw(t, "version"), Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
				Reason: rapid.SampledFrom(reasons).Draw(t, "reason"), At: rapid.Int64Range(0, math.MaxInt64).Draw(t, "at"),
			},
		}
		b, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := DecodeReport(b); err != nil || again != r || len(b) > maxReport {
			t.Fatalf("%+v, %v", again, err)
		}
	})
}

func TestAReportHoldsNoWordThatIsNotOnTheList(t *testing.T) {
	good := Report{Running: 3, State: "blessed", Last: Outcome{Version: 4, Outcome: "taken-back", Reason: "boot", At: 5}}
	for what, f := range map[string]func(*Report){
		"a state":            func(r *Report) { r.State = "田中" },
		"an outcome":         func(r *Report) { r.Last.Outcome = "tanaka" },
		"a reason":           func(r *Report) { r.Last.Reason = "03-1234-5678" },
		"a negative version": func(r *Report) { r.Running = -1 },
	} {
		r := good
		f(&r)
		if _, err := r.Encode(); !errors.Is(err, ErrUpdate) {
			t.Errorf("%s: %v", what, err)
		}
	}
	b, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]string{
		"one word more":   strings.Replace(string(b), "}}", `},"text":"x"}`, 1),
		"a space":         " " + string(b),
		"a doubled field": strings.Replace(string(b), `{"running":3`, `{"running":9,"running":3`, 1),
		"two reports":     string(b) + string(b),
		"another case":    strings.Replace(string(b), "running", "Running", 1),
		"a float":         strings.Replace(string(b), ":3,", ":3.0,", 1),
		"nothing":         "",
	} {
		if _, err := DecodeReport([]byte(s)); !errors.Is(err, ErrUpdate) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if Known("kiosk") != "kiosk" || Known("a newer updater's word") != "internal" {
		t.Error("reasons")
	}
}

func FuzzMessagesAboutUpdatesAreRefusedOrWhatWasWritten(f *testing.F) {
	report, _ := Report{Running: 1, State: "trial"}.Encode()
	reply, _ := Reply{Offer: &Offer{Version: 2, Size: 5, SHA256: make([]byte, 32)}, Nonce: make([]byte, 32)}.Encode()
	f.Add(report)
	f.Add(reply)
	f.Add(Read{2, 65536, 100}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := DecodeReport(b); err == nil {
			if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Error("a report")
			}
		}
		if r, err := DecodeReply(b); err == nil {
			if again, err := r.Encode(); err != nil || !bytes.Equal(again, b) {
				t.Error("a reply")
			}
		}
		if r, err := DecodeRead(b); err == nil && !bytes.Equal(r.Encode(), b) {
			t.Error("a read")
		}
	})
}

func FuzzASubjectNamesOneDevice(f *testing.F) {
	f.Add("tenin.update.UA")
	f.Fuzz(func(t *testing.T, s string) {
		if key, ok := SenderOf(s); ok {
			found := false
			for _, mine := range SubjectsOf(key) {
				found = found || mine == s
			}
			if !found {
				t.Errorf("%q is of %q", s, key)
			}
		}
	})
}
