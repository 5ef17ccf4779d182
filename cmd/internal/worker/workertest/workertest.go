// Package workertest lets a test binary be its own workers, with engines that need no weights and fail on demand:
//
//	func TestMain(m *testing.M) { workertest.Main(m) }
//
// A worker.Pool that such a test starts executes the test binary, as the program's own executes the program.
package workertest

import (
	"context"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
)

// Main runs the tests, or in a process that a pool started, a worker. It does not return.
func Main(m *testing.M) {
	Child()
	os.Exit(m.Run())
}

// Child does not return in a process that a pool started: it is a worker with the fake engines.
func Child() {
	if role, ok := sandbox.Child(); ok {
		os.Exit(worker.Serve(role, Engines()))
	}
}

// What a fake engine does when it finds one of these in the text it is to embed or speak, or in the prompt of a decode.
const (
	Crash = "<crash>" // SIGKILL to itself
	Panic = "<panic>"
	Fault = "<fault>" // SIGSEGV to itself
	Hang  = "<hang>"  // does not come back, whatever its context says
	Eat   = "<eat>"   // takes 64 MiB every few milliseconds
)

// Heard is what the fake recogniser hears in every clip that is not silent, beside the prompt that it was given.
const Heard = "営業時間を教えてください"

// Dim is the length of the fake embedder's vectors.
const Dim = 64

// Engines are the fakes of the rooms.
func Engines() worker.Engines {
	return worker.Engines{
		Recognizer: func(worker.Settings) (asr.Recognizer, error) { return newRecognizer(), nil },
		VAD:        func(worker.Settings) (audio.VAD, error) { return &audio.EnergyVAD{}, nil },
		Reading: func() func(string) string {
			return lazily(func() func(string) string { return reading.Default().Katakana })
		},
		Embedder: func(worker.Settings) (llm.Embedder, error) { return embedder{llmtest.NewHashEmbedder(Dim)}, nil },
		Voice:    func(worker.Settings) (speech.Synthesizer, error) { return newVoice(), nil },
		Devices:  func(worker.Settings) (worker.Devices, error) { return &devices{}, nil },
	}
}

// lazily reads the dictionary when somebody needs it, which takes longer than most tests, and as a worker gives back what
// that leaves behind.
func lazily(open func() func(string) string) func(string) string {
	once := sync.OnceValue(func() func(string) string {
		defer debug.FreeOSMemory()
		return open()
	})
	return func(text string) string { return once()(text) }
}

// obey does what text asks for.
func obey(text string) {
	switch {
	case strings.Contains(text, Crash):
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		// The first process of a PID namespace is deaf to its own signals.
		os.Exit(137)
	case strings.Contains(text, Panic):
		panic(text)
	case strings.Contains(text, Fault):
		segfault()
	case strings.Contains(text, Hang):
		select {}
	case strings.Contains(text, Eat):
		eat()
	}
}

func eat() {
	var kept [][]byte
	for {
		b := make([]byte, 64<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
		time.Sleep(5 * time.Millisecond)
		_ = kept
	}
}

// recognizer waits a little in each decode, so that it can be cancelled.
type recognizer struct{ *asr.Scripted }

func newRecognizer() recognizer {
	return recognizer{&asr.Scripted{Latency: 20 * time.Millisecond, Script: func(_ []float32, o asr.Options) asr.Transcript {
		t := asr.Transcript{Text: Heard, Confidence: 0.9}
		if o.Words != nil {
			t.Text += o.Words.Prompt()
		}
		return t
	}}}
}

func (r recognizer) Transcribe(ctx context.Context, samples []float32, o asr.Options) (asr.Transcript, error) {
	obey(o.Prompt)
	return r.Scripted.Transcribe(ctx, samples, o)
}

// Tokens counts letters.
func (recognizer) Tokens(text string) int { return len([]rune(text)) }

type embedder struct{ *llmtest.HashEmbedder }

func (e embedder) Embed(ctx context.Context, text string) ([]float32, error) {
	obey(text)
	return e.HashEmbedder.Embed(ctx, text)
}
