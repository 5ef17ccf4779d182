package asr

import (
	"context"
	"testing"
	"time"
)

// steps is a decoder that gives its outcomes in order.
type steps struct {
	outcomes           []decoded
	asked              []attempt
	scores             map[string]float64
	scored             []string
	noSpeech, japanese float64
}

func (s *steps) decode(_ context.Context, _ []float32, a attempt) (decoded, error) {
	s.asked = append(s.asked, a)
	d := s.outcomes[0]
	s.outcomes = s.outcomes[1:]
	return d, nil
}

// score gives -9 to a text that has none of its own.
func (s *steps) score(_ context.Context, _ attempt, texts []string, _ []float64) ([]float64, error) {
	out := make([]float64, len(texts))
	for i, text := range texts {
		s.scored = append(s.scored, text)
		if p, ok := s.scores[text]; ok {
			out[i] = p
		} else {
			out[i] = -9
		}
	}
	return out, nil
}

func (s *steps) startOfText() (float64, float64, error) { return s.noSpeech, s.japanese, nil }

func sure(text string) decoded {
	return decoded{text: text, tokens: make([]int32, 4), counted: 4, logProb: -0.4}
}

func unsure(text string) decoded {
	return decoded{text: text, tokens: make([]int32, 4), counted: 4, logProb: -8}
}

func transcribed(t *testing.T, s *steps, lang string, o Options) Transcript {
	t.Helper()
	got, err := transcribe(context.Background(), s, tone(3*time.Second), lang, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestALoopIsDecodedAgainWithMoreRoomAndNoPrompt(t *testing.T) {
	s := &steps{outcomes: []decoded{{text: "駐車駐車", looped: true}, sure("駐車場はどこですか")}, japanese: 1}
	got := transcribed(t, s, "ja", Options{Prompt: "駐車場、返品。"})
	if got.Text != "駐車場はどこですか" || got.Suspect != "" || got.Timings.Tries != 2 {
		t.Errorf("%+v", got)
	}
	if second := s.asked[1]; second.prompt != "" || second.context <= s.asked[0].context {
		t.Errorf("the second try was %+v", second)
	}
}

func TestALoopThatStaysIsSuspect(t *testing.T) {
	s := &steps{outcomes: []decoded{{text: "駐車", looped: true}, {text: "駐車", looped: true}}, japanese: 1}
	if got := transcribed(t, s, "ja", Options{}); got.Suspect != SuspectLoop || got.Text == "" {
		t.Errorf("%+v", got)
	}
}

func TestAPartialTranscriptIsNotDecodedAgain(t *testing.T) {
	s := &steps{outcomes: []decoded{unsure("駐車場")}, japanese: 1}
	if got := transcribed(t, s, "ja", Options{Partial: true}); got.Timings.Tries != 1 || got.Suspect != SuspectConfidence {
		t.Errorf("%+v", got)
	}
}

func TestWordsForNoiseAreNotWords(t *testing.T) {
	for text, noSpeech := range map[string]float64{"ご視聴ありがとうございました。": 0.01, "(音楽)": 0.7, "♪": 0.1, "おはようございます。": 0.7, "[拍手]": 0} {
		got := transcribed(t, &steps{outcomes: []decoded{unsure(text), unsure(text)}, noSpeech: noSpeech, japanese: 1}, "ja", Options{})
		if got.Text != "" || len(got.Segments) != 0 || got.Confidence != 0 {
			t.Errorf("%q gave %+v", text, got)
		}
	}
}

func TestThankYouSaidClearlyIsSpeech(t *testing.T) {
	got := transcribed(t, &steps{outcomes: []decoded{sure("ありがとうございました")}, noSpeech: 0.02, japanese: 1}, "ja", Options{})
	if got.Text != "ありがとうございました" {
		t.Errorf("%+v", got)
	}
}

func TestAReciteOfThePromptIsNoSpeech(t *testing.T) {
	prompt := "営業時間、駐車場、返品、トイレ。"
	s := &steps{outcomes: []decoded{sure("営業時間、駐車場、返品、トイレ"), unsure("駐車場、返品、トイレ")}, japanese: 1}
	if got := transcribed(t, s, "ja", Options{Prompt: prompt}); got.Text != "" || got.Suspect != SuspectNoSpeech {
		t.Errorf("%+v", got)
	}
}

func TestAutoDecodesAgainOnlyForEnglishAndDropsJapanesePrompts(t *testing.T) {
	ja := &steps{outcomes: []decoded{sure("はい、そうです")}, japanese: 0.98}
	if got := transcribed(t, ja, "auto", Options{}); got.Language != "ja" || got.Timings.Tries != 1 {
		t.Errorf("%+v", got)
	}
	en := &steps{outcomes: []decoded{sure("ホエア"), sure("Where is the toilet?")}, japanese: 0.01}
	got := transcribed(t, en, "auto", Options{Prompt: "営業時間。"})
	if got.Language != "en" || got.Text != "Where is the toilet?" || en.asked[1].prompt != "" {
		t.Errorf("%+v after %+v", got, en.asked)
	}
}

func TestMoreWordsThanTheClipHasRoomForAreSuspect(t *testing.T) {
	long := "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせすんいろはにほへとちりぬるをわか"
	s := &steps{outcomes: []decoded{sure(long), sure(long)}, japanese: 1}
	if got := transcribed(t, s, "ja", Options{}); got.Suspect != SuspectRate {
		t.Errorf("%+v", got)
	}
}
