//go:build engines

package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenin/asr"
	"tenin/asr/asrtest"
	"tenin/audio"
	"tenin/audio/audiotest"
	"tenin/audio/audiotest/conformance"
	"tenin/audio/speech"
	"tenin/audio/speech/speechtest"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/llmtest"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// real runs a pool with the real engines and weights in a full sandbox.
func real(t testing.TB, change func(*Options), roles ...Role) *Pool {
	t.Helper()
	o := Options{Weights: models.DefaultDir(), Mode: sandbox.Refuse, Threads: 2}
	if change != nil {
		change(&o)
	}
	o.spawn = func(role Role, socket *os.File) (*exec.Cmd, error) {
		p, err := o.policy(role)
		if err != nil {
			return nil, err
		}
		p.Env = append(slices.Clip(p.Env), RealVariable+"=1")
		return sandbox.Command(p, o.Mode, socket)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := Start(ctx, o, roles...)
	if errors.Is(err, sandbox.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

const question = "すみません、こちらの営業時間を教えてください。"

// spoken is the question, spoken by a pool's voice, at the recogniser's rate.
func spoken(t testing.TB, p *Pool) []float32 {
	t.Helper()
	clip, err := speech.Whole(p.Voice().Synthesize(context.Background(), question, speech.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	return audio.Resample(clip, audio.SampleRate).Samples
}

func TestRealEnginesConformInTheirSandbox(t *testing.T) {
	p := real(t, nil, ASR, LLM, Voice)
	clip := spoken(t, p)
	t.Run("asr", func(t *testing.T) {
		asrtest.TestRecognizer(t, func(*testing.T) asr.Recognizer { return p.Recognizer() }, clip, "ja")
	})
	t.Run("vad", func(t *testing.T) { conformance.TestVAD(t, func(*testing.T) audio.VAD { return p.VAD() }) })
	t.Run("llm", func(t *testing.T) { llmtest.TestEmbedder(t, p.Embedder()) })
	t.Run("voice", func(t *testing.T) { speechtest.TestSynthesizer(t, p.Voice()) })
	for _, q := range p.Processes() {
		share, _ := PSS(q.PID)
		resident, _, _ := statm(q.PID)
		t.Logf("%s: PSS %d MiB, resident %d MiB, restarts %d", q.Role, share>>20, resident>>20, q.Restarts)
		if q.Restarts > 0 {
			t.Errorf("%s was restarted", q.Role)
		}
	}
}

func TestRealDevicesConformInTheirSandbox(t *testing.T) {
	conformance.TestDevices(t, func(t *testing.T) conformance.Devices {
		server := audiotest.Start(t, "speaker")
		for _, variable := range server.Env("speaker", "speaker.monitor") {
			name, value, _ := strings.Cut(variable, "=")
			t.Setenv(name, value)
		}
		var log strings.Builder
		p := real(t, func(o *Options) {
			o.Sound = FindSound(t.Context())
			o.Log = slog.New(slog.NewTextHandler(&locked{w: &log}, nil))
		}, Audio)
		t.Cleanup(func() { t.Log(log.String()) })
		d := devicesOf(p, "pulse")
		d.Kill = server.Kill
		return d
	})
}

func TestASoundServerThatCameBackIsFoundByANewProcess(t *testing.T) {
	server := audiotest.Start(t, "speaker")
	for _, variable := range server.Env("speaker", "speaker.monitor") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	p := real(t, func(o *Options) { o.Sound = FindSound(t.Context()) }, Audio)
	play := func() error {
		s, err := p.OpenSpeaker(bounded(t), audio.DeviceOptions{Name: "pulse"})
		if err != nil {
			return err
		}
		defer s.Close()
		_, err = s.Play(bounded(t), audio.Clip{Samples: tone(200 * time.Millisecond), Rate: audio.SampleRate})
		return err
	}
	if err := play(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := play(); !errors.Is(err, audio.ErrNoSpeaker) && !errors.Is(err, audio.ErrDeviceLost) {
		t.Errorf("without a server: %v", err)
	}
	server.Restart(t)
	if err := play(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if n := p.Processes()[0].Restarts; n != 0 {
		t.Errorf("%d restarts were counted as crashes", n)
	}
}

// locked is a log that several goroutines may write.
type locked struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func TestTheShopsWordsAreHeardRemotelyAsInThisProcess(t *testing.T) {
	p := real(t, nil, ASR, Voice)
	clip := spoken(t, p)
	store := models.Open(models.DefaultDir())
	path, err := store.Path(models.Whisper)
	if err != nil {
		t.Fatal(err)
	}
	local, err := asr.OpenWhisper(path, asr.WhisperOptions{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	r := p.Recognizer()
	v := asr.Vocabulary{{Text: "営業時間", Weight: 2}, {Text: "駐車場", Weight: 1}, {Text: "領収書", Weight: 1}}
	words := asr.NewLexicon(v, asr.DefaultBudget, r.Tokens, reading.Default().Katakana)
	same := asr.NewLexicon(v, asr.DefaultBudget, local.Tokens, reading.Default().Katakana)
	if words.Prompt() != same.Prompt() {
		t.Errorf("prompts %q and %q", words.Prompt(), same.Prompt())
	}
	o := asr.Options{Prompt: same.Prompt(), Words: same}
	want, err := local.Transcribe(bounded(t), clip, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Transcribe(bounded(t), clip, o)
	if err != nil || got.Text != want.Text || got.Confidence != want.Confidence {
		t.Errorf("%q (%v), in this process %q (%v): %v", got.Text, got.Confidence, want.Text, want.Confidence, err)
	}
}

// TestTheHandOverCostsLittle measures and asserts no time.
func TestTheHandOverCostsLittle(t *testing.T) {
	p := real(t, nil, ASR, LLM, Voice)
	clip := spoken(t, p)
	store := models.Open(models.DefaultDir())
	e := RealEngines()
	settings := Settings{store, 2}
	whisper, err1 := e.Recognizer(settings)
	vad, err2 := e.VAD(settings)
	embedder, err3 := e.Embedder(settings)
	voice, say := speech.NewFake(reading.Default()), start(t, nil, Voice).Voice()
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	frame := clip[:audio.FrameSamples]
	measure := func(n int, f func() error) time.Duration {
		var all []time.Duration
		for range n {
			begin := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			all = append(all, time.Since(begin))
		}
		slices.Sort(all)
		return all[n/2]
	}
	ctx := context.Background()
	o := asr.Options{Partial: true}
	remote, detect, embed := p.Recognizer(), p.VAD(), p.Embedder()
	for _, c := range []struct {
		what         string
		n            int
		here, remote func() error
	}{
		{"transcribe silence, " + fmt.Sprint(len(clip)/asr.SampleRate) + " s", 100,
			func() error { _, err := whisper.Transcribe(ctx, make([]float32, len(clip)), o); return err },
			func() error { _, err := remote.Transcribe(ctx, make([]float32, len(clip)), o); return err }},
		{"VAD frame", 300,
			func() error { _, err := vad.Probabilities(frame); return err },
			func() error { _, err := detect.Probabilities(frame); return err }},
		{"embed", 60,
			func() error { _, err := embedder.Embed(ctx, "query: "+question); return err },
			func() error { _, err := embed.Embed(ctx, "query: "+question); return err }},
		// The fake's, because the real one takes a second and varies by more than what is measured.
		{"a chunk of tones, 0.3 s", 60,
			func() error { return first(voice) },
			func() error { return first(say) }},
	} {
		// Alternately, so that both meet the same neighbours.
		h1, r1 := measure(c.n, c.here), measure(c.n, c.remote)
		h2, r2 := measure(c.n, c.here), measure(c.n, c.remote)
		t.Logf("%-24s here %8.3f ms, worker %8.3f ms, more %6.3f ms", c.what,
			ms(min(h1, h2)), ms(min(r1, r2)), ms(min(r1, r2)-min(h1, h2)))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func first(s speech.Synthesizer) error {
	for _, err := range s.Synthesize(context.Background(), "はい。", speech.Options{}) {
		return err
	}
	return nil
}

// TestKilledEnginesComeBack measures how soon, and asserts no time.
func TestKilledEnginesComeBack(t *testing.T) {
	p := real(t, nil, ASR, LLM, Voice)
	calls := map[Role]func() error{
		ASR: func() error {
			_, err := p.Recognizer().Transcribe(context.Background(), make([]float32, asr.SampleRate), asr.Options{})
			return err
		},
		LLM:   func() error { _, err := p.Embedder().Embed(context.Background(), "query: 傘"); return err },
		Voice: func() error { return first(p.Voice()) },
	}
	for _, q := range p.Processes() {
		for range 2 {
			begin := time.Now()
			syscall.Kill(p.slots[q.Role].current().cmd.Process.Pid, syscall.SIGKILL)
			for {
				err := calls[q.Role]()
				if err == nil {
					break
				}
				if !errors.Is(err, ErrLost) || time.Since(begin) > patience {
					t.Fatal(err)
				}
			}
			t.Logf("%s answers again after %v", q.Role, time.Since(begin).Round(time.Millisecond))
		}
	}
}
