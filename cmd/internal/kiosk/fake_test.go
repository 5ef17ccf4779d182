package kiosk

import (
	"context"
	"iter"
	"math"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/llm/knowledge"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
)

// fakes are a clerk's engines without an engine.
type fakes struct {
	heard asr.Scripted // says what the shopper is taken to have said
	voice fakeVoice
}

// fakeVoice speaks tones, and calls began before each text.
type fakeVoice struct {
	*speech.Fake
	began func()
	texts []string
}

func (v *fakeVoice) Synthesize(ctx context.Context, text string, o speech.Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		v.texts = append(v.texts, text)
		if v.began != nil {
			v.began()
		}
		for chunk, err := range v.Fake.Synthesize(ctx, text, o) {
			if !yield(chunk, err) {
				return
			}
		}
	}
}

const parking, parkingAnswer = "駐車場はありますか", "地下2階に駐車場がございます。"

// openFake opens a clerk of a shop with two answers and a product, in a home of its own, whose shoppers say words.
func openFake(t *testing.T, words string, change func(*Options)) (*Clerk, *fakes) {
	t.Helper()
	f := &fakes{}
	f.heard.Script = func([]float32, asr.Options) asr.Transcript { return asr.Transcript{Text: words, Language: "ja"} }
	f.voice.Fake = speech.NewFake(reading.Default())
	o := Options{
		Home: t.TempDir(), Config: config.Default(), Parts: Knowing | Hearing | Speaking | Keeping,
		Engines: Engines{Recognizer: &f.heard, VAD: &audio.EnergyVAD{}, Voice: &f.voice, Embedder: llmtest.NewHashEmbedder(64)},
	}
	if change != nil {
		change(&o)
	}
	store, err := OpenKnowledge(o.Home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Apply(knowledge.Batch{
		Entries: []knowledge.Entry{
			{ID: "parking", Question: parking, Answer: parkingAnswer, Language: "ja"},
			{ID: "returns", Question: "返品できますか", Answer: "レシートをお持ちください。", Language: "ja"},
		},
		Products: []knowledge.Product{{ID: "umbrella", Name: "折りたたみ傘", Place: "1階 雑貨売り場", Floor: "1階"}},
	})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	clerk, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clerk.Close() })
	return clerk, f
}

// room is a quiet one in which somebody may hum for a second: to the VAD that is speech.
func room(hums bool) audio.Clip {
	clip := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, 4*audio.SampleRate)}
	if hums {
		for i := range audio.SampleRate {
			clip.Samples[audio.SampleRate/2+i] = float32(0.3 * math.Sin(float64(i)*2*math.Pi*180/audio.SampleRate))
		}
	}
	return clip
}

// hold is long enough for whatever a test waits for; it is no expectation.
const hold = time.Minute
