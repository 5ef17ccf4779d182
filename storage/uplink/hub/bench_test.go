package hub

import "testing"

func TestTheMeasurementKeepsWhatItAcknowledges(t *testing.T) {
	r, err := Bench(t.Context(), BenchOptions{Kiosks: 20, Each: 10, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Summaries != 200 || r.PerSecond <= 0 || r.Peer <= 0 {
		t.Errorf("%+v", r)
	}
}
