// Package xfixture is a display that nobody sees: an X server in memory (Xvfb) with a cookie of its own, for tests and
// measurements, and a finger and an eye for it.
package xfixture

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/worker/sandbox"
)

// ErrMissing says that this machine has no Xvfb.
var ErrMissing = errors.New("no Xvfb on this machine: install xvfb")

// Options are what the display is.
type Options struct {
	Width, Height int // dots; 0: 1080×1920
	DPI           int // what the server says of them; 0: 102
	// Number is that of the display; 0: one that is free.
	Number int
	// Without are extensions that the server shall not have.
	Without []string
	// Dir is where the cookie is kept; empty: a temporary folder that Close removes.
	Dir string
}

// Server is a running X server. It takes one cookie, and listens at a path and nowhere else.
type Server struct {
	// Display is its name as in DISPLAY, Authority the file with its cookie.
	Display, Authority string
	// Eye is a connection to it, Finger what touches it. Eye counts among the clients.
	Eye    *x11.Conn
	Finger *x11.Finger

	path    string
	cmd     *exec.Cmd
	starter *sandbox.Starter
	dead    chan struct{}
	folder  string
}

// Start starts a server and returns when it answers. It ends with Close or with this process, not with ctx.
func Start(ctx context.Context, o Options) (s *Server, err error) {
	program, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, ErrMissing
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1080, 1920
	}
	if o.DPI == 0 {
		o.DPI = 102
	}
	s = &Server{starter: sandbox.NewStarter()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	if o.Dir == "" {
		if s.folder, err = os.MkdirTemp("", "tenin-display-*"); err != nil {
			return s, err
		}
		o.Dir = s.folder
	}
	s.Authority = filepath.Join(o.Dir, "authority")
	cookie := make([]byte, x11.CookieSize)
	// It never fails.
	_, _ = rand.Read(cookie)
	if err := x11.WriteCookie(s.Authority, cookie); err != nil {
		return s, err
	}
	for range tries {
		if err = s.try(ctx, program, o); err == nil {
			break
		}
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
	}
	if err != nil {
		return s, err
	}
	s.path, _ = screen.Socket(s.Display)
	if s.Eye, err = x11.Dial(s.path, cookie); err != nil {
		return s, err
	}
	s.Finger, err = x11.NewFinger(s.Eye)
	return s, err
}

// tries is how many numbers are tried. The server takes none that another one has locked.
const tries = 20

// try starts the server under a number. A number of its own choice would not do: it then locks nothing, and takes the place
// of another server that has no abstract socket either.
func (s *Server) try(ctx context.Context, program string, o Options) error {
	ready, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	number := o.Number
	if number == 0 {
		number = 100 + mathrand.IntN(900)
	}
	s.Display = ":" + strconv.Itoa(number)
	// Without shared memory, which a sandbox does not share, the server is spared a failed try a window.
	cmd := exec.Command(program, s.Display, "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", o.Width, o.Height),
		"-dpi", strconv.Itoa(o.DPI), "-auth", s.Authority, "-nolisten", "tcp", "-nolisten", "local", "-noreset", "-extension", "MIT-SHM")
	for _, name := range o.Without {
		cmd.Args = append(cmd.Args, "-extension", name)
	}
	cmd.ExtraFiles = []*os.File{tell}
	err = s.starter.Start(cmd)
	tell.Close()
	if err != nil {
		return fmt.Errorf("start Xvfb: %w", err)
	}
	dead := make(chan struct{})
	go func() {
		defer close(dead)
		// How it ended is nobody's question.
		_ = cmd.Wait()
	}()
	stop := context.AfterFunc(ctx, func() { ready.SetReadDeadline(time.Now()) })
	defer stop()
	ready.SetReadDeadline(time.Now().Add(patience))
	if _, err := bufio.NewReader(io.LimitReader(ready, 16)).ReadString('\n'); err != nil {
		_ = cmd.Process.Kill()
		<-dead
		return fmt.Errorf("the server did not come up: %w", err)
	}
	s.cmd, s.dead = cmd, dead
	return nil
}

// patience is how long the server may take to come up; 0.1 s were measured.
const patience = 20 * time.Second

// Capture returns what is on the display.
func (s *Server) Capture() (*image.RGBA, error) { return s.Eye.Look(image.Rectangle{}) }

// Others are the processes that use the display beside Eye.
func (s *Server) Others() ([]int, error) {
	clients, err := s.Eye.Clients()
	if err != nil {
		return nil, err
	}
	var others []int
	for _, c := range clients {
		if !c.Own {
			others = append(others, c.PID)
		}
	}
	return others, nil
}

// Dead is closed when the server is gone.
func (s *Server) Dead() <-chan struct{} { return s.dead }

// Close ends the server and returns when it is gone.
func (s *Server) Close() error {
	if s.Eye != nil {
		s.Eye.Close()
	}
	if s.cmd != nil {
		// It removes its socket and its lock when it is asked to go.
		_ = s.cmd.Process.Signal(os.Interrupt)
		select {
		case <-s.dead:
		case <-time.After(3 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.dead
		}
	}
	s.starter.Close()
	if s.folder != "" {
		return os.RemoveAll(s.folder)
	}
	return nil
}
