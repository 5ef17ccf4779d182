package vm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The tests of the whole device, which `make test-image` runs: they build images with the command line, as a technician does,
// and try them in machines. TENIN_IMAGE is a folder for them: keys, the list of package versions and what was built stay
// there for the next run; pictures of each screen land in its folder "pictures". TENIN_PROGRAM is the tenin for the images;
// it has to run on any x86-64-v3 machine. TENIN_IMAGE_LONG, when set, takes the whole shop, speaks every answer in the machine
// and pulls the plug of a running update twenty times. TENIN_IMAGE_MINUTES, when set, is how long it may take: a step that would
// begin later is left out, and says so.
type trial struct {
	*testing.T // of the step that runs; each has its own copy of the trial
	ctx        context.Context
	dir        string
	program    string
	long       bool
	end        time.Time // no step begins later; zero: there is none
	pictures   *atomic.Int32
	// updateTook is how many nanoseconds an update took to be written.
	updateTook *atomic.Int64
}

func newTrial(t *testing.T) *trial {
	dir := os.Getenv("TENIN_IMAGE")
	if dir == "" {
		t.Skip("the whole device is tried by `make test-image`")
	}
	needMachine(t)
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	program := os.Getenv("TENIN_PROGRAM")
	if program == "" {
		program = "../../bin/tenin"
	}
	if program, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("the program for the images: %v: set TENIN_PROGRAM", err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "pictures")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "pictures"), 0o755); err != nil {
		t.Fatal(err)
	}
	x := &trial{T: t, ctx: t.Context(), dir: dir, program: program, long: os.Getenv("TENIN_IMAGE_LONG") != "",
		pictures: new(atomic.Int32), updateTook: new(atomic.Int64)}
	if text := os.Getenv("TENIN_IMAGE_MINUTES"); text != "" {
		minutes, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("TENIN_IMAGE_MINUTES is %q: use a number", text)
		}
		x.end = time.Now().Add(time.Duration(minutes) * time.Minute)
	}
	return x
}

// step is a part of the trial.
type step struct {
	name string
	do   func(*trial)
}

// run runs steps one after the other, says how long each took, and tells whether all went well. Those that follow one that
// failed run too.
func (x *trial) run(steps ...step) (ok bool) {
	ok = true
	for _, s := range steps {
		ok = x.Run(s.name, func(t *testing.T) {
			if !x.end.IsZero() && time.Now().After(x.end) {
				t.Skip("NOT TRIED: the time that TENIN_IMAGE_MINUTES gives is over; `make test-image` tries it")
			}
			began := time.Now()
			defer func() { t.Logf("took %.1f s", time.Since(began).Seconds()) }()
			own := *x
			own.T = t
			s.do(&own)
		}) && ok
	}
	return ok
}

// needed runs steps that all others need.
func (x *trial) needed(steps ...step) {
	for _, s := range steps {
		if !x.run(s) {
			x.Fatalf("%s: what follows needs it", s.name)
		}
	}
}

// beside runs rows of steps beside one another: a machine without KVM keeps little more than one processor busy.
func (x *trial) beside(rows ...[]step) {
	var all sync.WaitGroup
	for _, steps := range rows {
		all.Go(func() { x.run(steps...) })
	}
	all.Wait()
}

// must ends the step that runs where something it needs failed.
func (x *trial) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x *trial) path(names ...string) string {
	return filepath.Join(append([]string{x.dir}, names...)...)
}

// tenin runs the command line on this machine and returns its standard output.
func (x *trial) tenin(args ...string) string {
	x.Helper()
	cmd := exec.CommandContext(x.ctx, x.program, args...)
	cmd.Dir = x.dir
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		x.Fatalf("tenin %s: %v: %s", strings.Join(args, " "), err, complaint.String())
	}
	return string(out)
}

// copyDevice copies a device that is off: its disk and its folder. What was in the way goes.
func (x *trial) copyDevice(from, to string) device {
	x.Helper()
	x.must(os.RemoveAll(x.path(to)))
	out, err := exec.CommandContext(x.ctx, "cp", "-a", "--sparse=always", "--reflink=auto", x.path(from), x.path(to)).CombinedOutput()
	if err != nil {
		x.Fatalf("copy of %s: %v: %s", from, err, out)
	}
	return device{x, to}
}

// device is a folder with a disk, UEFI variables and a TPM.
type device struct {
	x    *trial
	name string
}

func (d device) disk() string { return d.x.path(d.name, "kiosk.img") }

// remove deletes it, unless something failed: then it is looked at.
func (d device) remove() {
	if !d.x.Failed() {
		d.x.must(os.RemoveAll(d.x.path(d.name)))
	}
}

// on starts the device; its end is the step's.
func (d device) on(change func(*Options)) *machine {
	d.x.Helper()
	o := Options{Dir: d.x.path(d.name), Disks: []Disk{{Path: d.disk(), Serial: "TENIN-TEST"}}}
	if change != nil {
		change(&o)
	}
	v, err := Start(d.x.ctx, o)
	d.x.must(err)
	d.x.Cleanup(v.PowerCut)
	return &machine{v, d.x, ""}
}

// machine is a device that is on.
type machine struct {
	*VM
	x    *trial
	boot string
}

// startTime is how long a service may take to come up.
const startTime = 12 * time.Minute

// bootTime is how long a start may take: minutes without KVM on a busy machine.
const bootTime = 10 * time.Minute

// up waits for the next start of the system to reach its console.
func (m *machine) up() {
	m.x.Helper()
	ctx, cancel := context.WithTimeout(m.x.ctx, bootTime)
	defer cancel()
	began := time.Now()
	boot, err := m.Console.Ready(ctx, m.boot)
	if err != nil {
		m.picture("no-console")
		m.x.Fatalf("%v; serial line: %s", err, lastLines(m.Serial.String()))
	}
	m.boot = boot
	m.x.Logf("the system answers after %.1f s", time.Since(began).Seconds())
}

// run runs a script in the machine that has to succeed.
func (m *machine) run(script string) string {
	m.x.Helper()
	out, err := m.try(script)
	if err != nil {
		m.x.Fatal(err)
	}
	return out
}

// commandTime is how long a script may run.
const commandTime = startTime

// try runs a script in the machine.
func (m *machine) try(script string) (string, error) {
	ctx, cancel := context.WithTimeout(m.x.ctx, commandTime)
	defer cancel()
	return m.Console.Output(ctx, script)
}

// until repeats a script until it succeeds, for d at most, and returns what it wrote.
func (m *machine) until(d time.Duration, what, script string) string {
	m.x.Helper()
	ctx, cancel := context.WithTimeout(m.x.ctx, d)
	defer cancel()
	began := time.Now()
	for {
		r, err := m.Console.Run(ctx, script)
		if err == nil && r.Code == 0 {
			m.x.Logf("%s: after %.1f s", what, time.Since(began).Seconds())
			return strings.TrimSuffix(r.Output, "\n")
		}
		if err != nil || ctx.Err() != nil {
			m.picture("not-" + strings.ReplaceAll(what, " ", "-"))
			m.x.Fatalf("%s: not within %v: %v: %s", what, d, err, strings.TrimSpace(r.Output))
		}
		pause(ctx, time.Second)
	}
}

// pause waits; a context that ends makes it shorter.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// picture keeps what the screen shows.
func (m *machine) picture(name string) string {
	m.x.Helper()
	path := m.x.path("pictures", fmt.Sprintf("%02d-%s.png", m.x.pictures.Add(1), name))
	if err := m.Screenshot(m.x.ctx, path); err != nil {
		m.x.Error(err)
	}
	m.x.Logf("picture: %s", filepath.Base(path))
	return path
}

// off shuts the system down.
func (m *machine) off() {
	m.x.Helper()
	ctx, cancel := context.WithTimeout(m.x.ctx, bootTime)
	defer cancel()
	// The console is the one that is told to end the system that it runs in.
	_, _ = m.try("systemctl poweroff")
	reason, err := m.Wait(ctx)
	m.x.must(err)
	if reason != "guest-shutdown" {
		m.x.Errorf("the machine is off for %q", reason)
	}
}

// neverUp waits for a line on the serial line that says why the system does not start, and fails when its console answers.
func (m *machine) neverUp(d time.Duration, why *regexp.Regexp) {
	m.x.Helper()
	ctx, cancel := context.WithTimeout(m.x.ctx, d)
	defer cancel()
	go func() {
		if _, err := m.Console.Ready(ctx, ""); err == nil {
			cancel()
		}
	}()
	match, _, err := m.Serial.WaitFor(ctx, 0, why)
	if err != nil {
		m.x.Fatalf("no refusal: %v", err)
	}
	m.x.Logf("refused: %s", match[0])
}

// diskSize is a device's disk: larger than any image, as a real one is.
const diskSize = "4 GiB"

// flashed makes a device from the factory whose disk has an image.
func (x *trial) flashed(name string, b built) device {
	x.Helper()
	x.must(os.RemoveAll(x.path(name)))
	x.must(os.MkdirAll(x.path(name), 0o755))
	d := device{x, name}
	x.tenin("firmware", "flash", b.Image, "--keys", x.keys(), "--to-file", d.disk(), "--size", diskSize, "--quiet")
	return d
}
