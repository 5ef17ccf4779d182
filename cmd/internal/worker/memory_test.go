package worker

import "testing"

func TestTheProportionalSetSizeIsReadInBytes(t *testing.T) {
	const rollup = "55d0-7ffe ---p 00000000 00:00 0    [rollup]\nRss:  2000 kB\nPss:    1000000 kB\nPss_Dirty:  10 kB\n"
	if got, err := parsePSS([]byte(rollup)); err != nil || got != 1024e6 {
		t.Errorf("%v bytes, error %v", got, err)
	}
	for _, text := range []string{"", "Rss: 1 kB\n", "Pss: x kB\n"} {
		if _, err := parsePSS([]byte(text)); err == nil {
			t.Errorf("%q gave no error", text)
		}
	}
}
