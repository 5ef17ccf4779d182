package kiosk

import (
	"context"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/llm/knowledge"
)

// expected is what the recogniser is told to expect.
type expected struct {
	prompt string
	words  *asr.Lexicon // what prompt was made from; nil when it was given
	known  func(word string) bool
}

// Expect tells the recogniser which words to expect instead of the shop's own.
func (c *Clerk) Expect(prompt string) { c.expected.Store(&expected{prompt: prompt}) }

// ExpectShopWords tells the recogniser the words of the home's knowledge, for a clerk that was opened without it.
func (c *Clerk) ExpectShopWords() error {
	batch, _, err := LoadKnowledge(c.options.Home)
	if err != nil {
		return err
	}
	c.expect(batch)
	return nil
}

func (c *Clerk) expect(batch knowledge.Batch) {
	terms := knowledge.Terms(batch.Entries, batch.Products)
	words := make(asr.Vocabulary, len(terms))
	for i, t := range terms {
		words[i] = asr.Word{Text: t.Text, Weight: t.Weight}
	}
	for _, text := range asked {
		words = append(words, asr.Word{Text: text, Weight: askedWeight})
	}
	spelled := c.spelled.Load()
	for _, r := range spelled.list {
		words = append(words, asr.Word{Text: r.Word, Weight: fixedWeight})
	}
	lexicon := asr.NewLexicon(words, asr.DefaultBudget, c.tokens(), spelled.katakana)
	c.expected.Store(&expected{prompt: lexicon.Prompt(), words: lexicon, known: words.Has()})
}

// asked are words of questions at any counter. No entry needs to hold them; a transcript should. Their weight keeps them
// behind the shop's own in a prompt. Of two that sound much the same the one that is asked more often stands first: 何階, 何回.
var asked = []string{"何階", "何時", "何回", "何曜日", "何日", "何番", "何円", "売り場", "入口", "出口", "階段", "受付", "案内", "会場", "場所", "値段", "荷物", "日本円", "使い方", "紛失", "申し込み"}

const askedWeight = 0.01

// fixedWeight is that of a word whose reading the shop has fixed: somebody heard it go wrong.
const fixedWeight = 0.5

// Transcribe writes what is spoken in a recording of any length. Times count from its first sample. progress, if not nil,
// is told how much of the recording is done.
func (c *Clerk) Transcribe(ctx context.Context, clip audio.Clip, progress func(done, total time.Duration)) (asr.Transcript, error) {
	clip = audio.Resample(clip, audio.SampleRate)
	expected := c.expected.Load()
	options := asr.Options{Language: c.options.Language, Prompt: expected.prompt, Words: expected.words}
	return asr.TranscribeLong(ctx, c.recognizer, c.vad, clip.Samples, options, func(s asr.Segment) {
		if progress != nil {
			progress(s.End, clip.Duration())
		}
	})
}

// TranscribeStream feeds a recording in real time, as a microphone would, and tells the words while they are spoken. It
// returns all turns of the recording as one transcript.
func (c *Clerk) TranscribeStream(ctx context.Context, clip audio.Clip, partial func(string)) (asr.Transcript, error) {
	config := c.listenerConfig()
	config.OnPartial = func(t asr.Transcript) { partial(t.Text) }
	source := audio.NewFileSource(clip, true)
	defer source.Close()
	whole := asr.Transcript{Language: languageOf("", c.options.Language)}
	counted := &countedFrames{Frames: source}
	for {
		begin := counted.samples
		heard, err := asr.NewListener(c.recognizer, c.vad, config).Listen(ctx, counted)
		if err != nil {
			return whole, err
		}
		t := heard.Transcript
		if t.Text == "" {
			return whole, nil
		}
		offset := time.Duration(begin+heard.Start) * time.Second / audio.SampleRate
		for _, s := range t.Segments {
			s.Start += offset
			s.End += offset
			whole.Segments = append(whole.Segments, s)
		}
		whole.Text = join(whole.Text, t.Text, t.Language)
		whole.Language = t.Language
		whole.Timings.Total += t.Timings.Total
		if t.Suspect != "" {
			whole.Suspect = t.Suspect
		}
	}
}

// join puts two turns together: Japanese is written without spaces.
func join(a, b, language string) string {
	if a == "" || language == "ja" {
		return a + b
	}
	return a + " " + b
}

// countedFrames knows how much was read, so that a turn can be placed in its recording.
type countedFrames struct {
	asr.Frames
	samples int
}

func (c *countedFrames) Read(ctx context.Context) ([]float32, error) {
	frame, err := c.Frames.Read(ctx)
	c.samples += len(frame)
	return frame, err
}

// Ahead is the recording's.
func (c *countedFrames) Ahead(frames int) []float32 {
	if a, ok := c.Frames.(interface{ Ahead(int) []float32 }); ok {
		return a.Ahead(frames)
	}
	return nil
}
