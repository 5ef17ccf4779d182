package worker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"tenin/cmd/internal/worker/pb"
	"tenin/cmd/internal/worker/sandbox"
)

// process is one worker from its start to its end.
type process struct {
	role  Role
	cmd   *exec.Cmd
	conn  *grpc.ClientConn
	rpc   pb.WorkerClient
	since time.Time
	facts *pb.OpenReply
	dead  chan struct{} // closed when the process is gone
	why   atomic.Pointer[Reason]

	refusal Refusal

	heard atomic.Bool // it may hold a shopper's words
	worn  atomic.Bool // its sound library needs a new process

	learning sync.Mutex
	learned  [32]byte // hash of the lexicon that it has
}

// launch starts a process. It does not wait for its engines.
func launch(role Role, spawn spawner, starter *sandbox.Starter) (*process, error) {
	conn, theirs, err := newPipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	p := &process{role: role, dead: make(chan struct{})}
	p.cmd, err = spawn(role, theirs)
	if err == nil {
		p.cmd.Stderr = &p.refusal
		err = starter.Start(p.cmd)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s %w: %w", role, ErrStart, err)
	}
	p.since = time.Now()
	go func() {
		defer close(p.dead)
		// How it ended is in cmd.ProcessState.
		_ = p.cmd.Wait()
		// Whoever waits for an answer learns it at once, even while a grandchild holds the socket.
		conn.Close()
	}()
	if p.conn, err = dial(conn); err != nil {
		p.kill(Unready)
		<-p.dead
		return nil, fmt.Errorf("%s %w: %w", role, ErrStart, err)
	}
	p.rpc = pb.NewWorkerClient(p.conn)
	return p, nil
}

// open waits until the engines are loaded and the process is sealed. A process that does not come up is ended.
func (p *process) open(ctx context.Context, request *pb.OpenRequest, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	reply, err := p.rpc.Open(ctx, request)
	if err == nil {
		if err = openFaults.err(p.role, reply.GetFault()); err == nil {
			err = checkFacts(p.role, reply)
		}
		if err == nil {
			p.facts = reply
			return nil
		}
		err = fmt.Errorf("%s worker: %w", p.role, err)
	} else {
		select {
		case <-p.dead:
			err = fmt.Errorf("%s %w: it ended with %s", p.role, ErrStart, p.cmd.ProcessState)
			if p.cmd.ProcessState.ExitCode() == sandbox.ExitRefused {
				err = fmt.Errorf("%s %w: %s", p.role, ErrStart, p.refusal.Line())
			}
		case <-time.After(deathLag):
			err = fmt.Errorf("%s %w within %v", p.role, ErrStart, limit)
		}
	}
	p.kill(Unready)
	<-p.dead
	p.conn.Close()
	return err
}

const (
	widestVector = 8 << 10
	longestID    = 1 << 10
)

// checkFacts refuses what no engine of that role says of itself.
func checkFacts(role Role, m *pb.OpenReply) error {
	switch {
	case role == LLM && (m.GetDim() < 1 || m.GetDim() > widestVector):
		return errGarbage
	case role == Voice && (m.GetVoice() == "" || len(m.GetVoice()) > longestID || plain(m.GetVoice()) != m.GetVoice()):
		return errGarbage
	}
	return nil
}

// deathLag is how long after its socket a process may take to be gone.
const deathLag = 200 * time.Millisecond

// kill ends the process at once; the first reason counts. It may be called at any time.
func (p *process) kill(why Reason) {
	p.why.CompareAndSwap(nil, &why)
	select {
	case <-p.dead:
	default:
		// An error means that it is gone already.
		_ = p.cmd.Process.Kill()
	}
}

// stop lets the process end by itself and returns when it is gone.
func (p *process) stop(why Reason, grace time.Duration) {
	p.why.CompareAndSwap(nil, &why)
	p.conn.Close()
	select {
	case <-p.dead:
	case <-time.After(grace):
		p.kill(why)
		<-p.dead
	}
}

// reason why it ended; Crashed when nobody wanted it to.
func (p *process) reason() Reason {
	if why := p.why.Load(); why != nil {
		return *why
	}
	return Crashed
}

// alive tells that nobody has given up on it.
func (p *process) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return p.why.Load() == nil
	}
}

// spawner makes the command of a worker, with the socket as its first extra file.
type spawner func(role Role, socket *os.File) (*exec.Cmd, error)
