package llm

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCleaningTwiceIsCleaningOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "text")
		c := Clean(s)
		if Clean(c) != c || strings.Contains(c, "  ") || c != strings.TrimSpace(c) {
			rt.Fatalf("%q became %q, then %q", s, c, Clean(c))
		}
	})
}

func TestCleaningMakesOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"　ﾎﾟｲﾝﾄｶｰﾄﾞ\t６Ｆ  ": "ポイントカード 6F",
		"㈱てんいん":            "(株)てんいん",
		"\n":               "",
		"a\xffb":           "a\uFFFDb",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestAVectorWithoutDirectionIsNotScaled(t *testing.T) {
	for _, v := range [][]float32{{0, 0}, {float32(math.NaN()), 1}, {float32(math.Inf(1)), 1}} {
		if normalize(v) {
			t.Errorf("%v was scaled", v)
		}
	}
	v := []float32{3, 4}
	if !normalize(v) || math.Abs(float64(v[0])-0.6) > 1e-6 {
		t.Errorf("got %v", v)
	}
}

func TestAMissingModelIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.gguf")
	if e, err := OpenEmbedder(path); !errors.Is(err, ErrMissing) || e != nil || !strings.Contains(err.Error(), path) {
		t.Errorf("embedder %v, %v", e, err)
	}
	if g, err := OpenGenerator(context.Background(), path, GeneratorOptions{}); !errors.Is(err, ErrMissing) || g != nil {
		t.Errorf("generator %v, %v", g, err)
	}
}

type stubborn struct{ err error }

func (s stubborn) Reset(context.Context) error { return s.err }

func TestResettingGoesOnAfterAnError(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	err := Reset(context.Background(), stubborn{a}, "no engine", stubborn{nil}, stubborn{b}, nil)
	if !errors.Is(err, a) || !errors.Is(err, b) {
		t.Errorf("got %v", err)
	}
}
