package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"tenin/audio/speech"
	"tenin/llm/knowledge"
)

// warm is the chain with the engines kept loaded, one after the other.
func (b *turnBench) warm(ctx context.Context, r recorded) (outcome, error) {
	start := time.Now()
	transcript, err := b.clerk.Hear(ctx, r.cutClip)
	if err != nil {
		return outcome{}, err
	}
	heard := time.Now()
	out := outcome{transcript: transcript.Text, Stages: Stages{ASR: heard.Sub(start)}}
	reply, err := b.clerk.Reply(ctx, transcript.Text, transcript.Language)
	if err != nil {
		return outcome{}, err
	}
	found := time.Now()
	out.Retrieve = found.Sub(heard)
	out.answer, out.sources, out.kind = reply.Text, reply.Sources, reply.Kind
	for _, err := range b.clerk.Synthesize(ctx, reply.Text) {
		if errors.Is(err, speech.ErrNothingToSay) {
			return out, nil
		}
		if err != nil {
			return outcome{}, err
		}
		if !out.spoke {
			out.spoke, out.streamed = true, time.Since(start)
		}
	}
	out.Speak = time.Since(found)
	out.whole = out.FirstAudio()
	return out, nil
}

// naive is the chain from files, a process for each stage.
func (b *turnBench) naive(ctx context.Context, r recorded) (outcome, error) {
	var out outcome
	var err error
	if out.transcript, out.ASR, err = b.whisper.transcribe(ctx, r.cut, "ja"); err != nil {
		return out, err
	}
	found := time.Now()
	hits, err := b.clerk.Index().Search(ctx, out.transcript, 3)
	if err != nil {
		return out, err
	}
	out.Retrieve = time.Since(found)
	for _, h := range hits {
		out.sources = append(out.sources, h.ID)
	}
	out.sources = out.sources[:min(1, len(out.sources))]
	approved, err := b.clerk.Reply(ctx, out.transcript, "ja")
	if err != nil {
		return out, err
	}

	job := OneShotJob{Weights: b.clerk.Weights().Dir(), Threads: b.clerk.Threads(), Voice: b.clerk.SpeechOptions().Voice, Speed: b.clerk.SpeechOptions().Speed}
	job.Stage, job.Text, job.Tokens = "generate", generationPrompt(out.transcript, hits), 64
	generated, took, err := runOneShot(ctx, b.Program, job)
	if err != nil {
		return out, err
	}
	out.Generate = took
	out.answer = shorter(generated, approved.Text)
	job.Stage, job.Text, job.Output = "speak", out.answer, filepath.Join(b.folder, r.ID+"-answer.wav")
	if _, out.Speak, err = runOneShot(ctx, b.Program, job); err != nil {
		return out, err
	}
	out.spoke = true
	return out, nil
}

// shorter is what the chain from files says: what it generated, unless that is nothing or longer than the approved
// answer. A model that rambles must not make us look quick.
func shorter(generated, approved string) string {
	generated = strings.TrimSpace(generated)
	if utf8.RuneCountInString(letters(generated)) < 2 || approved != "" && utf8.RuneCountInString(generated) > utf8.RuneCountInString(approved) {
		return approved
	}
	return generated
}

// generationPrompt asks for an answer from the passages.
func generationPrompt(question string, hits []knowledge.Hit) string {
	var b strings.Builder
	b.WriteString("店の資料だけを使って、お客様の質問に一文で答えます。\n\n資料:\n")
	for _, h := range hits {
		switch {
		case h.Entry != nil:
			fmt.Fprintf(&b, "- %s %s\n", h.Entry.Question, h.Entry.Answer)
		case h.Product != nil:
			fmt.Fprintf(&b, "- %sの売場は%sです。\n", h.Product.Name, h.Product.Place)
		}
	}
	fmt.Fprintf(&b, "\n質問: %s\n答え:", question)
	return b.String()
}
