//go:build engines

package bench

import (
	"os"
	"testing"

	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
)

func TestTranscriptsKeepTheTermsOfTheTuningQuestions(t *testing.T) {
	store := models.Open(models.DefaultDir())
	c, err := kiosk.Open(t.Context(), kiosk.Options{
		Home: t.TempDir(), Config: config.Default(), Weights: &store, Parts: kiosk.Hearing | kiosk.Speaking, Language: "ja",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.ExpectShopWords(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("data/turn-tune-more.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	questions, err := parseQuestions(text)
	if err != nil {
		t.Fatal(err)
	}
	voices := speech.Voices()
	var with, without Terms
	// A third of them: each costs a second of synthesis.
	for i := 0; i < len(questions); i += 3 {
		q := questions[i]
		r, err := c.Record(t.Context(), q.Text, voices[i%len(voices)])
		if err != nil {
			t.Fatal(err)
		}
		for expecting, terms := range map[bool]*Terms{true: &with, false: &without} {
			heard, err := c.TranscribeAs(t.Context(), r.Clip, "ja", expecting)
			if err != nil {
				t.Fatal(err)
			}
			terms.add(countTerms(c.Analyzer(), heard.Text, q.Terms))
		}
	}
	t.Logf("with the shop's words %+v, without %+v", with, without)
	// All five voices on all questions keep more: this guards the program.
	if with.Kept*100 < floorOfTerms*with.All || with.Kept <= without.Kept {
		t.Errorf("%d of %d terms were kept, %d without the shop's words", with.Kept, with.All, without.Kept)
	}
}

// floorOfTerms is in per cent.
const floorOfTerms = 70
