//go:build engines

package asr

import (
	"context"
	"math"
	"testing"
)

// onEncoding decodes a clip and hands over what may be asked of its encoding then. do runs on the engine's goroutine, where
// t.Fatal must not be called.
func onEncoding(t *testing.T, w *Whisper, samples []float32, do func(ctx context.Context, a attempt, first decoded)) {
	t.Helper()
	a := attempt{"ja", "", audioContext(len(samples)), maxTokens(len(samples))}
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

func TestATextScoresAsMuchWholeAsTokenByToken(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, _ decoded) {
			for _, prompt := range []string{"", "営業時間、駐車場、返品。"} {
				a.prompt = prompt
				d, err := w.again(ctx, a)
				if err != nil {
					t.Error(err)
					return
				}
				other := "あ" + d.text
				// The text alone, behind another that shares nothing with it, and behind one that shares its beginning.
				scores, err := w.score(ctx, a, []string{d.text, other, d.text, d.text + "あ", d.text})
				if err != nil {
					t.Error(err)
					return
				}
				for _, i := range []int{0, 2, 4} {
					if math.Abs(scores[i]-d.logProb) > 0.05*(1+math.Abs(d.logProb)) {
						t.Errorf("%s: score %d is %.3f, its tokens one by one gave %.3f", s.File, i, scores[i], d.logProb)
					}
				}
				if scores[1] >= scores[0] || scores[3] >= scores[0] {
					t.Errorf("%s: a letter too many is likelier: %.2f", s.File, scores)
				}
			}
		})
	}
}

func TestScoringLeavesTheNextDecodeAsItWas(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, first decoded) {
			a.prompt = "免税、返品。"
			before, err := w.again(ctx, a)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := w.score(ctx, a, []string{first.text, "営業時間は何時までですか?", s.Text}); err != nil {
				t.Error(err)
				return
			}
			after, err := w.again(ctx, a)
			if err != nil || after.text != before.text || math.Abs(after.logProb-before.logProb) > 0.01 {
				t.Errorf("%s: %.3f then %.3f, error %v", s.File, before.logProb, after.logProb, err)
			}
		})
	}
}

func TestWhatWhisperWritesIsSplitAsItWroteIt(t *testing.T) {
	w := openWhisper(t)
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(_ context.Context, _ attempt, first decoded) {
			if got := w.texts.split(first.text); !equalTokens(got, first.tokens) {
				t.Errorf("%s: %v instead of %v", s.File, got, first.tokens)
			}
		})
	}
}

func equalTokens(a, b []int32) bool { return len(a) == len(b) && equal(a, b) }
