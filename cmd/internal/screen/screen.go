package screen

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// Screen is a running window. Its methods may be called from any goroutine.
type Screen struct {
	o       Options
	starter *sandbox.Starter
	touches chan Touch
	asked   chan chan error // to replace the process
	stop    context.CancelFunc
	ended   chan struct{} // closed when run has returned
	close   sync.Once
	// compile lets the graphics library make code in a sealed process. It is run's own.
	compile bool

	mu      sync.Mutex
	number  uint64 // of the newest picture, from 1
	frame   []byte // the newest picture as it is written
	shown   uint64 // the newest picture that was on the glass
	process *process
	since   time.Time     // when it got the window
	lost    int           // how often one died
	anew    int           // how many calls of Anew wait for the display
	changed chan struct{} // closed at the next change of shown
}

// queue is how many touches wait for a kiosk that is busy. What is touched beyond is dropped: it would come late.
const queue = 32

// Start begins a window's process and returns when it can show a picture. The error wraps ErrNoDisplay, ErrRefused,
// ErrNoGL, ErrTooSmall, ErrNoFont, ErrBuild or ErrStart, and is one line that says what to do. ctx bounds the start only.
func Start(ctx context.Context, o Options) (*Screen, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.limits = o.limits.settled()
	if o.spawn == nil {
		if err := o.find(); err != nil {
			return nil, err
		}
		o.spawn = o.sandboxed
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Screen{o: o, starter: sandbox.NewStarter(), touches: make(chan Touch, queue), asked: make(chan chan error), stop: stop,
		ended: make(chan struct{}), changed: make(chan struct{})}
	first := make(chan error, 1)
	go s.run(life, first)
	var err error
	select {
	case err = <-first:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Show puts a picture into the window as soon as it can. It never waits: a picture that comes before the last one was
// drawn takes its place. What cannot be sent, such as a picture without a view, is logged and dropped. The picture may
// be changed after the call.
func (s *Screen) Show(p Picture) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var frame bytes.Buffer
	if err := writeFrame(&frame, order{Number: s.number + 1, Picture: &p}, longestPicture); err != nil {
		s.o.Log.Error("a picture cannot be shown", "error", err)
		return
	}
	s.number++
	s.frame = frame.Bytes()
	if s.process != nil {
		s.process.rouse()
	}
}

// rouse has speak look for a newer picture.
func (p *process) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Touches are what was touched, in order. The channel is closed when the Screen is.
func (s *Screen) Touches() <-chan Touch { return s.touches }

// Last is the number of the newest picture that was given to Show, from 1; 0: none was.
func (s *Screen) Last() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number
}

// Shown waits until picture n, or a newer one, is on the glass: its buffer was handed to the X server.
func (s *Screen) Shown(ctx context.Context, n uint64) error {
	for {
		s.mu.Lock()
		shown, changed := s.shown, s.changed
		s.mu.Unlock()
		if shown >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return ErrClosed
		}
	}
}

// Renderer is what draws, as the graphics library calls it: "llvmpipe (…)" is the processor. Empty while there is no window.
func (s *Screen) Renderer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return ""
	}
	return s.process.facts.Renderer
}

// PID is the process that owns the window now; 0 while there is none.
func (s *Screen) PID() int {
	pid, _, _ := s.Process()
	return pid
}

// ErrClosed says that the Screen was closed.
var ErrClosed = errors.New("screen: closed")

// Forget replaces the process, since what a window drew stays in its memory and in the graphics library's. The new one
// shows the newest picture before the old one goes, so that nobody sees a change: call it while that picture holds no
// shopper's word. It returns when the old process is gone, whether or not the new one came up (the window then returns
// by itself, as after a crash).
func (s *Screen) Forget(ctx context.Context) error {
	done := make(chan error, 1)
	select {
	case s.asked <- done:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return ErrClosed
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return ErrClosed
	}
}

// Close ends the window and returns when its process is gone. A second Close does nothing.
func (s *Screen) Close() error {
	s.close.Do(func() {
		s.stop()
		<-s.ended
		s.starter.Close()
	})
	return nil
}

// newest is the picture to be written.
func (s *Screen) newest() (uint64, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number, s.frame
}

// glass notes what a process has shown.
func (s *Screen) glass(n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.shown {
		s.shown = n
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// set makes p the window's process; nil: there is none.
func (s *Screen) set(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = p
	if p != nil {
		s.since = time.Now()
	}
}

// Process is the process that owns the window now (0: there is none), since when, and how often one was lost.
func (s *Screen) Process() (pid int, since time.Time, lost int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0, time.Time{}, s.lost
	}
	return s.process.cmd.Process.Pid, s.since, s.lost
}

// run keeps a window until ctx ends. first gets the outcome of the first start; when that failed there is no other.
func (s *Screen) run(ctx context.Context, first chan<- error) {
	defer close(s.ended)
	var readers sync.WaitGroup
	defer close(s.touches)
	defer readers.Wait()
	var history worker.Crashes
	var p *process
	ended := 0
	for starts := 0; ; starts++ {
		var err error
		if p == nil {
			p, err = s.begin(ctx, &readers)
		}
		if err == nil {
			// Before anybody is told that there is a window.
			s.set(p)
		}
		if starts == 0 {
			first <- err
			if err != nil {
				return
			}
		}
		if err == nil {
			p.rouse()
			var next *process
			next, err = s.watch(ctx, p, &readers)
			if next == nil || ctx.Err() != nil {
				s.set(nil)
			}
			if ctx.Err() != nil {
				if next != nil {
					next.stop(s.o.limits.grace)
				}
				return
			}
			if next != nil {
				p = next
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		pause, alert, crash := s.lose(&history)
		attributes := []any{"pause", pause}
		if p != nil {
			attributes = append(attributes, "pid", p.cmd.Process.Pid, "end", p.cmd.ProcessState.String(), "garbage", p.said())
		} else if err != nil {
			attributes = append(attributes, "error", err)
		}
		s.o.Log.Warn("window lost", attributes...)
		// A library that had to compile something which the rehearsal does not know would die of the next picture too.
		if crash && p != nil && p.cmd.ProcessState.Exited() && ended == 1 && !s.compile {
			s.compile = true
			s.o.Log.Warn("the window's graphics library may compile from now on")
		}
		if crash {
			ended++
		}
		p = nil
		if alert && s.o.Alert != nil {
			s.o.Alert(Alert{Crashes: worker.CrashMost, Pause: pause})
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// said tells whether it was ended for what it said.
func (p *process) said() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.garbage
}

// begin starts a process and waits for its window.
func (s *Screen) begin(ctx context.Context, readers *sync.WaitGroup) (*process, error) {
	begin := time.Now()
	p, err := launch(s.o.spawn, s.compile, s.starter)
	if err != nil {
		return nil, err
	}
	readers.Go(func() { p.listen(func(t Touch) { s.touched(p, t) }, s.glass) })
	readers.Go(func() { p.speak(s.newest, s.o.limits) })
	if err := p.ready(ctx, s.o.Display, s.o.limits.start); err != nil {
		return nil, err
	}
	s.o.Log.Info("window ready", "pid", p.cmd.Process.Pid, "ms", time.Since(begin).Milliseconds())
	return p, nil
}

// touched hands a touch on, when it comes from the window that is looked at.
func (s *Screen) touched(p *process, t Touch) {
	s.mu.Lock()
	current := s.process == p
	s.mu.Unlock()
	if !current {
		return
	}
	select {
	case s.touches <- t:
	default:
	}
}

// watch returns when p is gone, with the process that took its place if somebody asked for that.
func (s *Screen) watch(ctx context.Context, p *process, readers *sync.WaitGroup) (*process, error) {
	for {
		select {
		case <-p.dead:
			return nil, nil
		case <-ctx.Done():
			p.stop(s.o.limits.grace)
			return nil, nil
		case done := <-s.asked:
			next, err := s.begin(ctx, readers)
			if err == nil {
				number, _ := s.newest()
				next.settle(ctx, number, s.o.limits.hang)
			}
			p.stop(s.o.limits.grace)
			// Nil where none could be begun. Who asked finds the new one.
			s.set(next)
			done <- err
			return next, err
		}
	}
}

// settle returns when the process shows a picture or a newer one, is gone, or does neither for long.
func (p *process) settle(ctx context.Context, number uint64, limit time.Duration) {
	end := time.After(limit)
	for {
		p.mu.Lock()
		settled := p.shown >= number
		p.mu.Unlock()
		if settled {
			return
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-p.dead:
			return
		case <-ctx.Done():
			return
		case <-end:
			return
		}
	}
}
