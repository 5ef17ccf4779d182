package audio

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTheRingGivesWhatItTookInOrderAndCountsTheRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRing(rapid.IntRange(1, 20).Draw(t, "size"))
		var kept []float32
		next, dropped := float32(0), 0
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				in := make([]float32, rapid.IntRange(0, 30).Draw(t, "n"))
				for i := range in {
					next++
					in[i] = next
				}
				fits := min(len(in), len(r.buf)-len(kept))
				kept = append(kept, in[:fits]...)
				dropped += len(in) - fits
				r.write(in)
			},
			"take": func(t *rapid.T) {
				out := make([]float32, rapid.IntRange(0, 30).Draw(t, "n"))
				n := r.take(out)
				if n != min(len(out), len(kept)) {
					t.Fatalf("took %d of %d", n, len(kept))
				}
				for i, s := range out[:n] {
					if s != kept[i] {
						t.Fatalf("sample %v, want %v", s, kept[i])
					}
				}
				kept = kept[n:]
			},
			"": func(t *rapid.T) {
				if got := int(r.dropped.Load()); got != dropped {
					t.Fatalf("%d dropped, want %d", got, dropped)
				}
			},
		})
	})
}

func TestAWriterAndAReaderLoseNothingWhileTheRingIsLargeEnough(t *testing.T) {
	r := newRing(1 << 14)
	const total = 1 << 14
	go func() {
		block := make([]float32, 64)
		for n := 0; n < total; n += len(block) {
			for i := range block {
				block[i] = float32(n + i)
			}
			r.write(block)
		}
	}()
	out := make([]float32, 100)
	for want := 0; want < total; {
		for _, s := range out[:r.take(out)] {
			if s != float32(want) {
				t.Fatalf("sample %v, want %d", s, want)
			}
			want++
		}
	}
	r.wipe()
	for _, s := range r.buf {
		if s != 0 {
			t.Fatal("sound is left after wipe")
		}
	}
}
