package screen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// Role is what the window's process is started as: sandbox.Child returns it, and the caller then calls [Main].
const Role = "screen"

// spawner makes the command of a window's process, with the socket as its first extra file. With compile its graphics
// library may make code after the process was sealed.
type spawner func(socket *os.File, compile bool) (*exec.Cmd, error)

// process is one window's process from its start to its end.
type process struct {
	cmd     *exec.Cmd
	conn    net.Conn
	refusal worker.Refusal
	dead    chan struct{} // closed when the process is gone
	told    chan report   // its readiness or failure, once
	wake    chan struct{} // something is to be written
	facts   readiness     // what it found; set by ready

	mu      sync.Mutex
	given   uint64    // the last picture that was written
	shown   uint64    // the last that is on the glass
	looks   uint64    // how often it was asked whether it answers
	looked  uint64    // and how often it did
	waiting time.Time // since when an answer is missing; zero: none is
	touches meter
	begun   bool // it told its readiness; until then the limit of the start counts
	garbage bool
	asked   []byte                // a probe that is to be written
	results chan []sandbox.Result // takes what comes of it; nil: none was asked for
}

var errPipe = errors.New("no socket to the window's process")

// launch starts a process. It does not wait for its window.
func launch(spawn spawner, compile bool, starter *sandbox.Starter) (*process, error) {
	ours, theirs, err := pipe()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPipe, err)
	}
	defer theirs.Close()
	p := &process{conn: ours, dead: make(chan struct{}), told: make(chan report, 1), wake: make(chan struct{}, 1)}
	p.cmd, err = spawn(theirs, compile)
	if err == nil {
		p.cmd.Stderr = &p.refusal
		err = starter.Start(p.cmd)
	}
	if err != nil {
		ours.Close()
		return nil, err
	}
	go func() {
		defer close(p.dead)
		// How it ended is in cmd.ProcessState.
		_ = p.cmd.Wait()
		ours.Close()
	}()
	return p, nil
}

// pipe makes the socket. theirs is for the child and is closed after its start.
func pipe() (ours net.Conn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	mine := os.NewFile(uintptr(fds[0]), "screen")
	defer mine.Close()
	theirs = os.NewFile(uintptr(fds[1]), "screen")
	if ours, err = net.FileConn(mine); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// ready waits until the window can show its first picture. A process that does not come up is ended.
func (p *process) ready(ctx context.Context, display string, limit time.Duration) error {
	late := time.NewTimer(limit)
	defer late.Stop()
	var err error
	select {
	case r := <-p.told:
		if r.Failed == nil {
			p.facts = *r.Ready
			p.facts.Renderer = clean(p.facts.Renderer)
			return nil
		}
		err = r.Failed.err(display)
	case <-p.dead:
		// What it said last may lie beside its end.
		select {
		case r := <-p.told:
			if r.Failed != nil {
				return r.Failed.err(display)
			}
		default:
		}
		if p.cmd.ProcessState.ExitCode() == sandbox.ExitRefused {
			return fmt.Errorf("%w: %s; %s", ErrStart, p.refusal.Line(), orHeadless)
		}
		return fmt.Errorf("%w: it ended with %s; %w", ErrStart, p.cmd.ProcessState, failure{Kind: noStart}.err(display))
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = fmt.Errorf("%w within %v: see `tenin doctor display`, %s", ErrStart, limit, orHeadless)
	}
	p.kill()
	<-p.dead
	return err
}

// listen reads what the process says until its end, or until it says what no honest one does.
func (p *process) listen(touched func(Touch), shown func(uint64)) {
	begun := false
	for {
		var r report
		if err := readFrame(p.conn, &r, longestReport); err != nil {
			if errors.Is(err, errForm) || errors.Is(err, errNoEvent) {
				p.distrust()
			}
			return
		}
		if given(r.Ready != nil, r.Failed != nil, r.Shown != 0, r.Touch != nil, r.Look != 0, r.Probed != nil) != 1 || begun == (r.Ready != nil || r.Failed != nil) {
			p.distrust()
			return
		}
		switch {
		case r.Ready != nil || r.Failed != nil:
			begun = true
			p.mu.Lock()
			p.begun, p.waiting = true, time.Now()
			p.mu.Unlock()
			p.told <- r
		case r.Touch != nil:
			if !p.touches.add(time.Now()) {
				p.distrust()
				return
			}
			touched(*r.Touch)
		case r.Probed != nil:
			if !p.probed(r.Probed) {
				p.distrust()
				return
			}
		default:
			if !p.answered(r) {
				p.distrust()
				return
			}
			if r.Shown != 0 {
				shown(r.Shown)
			}
		}
	}
}

// answered notes an answer; false: to something that was never asked.
func (p *process) answered(r report) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Shown > p.given || r.Shown != 0 && r.Shown <= p.shown || r.Look > p.looks || r.Look != 0 && r.Look <= p.looked {
		return false
	}
	p.shown, p.looked = max(p.shown, r.Shown), max(p.looked, r.Look)
	p.waiting = time.Now()
	if p.shown == p.given && p.looked == p.looks {
		p.waiting = time.Time{}
	}
	return true
}

// distrust ends a process that said what no honest one does.
func (p *process) distrust() {
	p.mu.Lock()
	p.garbage = true
	p.mu.Unlock()
	p.kill()
}

// speak writes the newest picture whenever there is one, and asks from time to time whether the window answers. The first
// that it writes is either, at once: the window waits for it. It returns when the process is gone or has hung.
func (p *process) speak(newest func() (uint64, []byte), l limits) {
	tick := time.NewTicker(l.tick)
	defer tick.Stop()
	if number, _ := newest(); number == 0 && !p.look(l) {
		return
	}
	for {
		number, frame := newest()
		p.mu.Lock()
		fresh := number > p.given
		if fresh {
			p.given = number
			p.wait()
		}
		p.mu.Unlock()
		if fresh && !p.write(frame, l.hang) {
			return
		}
		if asked := p.take(); asked != nil && !p.write(asked, l.hang) {
			return
		}
		select {
		case <-p.dead:
			return
		case <-p.wake:
		case <-tick.C:
			p.mu.Lock()
			hung := p.begun && !p.waiting.IsZero() && time.Since(p.waiting) > l.hang
			idle := p.waiting.IsZero()
			p.mu.Unlock()
			if hung {
				p.kill()
				return
			}
			if idle && !p.look(l) {
				return
			}
		}
	}
}

// look asks whether the window answers.
func (p *process) look(l limits) bool {
	p.mu.Lock()
	p.looks++
	p.wait()
	n := p.looks
	p.mu.Unlock()
	return p.write(lookFrame(n), l.hang)
}

// wait begins the wait for an answer, unless one is missing already.
func (p *process) wait() {
	if p.waiting.IsZero() {
		p.waiting = time.Now()
	}
}

// write ends a process that does not read.
func (p *process) write(frame []byte, limit time.Duration) bool {
	p.conn.SetWriteDeadline(time.Now().Add(limit))
	if _, err := p.conn.Write(frame); err != nil {
		p.kill()
		return false
	}
	return true
}

// kill ends the process at once. It may be called at any time.
func (p *process) kill() {
	select {
	case <-p.dead:
	default:
		// An error means that it is gone already.
		_ = p.cmd.Process.Kill()
	}
}

// stop lets the process end by itself, which it does with its socket, and returns when it is gone.
func (p *process) stop(grace time.Duration) {
	p.conn.Close()
	select {
	case <-p.dead:
	case <-time.After(grace):
		p.kill()
		<-p.dead
	}
}
