package sandbox

import (
	"errors"
	"os/exec"
	"runtime"
	"sync"
)

// Starter starts children on one thread that lives as long as the Starter: the kernel sends a child its parent-death
// signal when the thread that started it ends, not the process, and the Go runtime ends threads as it likes.
// A Starter must be closed; closing it therefore also kills every child of [Command] that still runs.
type Starter struct {
	work   chan start
	done   chan struct{}
	once   sync.Once
	closed chan struct{}
}

type start struct {
	cmd    *exec.Cmd
	result chan error
}

// NewStarter begins the thread.
func NewStarter() *Starter {
	s := &Starter{work: make(chan start), done: make(chan struct{}), closed: make(chan struct{})}
	go s.run()
	return s
}

// run never unlocks its thread, so that the thread ends with it.
func (s *Starter) run() {
	defer close(s.done)
	runtime.LockOSThread()
	for {
		select {
		case w := <-s.work:
			if w.cmd.SysProcAttr != nil && w.cmd.SysProcAttr.UidMappings != nil {
				w.result <- whileDumpable(w.cmd.Start)
				continue
			}
			w.result <- w.cmd.Start()
		case <-s.closed:
			return
		}
	}
}

// Start starts cmd like [exec.Cmd.Start], whose errors it returns. Waiting stays with the caller, on any goroutine.
func (s *Starter) Start(cmd *exec.Cmd) error {
	w := start{cmd: cmd, result: make(chan error, 1)}
	select {
	case s.work <- w:
		return <-w.result
	case <-s.closed:
		return errors.New("sandbox: the starter of children is closed: make a new one")
	}
}

// Close ends the thread, and with it every child that is still bound to it.
func (s *Starter) Close() {
	s.once.Do(func() { close(s.closed) })
	<-s.done
}
