//go:build engines

package speech

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"

	"tenin/audio"
	"tenin/audio/internal/onnx"
	"tenin/llm/reading"
)

// Kokoro speaks with the Kokoro-82M model. It may be used by several goroutines.
type Kokoro struct {
	front   *FrontEnd
	vocab   map[rune]int64
	voices  map[string]voice
	session *onnx.Session
	id      func() (string, error)
}

var _ Synthesizer = (*Kokoro)(nil)

// OpenKokoro loads the model and its tables: 0.5 s and 300 MB. threads compute
// together: on two quiet cores speech takes 0.3 of the time it lasts with 2 and
// 0.5 with 1; beside other busy threads about as long as it lasts. Files that are missing
// or broken are named in the error. Close it when done.
func OpenKokoro(p Paths, a *reading.Analyzer, threads int) (*Kokoro, error) {
	return LoadKokoro(p, func() *reading.Analyzer { return a }, threads)
}

// LoadKokoro is OpenKokoro for a process that has not read the dictionary yet: words, such as reading.Default, is called
// while the model is being loaded, which takes about as long.
func LoadKokoro(p Paths, words func() *reading.Analyzer, threads int) (*Kokoro, error) {
	k := &Kokoro{id: sync.OnceValues(func() (string, error) { return kokoroID(p) })}
	var front sync.WaitGroup
	var frontErr error
	front.Go(func() {
		k.front, frontErr = p.frontEnd(words())
		// Whoever speaks asks for it first, and the model takes 0.85 s of a CPU, this side 0.7 s.
		_, _ = k.id()
	})
	err := k.load(p, threads)
	front.Wait()
	switch {
	case frontErr != nil:
		if k.session != nil {
			k.session.Close()
		}
		return nil, weightsError(frontErr)
	case err != nil:
		return nil, err
	}
	return k, nil
}

// load opens all but the front end.
func (k *Kokoro) load(p Paths, threads int) (err error) {
	if k.vocab, err = readVocab(p.Vocab); err != nil {
		return weightsError(err)
	}
	if k.voices, err = readVoices(p.Voices); err != nil {
		return weightsError(err)
	}
	if _, err := os.Stat(p.Model); err != nil {
		return weightsError(err)
	}
	k.session, err = onnx.OpenSession(p.Model, []string{"tokens", "style", "speed"}, []string{"audio"}, onnx.Options{Threads: threads})
	if err != nil {
		return fmt.Errorf("speech: %w", err)
	}
	return nil
}

// FrontEnd returns the front end that the model is fed by.
func (k *Kokoro) FrontEnd() *FrontEnd { return k.front }

// Synthesize speaks text, see [Synthesizer].
func (k *Kokoro) Synthesize(ctx context.Context, text string, o Options) iter.Seq2[audio.Clip, error] {
	return speak(ctx, k.front, k.render, text, o)
}

func (k *Kokoro) render(ctx context.Context, c chunk, o Options) ([]float32, error) {
	ids := tokensOf(k.vocab, c.phonemes)
	n := len(ids) - 2
	if n < 1 {
		return nil, nil
	}
	out, err := k.session.Run(ctx,
		onnx.Tensor{Shape: []int64{1, int64(len(ids))}, Int64: ids},
		onnx.Tensor{Shape: []int64{1, styleWidth}, Float32: k.voices[o.Voice][min(n, styleRows)-1]},
		onnx.Tensor{Shape: []int64{1}, Float32: []float32{float32(o.Speed)}},
	)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// The engine's message may hold shapes but never text.
		return nil, fmt.Errorf("speech: %w", err)
	}
	return out[0].Float32, nil
}

// ID names the weights by their hash, the runtime and the front end. The first
// call reads the weights (0.15 s).
func (k *Kokoro) ID() (string, error) { return k.id() }

// Close frees the model.
func (k *Kokoro) Close() error { return k.session.Close() }

func kokoroID(p Paths) (string, error) {
	h := sha256.New()
	for _, path := range []string{p.Model, p.Voices, p.Vocab, p.Words} {
		f, err := os.Open(path)
		if err != nil {
			return "", weightsError(err)
		}
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", weightsError(err)
		}
	}
	return fmt.Sprintf("kokoro %s onnxruntime %s front-end %s", hex.EncodeToString(h.Sum(nil)[:16]), onnx.RuntimeVersion, FrontEndVersion()), nil
}
