package slack

import (
	"testing"
	"time"
)

func TestALimitIsStretchedByAFactorThatIsANumberOfUse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": time.Second, "1": time.Second, "20": 20 * time.Second, "100": 100 * time.Second,
		"0": time.Second, "-3": time.Second, "101": time.Second, "1.5": time.Second, "ten": time.Second,
	} {
		t.Setenv(Variable, text)
		if got := Times(time.Second); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
