package knowledge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func openVectors(t *testing.T, path string) *VectorCache {
	t.Helper()
	c, err := OpenVectorCache(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func randomVector(rng *rand.Rand, n int) []float32 {
	v, sum := make([]float32, n), 0.0
	for i := range v {
		v[i] = float32(rng.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

func TestAVectorComesBackAsItWasPutButForHalfPrecision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	c := openVectors(t, path)
	rng := rand.New(rand.NewPCG(3, 4))
	put := map[string][]float32{}
	for i := range 1000 {
		text := fmt.Sprint("文", i)
		put[text] = randomVector(rng, 384)
		if err := c.Put("e5", text, put[text]); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	c = openVectors(t, path)
	worst := 1.0
	for text, want := range put {
		got, ok := c.Get("e5", text)
		if !ok {
			t.Fatalf("%s is gone", text)
		}
		worst = min(worst, cosine(got, want))
	}
	t.Logf("worst cosine 1 - %.1e", 1-worst)
	if worst < 0.9999999 {
		t.Errorf("worst cosine %.9f", worst)
	}
	if _, ok := c.Get("another model", "文1"); ok {
		t.Error("a vector of one model was given for another")
	}
}

func TestEveryHalfIsReadAndWrittenExactly(t *testing.T) {
	for h := range 1 << 16 {
		f := halfToFloat(uint16(h))
		if math.IsNaN(float64(f)) {
			continue
		}
		if got := floatToHalf(f); got != uint16(h) {
			t.Fatalf("%04x became %g and %04x", h, f, got)
		}
	}
}

func TestAFloatIsRoundedToTheNearestHalf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float32Range(-65504, 65504).Draw(t, "value")
		h := floatToHalf(f)
		off := math.Abs(float64(halfToFloat(h)) - float64(f))
		for _, neighbour := range []uint16{h - 1, h + 1} {
			n := float64(halfToFloat(neighbour))
			if !math.IsNaN(n) && !math.IsInf(n, 0) && math.Abs(n-float64(f)) < off {
				t.Fatalf("%g: %g is nearer than %g", f, n, halfToFloat(h))
			}
		}
	})
}

func TestADamagedTailIsDroppedAndWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	c := openVectors(t, path)
	for i := range 10 {
		if err := c.Put("m", fmt.Sprint(i), []float32{float32(i), 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record := (len(whole) - len(vectorMagic)) / 10
	for size := 0; size < len(whole); size += 7 {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		c := openVectors(t, path)
		if want := max(0, size-len(vectorMagic)) / record; c.Len() != want {
			t.Fatalf("cut to %d bytes: %d vectors, want %d", size, c.Len(), want)
		}
		if err := c.Put("m", "new", []float32{7}); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, ok := openVectors(t, path).Get("m", "new"); !ok || got[0] != 7 {
			t.Fatalf("cut to %d bytes: what was written behind the cut is not read", size)
		}
	}
}

func TestAFlippedBitNeverGivesAnotherVector(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	c := openVectors(t, path)
	for i := range 3 {
		if err := c.Put("m", fmt.Sprint(i), []float32{float32(i), 0.5}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(whole) * 8 {
		flipped := append([]byte(nil), whole...)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := OpenVectorCache(path)
		if err != nil {
			continue // a broken head is refused
		}
		for i := range 3 {
			if got, ok := c.Get("m", fmt.Sprint(i)); ok && !reflect.DeepEqual(got, []float32{float32(i), 0.5}) {
				t.Fatalf("bit %d: %v", bit, got)
			}
		}
	}
}

func TestAFileThatIsNoVectorCacheIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	if err := os.WriteFile(path, []byte("somebody's letter to somebody"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVectorCache(path); err == nil {
		t.Error("it was taken for a cache")
	}
}

func TestAVectorThatHalfPrecisionCannotHoldIsRefused(t *testing.T) {
	c := openVectors(t, filepath.Join(t.TempDir(), "vectors"))
	for _, v := range [][]float32{nil, {1e6}, {float32(math.NaN())}, {float32(math.Inf(1))}, make([]float32, maxDimensions+1)} {
		if err := c.Put("m", "t", v); err == nil {
			t.Errorf("a vector of %d values was taken", len(v))
		}
	}
}

func TestSeveralProcessesMayWriteOneCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c, err := OpenVectorCache(path)
			if err != nil {
				t.Error(err)
				return
			}
			for j := range 20 {
				if err := c.Put("m", fmt.Sprint(i, j), []float32{float32(i), float32(j)}); err != nil {
					t.Error(err)
				}
				if err := c.Flush(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if c := openVectors(t, path); c.Len() != 160 {
		t.Errorf("%d vectors, want 160", c.Len())
	}
}

func TestCompactingKeepsWhatIsInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vectors")
	c := openVectors(t, path)
	for i := range 10 {
		if err := c.Put("m", fmt.Sprint(i), []float32{float32(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	c = openVectors(t, path)
	c.Get("m", "3")
	if err := c.Compact(); err != nil {
		t.Fatal(err)
	}
	if err := c.Put("m", "later", []float32{1}); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	c = openVectors(t, path)
	if v, ok := c.Get("m", "3"); !ok || v[0] != 3 || c.Len() != 2 {
		t.Errorf("%v %t, %d vectors", v, ok, c.Len())
	}
}
