//go:build engines

package asr

import (
	"context"
	"strings"
	"testing"

	"tenin/llm/reading"
)

func TestAClipIsHeardAloudBesideItsText(t *testing.T) {
	w := openWhisper(t)
	sound := func(text string) string { return bare(reading.Default().Katakana(text)) }
	clips, lost := 0, 0
	written, aloud := 0.0, 0.0
	for _, s := range recordings(t) {
		if s.Lang != "ja" || s.Text == "" {
			continue
		}
		onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, plain decoded) {
			a.aloud = true
			d, err := w.decode(ctx, s.samples, a)
			if err != nil || d.text != plain.text || plain.kana != "" {
				t.Errorf("%s: %q instead of %q, heard %q unasked, error %v", s.File, d.text, plain.text, plain.kana, err)
				return
			}
			if i := strings.IndexFunc(d.kana, func(r rune) bool { return mayBeKana(string(r)) == 0 }); i >= 0 {
				t.Errorf("%s: %q is not kana", s.File, d.kana[i:])
			}
			clips++
			if d.kana == "" {
				lost++
				return
			}
			written += reading.Distance(sound(d.text), sound(s.Text))
			aloud += reading.Distance(sound(d.kana), sound(s.Text))
		})
	}
	heard := max(1, float64(clips-lost))
	t.Logf("%d clips: written %.3f, aloud %.3f from what was said, %d lost", clips, written/heard, aloud/heard, lost)
	if clips == 0 || lost*2 > clips || aloud > written+0.1*heard {
		t.Errorf("of %d clips %d are lost; the others sound %.3f apart from what was said, their texts %.3f", clips, lost, aloud/heard, written/heard)
	}
}

func TestAnotherLanguageIsNotHeardAloud(t *testing.T) {
	w := openWhisper(t)
	s := recordings(t)[0]
	onEncoding(t, w, s.samples, func(ctx context.Context, a attempt, _ decoded) {
		a.language, a.aloud = "en", true
		if d, err := w.decode(ctx, s.samples, a); err != nil || d.kana != "" {
			t.Errorf("%q, error %v", d.kana, err)
		}
	})
}
