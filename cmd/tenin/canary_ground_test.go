package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/redact/canary"
)

// ground is a folder in which the whole program runs. All that it leaves anywhere lies below it:
//
//	home/    the kiosk's home
//	hub/     the hub's folder
//	tmp/     for temporary files
//	out/     standard output and error of each process, and what the uplink sent
//	cores/   where the processes start, so where the kernel would write their memory
type ground struct {
	t       *testing.T
	dir     string
	weights string
	starts  int
}

func newGround(t *testing.T, dir, weights string) *ground {
	t.Helper()
	g := &ground{t: t, dir: dir, weights: weights}
	for _, name := range []string{"home", "hub", "tmp", "out", "cores"} {
		if err := os.MkdirAll(g.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel writes a core as the process's own user.
	if err := os.Chmod(g.path("cores"), 0o777); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *ground) path(parts ...string) string {
	return filepath.Join(append([]string{g.dir}, parts...)...)
}

func (g *ground) home() string { return g.path("home") }

// command is the program, which may write cores as large as it likes unless it forbids them itself.
func (g *ground) command(args ...string) *exec.Cmd {
	args = append(args, "--home", g.home())
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -c unlimited 2>/dev/null; exec tenin "$@"`, "tenin"}, args...)...)
	cmd.Dir = g.path("cores")
	cmd.Env = append(dropVariable(os.Environ(), "TENIN_HOME"), "TENIN_MODELS="+g.weights, "TMPDIR="+g.path("tmp"), "HOME="+g.path("tmp"))
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// run runs a command to its end and returns its standard output. Its standard error stays on the ground.
func (g *ground) run(input string, args ...string) string {
	g.t.Helper()
	out, err := g.try(input, args...)
	if err != nil {
		g.t.Fatalf("tenin %s: %v", args[0], err)
	}
	return out
}

func (g *ground) try(input string, args ...string) (string, error) {
	g.t.Helper()
	g.starts++
	errors, err := os.Create(g.path("out", fmt.Sprintf("%02d-%s.err", g.starts, args[0])))
	if err != nil {
		g.t.Fatal(err)
	}
	defer errors.Close()
	var out bytes.Buffer
	cmd := g.command(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, errors
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(errors.Name())
		return out.String(), fmt.Errorf("%w: %s", err, said)
	}
	return out.String(), nil
}

// running is a process of the program.
type running struct {
	t       *testing.T
	cmd     *exec.Cmd
	errors  string // file of its standard error
	stopped bool
}

// start starts a command that goes on. Both its outputs go to the ground.
func (g *ground) start(name string, args ...string) *running {
	g.t.Helper()
	g.starts++
	cmd := g.command(args...)
	out, err := os.Create(g.path("out", fmt.Sprintf("%02d-%s.out", g.starts, name)))
	if err != nil {
		g.t.Fatal(err)
	}
	defer out.Close()
	errors, err := os.Create(g.path("out", fmt.Sprintf("%02d-%s.err", g.starts, name)))
	if err != nil {
		g.t.Fatal(err)
	}
	defer errors.Close()
	cmd.Stdout, cmd.Stderr = out, errors
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	return &running{t: g.t, cmd: cmd, errors: errors.Name()}
}

// stop asks the process to end and waits for it.
func (r *running) stop() {
	r.t.Helper()
	if r.stopped {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	r.wait()
}

// wait returns when the process has ended.
func (r *running) wait() {
	r.t.Helper()
	hang := time.AfterFunc(patience, func() { _ = r.cmd.Process.Kill() })
	_ = r.cmd.Wait()
	r.stopped = true
	if !hang.Stop() {
		said, _ := os.ReadFile(r.errors)
		r.t.Errorf("process %d did not end by itself: %s", r.cmd.Process.Pid, said)
	}
}

// startKiosk runs the kiosk and returns when it serves.
func (g *ground) startKiosk(name string) (*running, *control.Client) {
	g.t.Helper()
	p := g.start(name, "run", "--headless", "--wait")
	g.t.Cleanup(p.stop)
	ctx, cancel := context.WithTimeout(g.t.Context(), 4*patience)
	defer cancel()
	for {
		client, err := kiosk.DialKiosk(ctx, g.home())
		if err == nil && client.Status().GetState() != "starting" {
			g.t.Cleanup(func() { client.Close() })
			return p, client
		}
		if err == nil {
			client.Close()
		}
		if ctx.Err() != nil || p.cmd.Process.Signal(syscall.Signal(0)) != nil {
			said, _ := os.ReadFile(p.errors)
			g.t.Fatalf("the kiosk does not serve: %v\n%s", err, said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// pids returns the processes of a role.
func pids(client *control.Client, role string) (list []int) {
	for _, p := range client.Status().GetProcesses() {
		if p.Role == role && p.Pid != 0 {
			list = append(list, int(p.Pid))
		}
	}
	return list
}

// hum is what the shopper with that number sounds like to the fake recogniser, between two moments of a quiet room.
func hum(number int, seconds float64) audio.Clip {
	const room = audio.SampleRate / 4
	sound := int(seconds * audio.SampleRate)
	clip := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, sound+2*room)}
	noise := rand.New(rand.NewPCG(uint64(number), 1))
	for i := range clip.Samples {
		clip.Samples[i] = 0.0005 * float32(noise.NormFloat64())
		if i >= room && i < room+sound {
			clip.Samples[i] += float32(0.3 * math.Sin(2*math.Pi*(lowestPitch+pitchStep*float64(number))*float64(i)/audio.SampleRate))
		}
	}
	return clip
}

// suspect is all that is searched for: the shoppers' words, what was heard of them, and the sound of some.
type suspect struct {
	words  *canary.Search
	sounds *traces
}

// clean fails the test for whatever of the suspects lies below the ground. It returns how many bytes were searched.
func (g *ground) clean(s suspect) int64 {
	g.t.Helper()
	finds, size, err := s.words.Tree(g.dir)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, f := range finds {
		g.t.Error(f)
	}
	for path, found := range s.sounds.findInFiles(g.t, g.dir) {
		for _, f := range found {
			g.t.Errorf("%s holds the voice of %s as %s at byte %d", path, f.of, f.form, f.at)
		}
	}
	return size
}
