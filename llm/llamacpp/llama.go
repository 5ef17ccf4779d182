package llama

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
)

// LLama is a loaded model with one context (one KV cache). Its methods may be
// called from many goroutines; the calls run one after the other.
type LLama struct {
	options  ModelOptions
	info     FileInfo
	requests chan *request
	closing  context.Context // done when Free was called
	shut     context.CancelFunc
	gone     chan struct{} // closed when the owner goroutine has ended
	callback atomic.Pointer[func(string) bool]

	// Below: used by the owner goroutine only.
	engine backend
	size   size
	cached []int32 // the tokens in the KV cache, by position
}

// request is work for the owner goroutine.
type request struct {
	ctx   context.Context
	run   func(ctx context.Context) error
	err   error
	panic any
	done  chan struct{}
}

// New loads the GGUF model at path. Its errors wrap ErrMissing, ErrNotGGUF,
// ErrCut, ErrUnsupported, ErrNoEngine or ErrEngine.
func New(path string, opts ...ModelOption) (*LLama, error) {
	return Open(context.Background(), path, opts...)
}

// Open is New with a context that can stop the loading.
func Open(ctx context.Context, path string, opts ...ModelOption) (*LLama, error) {
	info, err := Inspect(path)
	if err != nil {
		return nil, err
	}
	o := NewModelOptions(opts...)
	if o.ContextSize <= 0 {
		o.ContextSize = DefaultContext
		if info.ContextLength > 0 {
			o.ContextSize = min(o.ContextSize, info.ContextLength)
		}
	}
	o.NBatch = min(max(o.NBatch, 1), o.ContextSize)
	o.Threads = max(o.Threads, 1)
	return start(ctx, info, o, func(progress func(float32) bool) (backend, error) {
		return openEngine(path, o, progress)
	})
}

// start runs the owner goroutine, on which the engine is opened, used and freed.
func start(ctx context.Context, info FileInfo, o ModelOptions, open func(func(float32) bool) (backend, error)) (*LLama, error) {
	l := &LLama{options: o, info: info, requests: make(chan *request), gone: make(chan struct{})}
	l.closing, l.shut = context.WithCancel(context.Background())
	loaded := make(chan error)
	go l.own(ctx, open, loaded)
	if err := <-loaded; err != nil {
		<-l.gone
		return nil, err
	}
	return l, nil
}

func (l *LLama) own(ctx context.Context, open func(func(float32) bool) (backend, error), loaded chan<- error) {
	defer close(l.gone)
	// libgomp keeps a team for each thread that calls it, so all calls come from
	// one; never unlocked, the thread ends with the goroutine and its team too.
	runtime.LockOSThread()
	engine, err := open(func(done float32) bool {
		return ctx.Err() == nil && (l.options.Progress == nil || l.options.Progress(done))
	})
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("load model: %w", ctx.Err())
		}
		loaded <- err
		return
	}
	defer engine.free()
	l.engine, l.size = engine, engine.size()
	loaded <- nil
	for {
		select {
		case r := <-l.requests:
			l.serve(r)
		case <-l.closing.Done():
			return
		}
	}
}

// serve runs one request. A panic of a caller's callback belongs to the caller's
// goroutine and is carried there.
func (l *LLama) serve(r *request) {
	defer close(r.done)
	defer func() { r.panic = recover() }()
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	defer context.AfterFunc(l.closing, cancel)()
	aborted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		l.engine.abort(true)
		close(aborted)
	})
	defer func() {
		if !stop() {
			<-aborted
		}
		l.engine.abort(false)
	}()
	r.err = r.run(ctx)
	switch {
	case r.err == nil:
	case l.closing.Err() != nil:
		r.err = ErrClosed
	case r.ctx.Err() != nil:
		r.err = r.ctx.Err()
	}
}

// do hands run to the owner goroutine and waits for it to end, also when ctx
// ends first: the engine stops soon then, and nothing is left running.
func (l *LLama) do(ctx context.Context, what string, run func(ctx context.Context) error) error {
	r := &request{ctx: ctx, run: run, done: make(chan struct{})}
	err := ctx.Err()
	if err == nil {
		select {
		case l.requests <- r:
			<-r.done
			if r.panic != nil {
				panic(r.panic)
			}
			err = r.err
		case <-ctx.Done():
			err = ctx.Err()
		case <-l.closing.Done():
			err = ErrClosed
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Info is what the file's header says.
func (l *LLama) Info() FileInfo { return l.info }

// Dim is the length of an embedding.
func (l *LLama) Dim() int { return l.size.dim }

// ContextSize is the most tokens that prompt and answer can have together.
func (l *LLama) ContextSize() int { return l.size.context }

// VocabSize is the number of tokens that the model knows.
func (l *LLama) VocabSize() int { return l.size.vocab }

// Reset forgets all that was said: the KV cache is overwritten, and the context
// with its working buffers is given back and made anew. For the end of a
// shopper's session.
func (l *LLama) Reset(ctx context.Context) error {
	return l.do(ctx, "reset", func(context.Context) error {
		l.forget()
		return l.engine.renew()
	})
}

// forget drops what the owner knows of the KV cache and overwrites the tokens.
func (l *LLama) forget() {
	clear(l.cached[:cap(l.cached)])
	l.cached = l.cached[:0]
}

// Close stops what is running, waits for it and frees the model. It may be
// called more than once, but not from a callback.
func (l *LLama) Close() error {
	l.shut()
	<-l.gone
	return nil
}

// Free is Close without a result.
func (l *LLama) Free() { _ = l.Close() }

// SetTokenCallback sets the callback of generations that bring none; nil removes
// it. See the option of the same name.
func (l *LLama) SetTokenCallback(fn func(text string) bool) {
	if fn == nil {
		l.callback.Store(nil)
		return
	}
	l.callback.Store(&fn)
}
