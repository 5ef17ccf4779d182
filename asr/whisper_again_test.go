//go:build engines

package asr

import (
	"context"
	"math"
	"testing"
)

// onEncoding decodes a clip behind a prompt and hands over what may be asked of its encoding then. do runs on the engine's goroutine, where
// t.Fatal must not be called.
func onEncoding(t *testing.T, w *Whisper, samples []float32, do func(ctx context.Context, a attempt, first decoded)) {
	t.Helper()
	a := attempt{"ja", "営業時間、駐車場、返品。", audioContext(len(samples)), maxTokens(len(samples)), false}
	_, err := w.submit(context.Background(), func(ctx context.Context) (Transcript, error) {
		first, err := w.decode(ctx, samples, a)
		if err == nil {
			do(ctx, a, first)
		}
		return Transcript{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// impossible is the floor of every text.
var impossible = math.Inf(-1)

func TestATextScoresAsMuchWholeAsTokenByToken(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, d decoded) {
			other := "あ" + d.text
			// The text on the cache that its decode left, behind another that shares nothing with it, behind one that shares its
			// beginning, and on no cache.
			texts := []string{d.text, other, d.text, d.text + "あ", d.text}
			scores, err := w.score(ctx, a, texts, []float64{impossible, impossible, impossible, impossible, impossible})
			w.fed, w.known = nil, nil
			alone, err2 := w.score(ctx, a, []string{d.text}, []float64{impossible})
			if err != nil || err2 != nil {
				t.Error(err, err2)
				return
			}
			// Where Whisper put a word together from other tokens than its vocabulary's own split, its decode scored another path:
			// then the scores need to agree with each other only.
			want := d.logProb
			if !equalTokens(w.texts.split(d.text), d.tokens) {
				want = alone[0]
			}
			for i, p := range []float64{scores[0], scores[2], scores[4], alone[0]} {
				if math.Abs(p-want) > 0.05*(1+math.Abs(want)) {
					t.Errorf("%s: score %d is %.3f instead of %.3f", s.File, i, p, want)
				}
			}
			if scores[1] >= scores[0] || scores[3] >= scores[0] {
				t.Errorf("%s: a letter too many is likelier: %.2f", s.File, scores)
			}
		})
	}
}

func TestATextBelowItsFloorIsGivenUp(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, d decoded) {
			texts := []string{d.text, d.text + "あ", d.text}
			scores, err := w.score(ctx, a, texts, []float64{impossible, 0, impossible})
			if err != nil || !math.IsInf(scores[1], -1) || math.Abs(scores[2]-scores[0]) > 0.01 {
				t.Errorf("%s: %.3f, error %v", s.File, scores, err)
			}
		})
	}
}

func TestWhatWhisperWritesIsSplitAsItWroteIt(t *testing.T) {
	w := openWhisper(t)
	clips, same := 0, 0
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(_ context.Context, _ attempt, first decoded) {
			clips++
			split := w.texts.split(first.text)
			if equalTokens(split, first.tokens) {
				same++
				return
			}
			t.Logf("%s: %v instead of %v", s.File, split, first.tokens)
		})
	}
	// A decoder that is unsure of a rare character may spell its bytes; a wrong split would show in every clip.
	if same*10 < clips*9 {
		t.Errorf("%d of %d texts are split as they were written", same, clips)
	}
}

func equalTokens(a, b []int32) bool { return len(a) == len(b) && equal(a, b) }
