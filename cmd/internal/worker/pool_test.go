package worker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tenin/asr"
	"tenin/cmd/internal/worker/sandbox"
)

// patience is no expectation: it only turns a hang into a failure.
const patience = 60 * time.Second

// quick are limits for workers without weights, on a machine that may be busy.
func quick() limits {
	return limits{tick: 20 * time.Millisecond, settle: 5 * time.Second, grace: 100 * time.Millisecond}
}

// start runs a pool of fakes that ends with the test. change may adjust it.
func start(t *testing.T, change func(*Options), roles ...Role) *Pool {
	t.Helper()
	o := Options{Mode: sandbox.Warn, limits: quick()}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := Start(ctx, o, roles...)
	if errors.Is(err, sandbox.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// tone is sound that no gate takes for silence.
func tone(d time.Duration) []float32 {
	s := make([]float32, int(d.Seconds()*asr.SampleRate))
	for i := range s {
		s[i] = 0.3 * float32(i%73-36) / 36
	}
	return s
}

func TestEveryRoleAnswers(t *testing.T) {
	var log strings.Builder
	p := start(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) }, Roles()...)
	ctx := bounded(t)
	if got, err := p.Recognizer().Transcribe(ctx, tone(time.Second), asr.Options{}); err != nil || got.Text == "" {
		t.Errorf("%q %v", got.Text, err)
	}
	if v, err := p.Embedder().Embed(ctx, "query: 傘"); err != nil || len(v) != p.Embedder().Dim() {
		t.Error(len(v), err)
	}
	if _, err := p.DefaultMicrophone(); err != nil {
		t.Error(err)
	}
	t.Log(p.Processes(), log.String())
}

// RealVariable makes the test binary a worker with the real engines.
const RealVariable = "TENIN_REAL"
