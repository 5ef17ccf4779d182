//go:build engines

package onnx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Session is a loaded model. Its methods may be called from several goroutines at once.
type Session struct {
	name    string
	results int

	mu    sync.RWMutex // held for reading by Run: Close waits for the runs in flight
	inner *ort.DynamicAdvancedSession
}

// OpenSession loads the model file at path. inputs and outputs name the model's tensors in the order that Run uses.
// It calls Load first and returns its error.
func OpenSession(path string, inputs, outputs []string, o Options) (*Session, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return newSession(filepath.Base(path), len(outputs), o, func(so *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSession(path, inputs, outputs, so)
	})
}

// NewSession is OpenSession for a model in memory; model may be dropped afterwards.
func NewSession(model []byte, inputs, outputs []string, o Options) (*Session, error) {
	if err := Load(); err != nil {
		return nil, err
	}
	if len(model) == 0 {
		return nil, errors.New("model: empty")
	}
	return newSession("model", len(outputs), o, func(so *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSessionWithONNXData(model, inputs, outputs, so)
	})
}

func newSession(name string, outputs int, o Options, open func(*ort.SessionOptions) (*ort.DynamicAdvancedSession, error)) (*Session, error) {
	so, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer so.Destroy()
	for _, err := range []error{
		so.SetIntraOpNumThreads(max(o.Threads, 1)),
		so.SetInterOpNumThreads(1),
		// Spinning threads take the core that another engine needs.
		so.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		so.AddSessionConfigEntry("session.inter_op.allow_spinning", "0"),
		// Engine messages could carry what was said; errors come back as values.
		so.SetLogSeverityLevel(ort.LoggingLevelFatal),
	} {
		if err != nil {
			return nil, fmt.Errorf("%s: session options: %w", name, err)
		}
	}
	inner, err := open(so)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be loaded, is it whole? %w", name, err)
	}
	return &Session{name: name, results: outputs, inner: inner}, nil
}

// Run computes the outputs, in the order given when the session was opened; they are copies that the caller owns.
// Cancelling ctx stops the model at the end of the operator that is running, and Run returns ctx's error.
func (s *Session) Run(ctx context.Context, inputs ...Tensor) ([]Tensor, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.inner == nil {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := make([]ort.Value, len(inputs))
	defer destroy(in)
	for i, t := range inputs {
		v, err := value(t)
		if err != nil {
			return nil, fmt.Errorf("%s: input %d: %w", s.name, i, err)
		}
		in[i] = v
	}
	options, release, err := cancelled(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	out := make([]ort.Value, s.results)
	defer destroy(out)
	err = s.inner.RunWithOptions(in, out, options)
	release()
	if ctxErr := ctx.Err(); ctxErr != nil && err != nil {
		return nil, ctxErr
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	results := make([]Tensor, len(out))
	for i, v := range out {
		switch t := v.(type) {
		case *ort.Tensor[float32]:
			results[i] = Tensor{Shape: t.GetShape().Clone(), Float32: append([]float32(nil), t.GetData()...)}
		case *ort.Tensor[int64]:
			results[i] = Tensor{Shape: t.GetShape().Clone(), Int64: append([]int64(nil), t.GetData()...)}
		default:
			return nil, fmt.Errorf("%s: output %d is a %T: only float32 and int64 tensors are read", s.name, i, v)
		}
	}
	return results, nil
}

// Close waits for the runs in flight and frees the model. A second Close does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inner == nil {
		return nil
	}
	inner := s.inner
	s.inner = nil
	return inner.Destroy()
}

func value(t Tensor) (ort.Value, error) {
	switch {
	case t.Float32 != nil && t.Int64 != nil:
		return nil, errors.New("both float32 and int64 values")
	case len(t.Shape) == 0 && len(t.Float32) == 1:
		return ort.NewScalar(t.Float32[0])
	case len(t.Shape) == 0 && len(t.Int64) == 1:
		return ort.NewScalar(t.Int64[0])
	case t.Float32 != nil:
		return ort.NewTensor(ort.NewShape(t.Shape...), t.Float32)
	case t.Int64 != nil:
		return ort.NewTensor(ort.NewShape(t.Shape...), t.Int64)
	}
	return nil, errors.New("no values")
}

func destroy(values []ort.Value) {
	for _, v := range values {
		if v != nil {
			v.Destroy()
		}
	}
}

// cancelled makes run options that end the run when ctx does. release waits until ctx can no longer touch them.
func cancelled(ctx context.Context) (*ort.RunOptions, func(), error) {
	if ctx.Done() == nil {
		return nil, func() {}, nil
	}
	options, err := ort.NewRunOptions()
	if err != nil {
		return nil, nil, fmt.Errorf("run options: %w", err)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		options.Terminate()
	})
	return options, func() {
		if !stop() {
			<-ended
		}
		options.Destroy()
	}, nil
}
