package vm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a child that ends with this program, however that ends.
type process struct {
	cmd  *exec.Cmd
	said tail
	done chan struct{}
	err  error // of Wait; read after done
}

// startProcess starts name with files as its descriptors from 3 on.
func startProcess(name string, args []string, files ...*os.File) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.ExtraFiles = files
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func() {
		// The kernel sends the death signal when the thread that started the child ends: this one stays as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("virtual machine: %s is missing: install it (packages qemu-system-x86, ovmf, swtpm)", name)
		}
		return nil, fmt.Errorf("virtual machine: start %s: %w", name, err)
	}
	return p, nil
}

// kill ends the child and waits for it.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// endWithin waits for a child that is about to end by itself.
func (p *process) endWithin(d time.Duration) {
	select {
	case <-p.done:
	case <-time.After(d):
		p.kill()
	}
}

// output is the end of what the child said, on one line.
func (p *process) output() string {
	return strings.Join(strings.Fields(p.said.String()), " ")
}

// tail keeps the last few kilobytes that were written to it.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

const tailSize = 8 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(b)
	if over := t.b.Len() - tailSize; over > 0 {
		t.b.Next(over)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
