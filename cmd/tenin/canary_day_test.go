package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/cmd/internal/worker/workertest"
	"tenin/llm/redact/canary"
)

// canaryDisk names, in a run of this test inside a mount namespace of its own, the folder of its ground.
const canaryDisk = "TENIN_TEST_CANARY_DISK"

// The home's disk holds this much, in bytes: enough for all that is kept, and filled in a moment.
const canaryHome = 48 << 20

// TestTwoHundredShoppersLeaveNothingOutsideTheVault runs the whole program (launcher, kiosk without a network, workers,
// uplink and hub) with fakes for engines, and brings invented shoppers to it, by voice and in writing, kept and not, at
// every level and format of the log. Engines crash over what was said, processes are made to print their stacks, the disk
// is full for a while. Then all that the uplink sent, the hub, the home, outputs, logs, cores and temporary files are searched.
//
// Not searched is the standard output of `tenin ask`, `tenin sessions show` and `tenin run --input`: they show a person
// what was said, and that they do is looked at.
func TestTwoHundredShoppersLeaveNothingOutsideTheVault(t *testing.T) {
	if testing.Short() {
		t.Skip("about a minute")
	}
	if hasEngines {
		t.Skip("tested without engines; with them there is a test of its own")
	}
	dir, private := os.Getenv(canaryDisk), true
	if dir == "" {
		if os.Geteuid() == 0 {
			inOwnMounts(t)
			return
		}
		// Without privileges a disk of one's own comes with a user namespace, in which the program would not be who it is.
		dir, private = t.TempDir(), false
	}
	g := newGround(t, dir, makeFakeWeights(t))
	if private {
		if err := syscall.Mount("tenin", g.home(), "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", canaryHome)); err != nil {
			t.Log("no disk of its own can be mounted here:", err)
			private = false
		}
	}
	day := newCanaryDay(t, g)
	day.plant()

	levels, formats := []string{"debug", "info", "warn", "error"}, []string{"text", "json"}
	shoppers := canary.Sessions(canarySeed, canarySessions)
	each := len(shoppers) / (len(levels) * len(formats))
	for i, level := range levels {
		for k, format := range formats {
			run := i*len(formats) + k
			file := ""
			if run%2 == 1 {
				file = level + ".log"
			}
			day.open(fmt.Sprintf("%s-%s", level, format), level, format, file)
			for n := range each {
				day.serve(run*each+n, shoppers)
			}
			day.disturb(run, shoppers, private)
		}
	}
	day.recordings(shoppers)
	day.reckon()
}

// inOwnMounts runs the test again where what it mounts is gone with it.
func inOwnMounts(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), canaryDisk+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("no mount namespace here:", err)
	} else if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// canaryDay is the kiosk's day with all its shoppers.
type canaryDay struct {
	t    *testing.T
	g    *ground
	tap  *wiretap
	hub  string // the hub's folder
	mode string // of the sandbox
	all  suspect

	kiosk    *running
	client   *control.Client
	kept     int // turns that were answered and kept
	answered int
	lost     int               // turns that an engine died in
	full     int               // turns that found the disk full
	logs     map[string]string // path → level
}

func newCanaryDay(t *testing.T, g *ground) *canaryDay {
	t.Helper()
	d := &canaryDay{t: t, g: g, hub: g.path("hub"), mode: "refuse", all: suspect{canary.NewSearch(), newTraces()}, logs: map[string]string{}}
	for i, s := range canary.Sessions(canarySeed, canarySessions) {
		d.all.words.AddSession(s)
		if i%10 == 0 {
			d.all.sounds.addSound(fmt.Sprint("shopper ", i), hum(i, 0.7))
		}
	}
	for _, f := range sandbox.Features() {
		if !f.Have {
			t.Logf("this kernel lacks %s (%s): the program runs without that wall", f.Name, f.Why)
			d.mode = "warn"
		}
	}
	g.run("", "knowledge", "import", "--no-render", absolute(t, "testdata/small-shop.jsonl"))
	address := g.startHub(d.hub)
	d.tap = openWiretap(t, d.hub, address, g.path("out", "sent"))
	g.joinHub(d.hub, d.tap)
	return d
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// plant shows that the search finds what it is to find where it will look: in a file of each folder, in each form, and the
// sound. Nothing is there yet but that.
func (d *canaryDay) plant() {
	d.t.Helper()
	d.g.clean(d.all)
	s := canary.Sessions(canarySeed, 1)[0]
	for _, folder := range []string{"home", "hub", "tmp", "out", "cores"} {
		path := d.g.path(folder, "planted")
		if err := os.WriteFile(path, []byte("…"+s.Text), 0o600); err != nil {
			d.t.Fatal(err)
		}
		finds, _, err := d.all.words.Tree(d.g.dir)
		if err != nil || len(finds) == 0 {
			d.t.Errorf("what was planted in %s is not found: %v", path, err)
		}
		if err := audio.WriteFile(path, hum(0, 0.7)); err != nil {
			d.t.Fatal(err)
		}
		if len(d.all.sounds.findInFiles(d.t, d.g.dir)) != 1 {
			d.t.Errorf("the sound that was planted in %s is not found", path)
		}
		if err := os.Remove(path); err != nil {
			d.t.Fatal(err)
		}
	}
	// A process that does not forbid it leaves its memory here.
	cmd := exec.Command("sh", "-c", "ulimit -c unlimited; kill -SEGV $$")
	cmd.Dir = d.g.path("cores")
	_ = cmd.Run()
	cores, err := filepath.Glob(d.g.path("cores", "*"))
	if err != nil || len(cores) == 0 {
		pattern, _ := os.ReadFile("/proc/sys/kernel/core_pattern")
		d.t.Logf("not proven that a core would be found: this machine writes them elsewhere (%q)", strings.TrimSpace(string(pattern)))
	}
	for _, core := range cores {
		if err := os.Remove(core); err != nil {
			d.t.Fatal(err)
		}
	}
}

// open starts the kiosk with those settings of its log.
func (d *canaryDay) open(name, level, format, file string) {
	d.t.Helper()
	d.close()
	settings := fmt.Sprintf("[shop]\nlanguage = \"auto\"\n[log]\nlevel = %q\nformat = %q\nfile = %q\n[sandbox]\nmode = %q\n", level, format, file, d.mode)
	if err := os.WriteFile(filepath.Join(d.g.home(), "tenin.toml"), []byte(settings), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.kiosk, d.client = d.g.startKiosk("kiosk-" + name)
	if file == "" {
		d.logs[d.kiosk.errors] = level
	} else {
		d.logs[filepath.Join(d.g.home(), file)] = level
	}
}

func (d *canaryDay) close() {
	d.t.Helper()
	if d.kiosk != nil {
		d.client.Close()
		d.kiosk.stop()
	}
	d.kiosk = nil
}

// brief is what shopper i brings: every second pair a voice, the others typed words.
func brief(i int, shoppers []canary.Session) kiosk.Brief {
	if i%4 < 2 {
		clip := hum(i, 0.7)
		return kiosk.Brief{Clip: &clip}
	}
	return kiosk.Brief{Text: shoppers[i].Text}
}

// ask brings one question and returns what became of it.
func (d *canaryDay) ask(b kiosk.Brief, keep bool) (kiosk.Turn, error) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 3*patience)
	defer cancel()
	for {
		turn, err := d.askOnce(ctx, b, keep)
		// On a busy machine the reset behind the last shopper takes longer than the kiosk lets anybody wait.
		if !errors.Is(err, kiosk.ErrServing) || ctx.Err() != nil {
			return turn, err
		}
	}
}

func (d *canaryDay) askOnce(ctx context.Context, b kiosk.Brief, keep bool) (kiosk.Turn, error) {
	d.t.Helper()
	visit, err := kiosk.AskKiosk(ctx, d.client, kiosk.Terms{Keep: keep})
	if err != nil {
		d.t.Fatal(err)
	}
	turn, outcome, err := visit.Ask(ctx, b)
	if err == nil {
		d.answered++
		if keep != (outcome.Session != "") {
			d.t.Errorf("kept in session %q, and keep was %v", outcome.Session, keep)
		}
		if keep {
			d.kept++
		}
	}
	if err := visit.Close(); err != nil {
		d.t.Error(err)
	}
	return turn, err
}

// serve answers shopper i, whose words must have gone all the way.
func (d *canaryDay) serve(i int, shoppers []canary.Session) {
	d.t.Helper()
	turn, err := d.ask(brief(i, shoppers), i%3 != 0)
	if err != nil {
		d.t.Fatalf("shopper %d: %v", i, err)
	}
	if turn.Transcript != shoppers[i].Text {
		d.t.Fatalf("shopper %d said %q, and it was heard as %q", i, shoppers[i].Text, turn.Transcript)
	}
}

// disturb is what goes wrong at the end of a run. The words that it is about are a shopper's.
func (d *canaryDay) disturb(run int, shoppers []canary.Session, private bool) {
	d.t.Helper()
	s := shoppers[run]
	switch run {
	case 0:
		d.dies("an engine reads where it may not, over a transcript", kiosk.Brief{Clip: new(hum(canarySessions+run, 0.7))})
	case 1:
		d.dies("an engine panics with what was heard", kiosk.Brief{Clip: new(hum(2*canarySessions+run, 0.7))})
	case 2:
		d.dies("an engine panics with what was typed", kiosk.Brief{Text: s.Text + workertest.Panic})
	case 3:
		d.dies("an engine reads where it may not, over typed words", kiosk.Brief{Text: s.Text + workertest.Fault})
	case 4:
		d.shown(shoppers[2])
		d.stacks("asr", syscall.SIGQUIT, kiosk.Brief{Clip: new(hum(run, 0.7))})
		d.stacks("llm", syscall.SIGABRT, kiosk.Brief{Text: s.Text})
	case 5:
		if private {
			d.fillDisk(shoppers)
		}
	case 6:
		d.kioskDies(syscall.SIGQUIT, kiosk.Brief{Text: s.Text})
	case 7:
		d.kioskDies(syscall.SIGSEGV, kiosk.Brief{Clip: new(hum(run, 0.7))})
	}
}

// dies brings a question over which an engine dies, and sees that the kiosk goes on.
func (d *canaryDay) dies(how string, b kiosk.Brief) {
	d.t.Helper()
	if _, err := d.ask(b, true); !errors.Is(err, kiosk.ErrEngineLost) {
		d.t.Errorf("%s: %v", how, err)
	}
	d.lost++
}

// stacks has a worker print its stacks and registers while it holds a shopper's words.
func (d *canaryDay) stacks(role string, signal syscall.Signal, b kiosk.Brief) {
	d.t.Helper()
	before := pids(d.client, role)
	d.held(b, func() {
		client, err := kiosk.DialKiosk(d.t.Context(), d.g.home())
		if err != nil {
			d.t.Fatal(err)
		}
		defer client.Close()
		list := pids(client, role)
		if len(list) != 1 {
			d.t.Fatalf("%s runs as %v, and was %v", role, list, before)
		}
		if err := syscall.Kill(list[0], signal); err != nil {
			d.t.Fatal(err)
		}
	})
}

// held calls f while a visit is open whose question was answered.
func (d *canaryDay) held(b kiosk.Brief, f func()) {
	d.t.Helper()
	visit, err := kiosk.AskKiosk(d.t.Context(), d.client, kiosk.Terms{Keep: true})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, _, err := visit.Ask(d.t.Context(), b); err != nil {
		d.t.Fatal(err)
	}
	d.kept++
	d.answered++
	f()
	_ = visit.Close()
}

// kioskDies has the kiosk's own process print its stacks while it holds a shopper's words.
func (d *canaryDay) kioskDies(signal syscall.Signal, b kiosk.Brief) {
	d.t.Helper()
	pid := int(d.client.Status().GetPid())
	d.held(b, func() {
		if err := syscall.Kill(pid, signal); err != nil {
			d.t.Fatal(err)
		}
		d.kiosk.wait()
	})
	said, err := os.ReadFile(d.kiosk.errors)
	if err != nil {
		d.t.Fatal(err)
	}
	// Registers and arguments hold what is being worked with, a few letters at a time.
	if strings.Contains(string(said), "goroutine ") || strings.Contains(string(said), "rax ") {
		d.t.Errorf("a kiosk that is ended by %v prints its stacks and registers", signal)
	}
	d.client.Close()
	d.kiosk = nil
}

// fillDisk has shoppers come while there is no room, and then again.
func (d *canaryDay) fillDisk(shoppers []canary.Session) {
	d.t.Helper()
	path := filepath.Join(d.g.home(), "filler")
	f, err := os.Create(path)
	if err != nil {
		d.t.Fatal(err)
	}
	for piece := 1 << 20; piece >= 1; {
		if _, err := f.Write(make([]byte, piece)); errors.Is(err, syscall.ENOSPC) {
			piece /= 2
		} else if err != nil {
			d.t.Fatal(err)
		}
	}
	f.Close()
	for i := range 40 {
		if _, err := d.ask(brief(i, shoppers), true); err != nil {
			d.full++
			if d.full == 6 {
				break
			}
		}
	}
	if d.full == 0 {
		d.t.Error("40 shoppers were kept on a full disk")
	}
	if err := os.Remove(path); err != nil {
		d.t.Fatal(err)
	}
	d.serve(1, shoppers)
}

// shown has the other commands show a person what was said.
func (d *canaryDay) shown(s canary.Session) {
	d.t.Helper()
	d.kept++
	d.answered++
	typed := d.g.run(s.Text, "ask", "--text", "-", "--json")
	var turn turnJSON
	if err := json.Unmarshal([]byte(typed), &turn); err != nil || turn.Transcript != s.Text || turn.Session == "" {
		d.t.Fatalf("ask shows %q: %v", typed, err)
	}
	if saved := d.g.run("", "sessions", "show", turn.Session); !strings.Contains(saved, s.Text) {
		d.t.Errorf("the session is shown as %q", saved)
	}
}

// recordings has the program answer recordings, as its own standard output shows.
func (d *canaryDay) recordings(shoppers []canary.Session) {
	d.t.Helper()
	d.close()
	args := []string{"run", "--headless"}
	folder := d.t.TempDir() // apart from the ground: these are the test's own
	for _, i := range []int{0, 1} {
		path := filepath.Join(folder, fmt.Sprint(i, ".wav"))
		if err := audio.WriteFile(path, hum(i, 0.7)); err != nil {
			d.t.Fatal(err)
		}
		args = append(args, "--input", path)
	}
	shown := d.g.run("", args...)
	for _, i := range []int{0, 1} {
		if !strings.Contains(shown, shoppers[i].Text) {
			d.t.Errorf("the person at the terminal does not see what was heard: %q", shown)
		}
	}
	d.kept += 2
	d.answered += 2
}

// reckon waits until all summaries are at the hub, and looks everywhere.
func (d *canaryDay) reckon() {
	d.t.Helper()
	d.open("last", "debug", "text", "")
	var ids []string
	for deadline := time.Now().Add(4 * patience); ; time.Sleep(250 * time.Millisecond) {
		if ids = d.g.summaries(d.hub); len(ids) >= d.kept || time.Now().After(deadline) {
			break
		}
	}
	d.close()
	slices.Sort(ids)
	if len(ids) != d.kept || len(slices.Compact(ids)) != d.kept {
		d.t.Errorf("the hub has %d summaries, and %d turns were kept", len(ids), d.kept)
	}
	vault, err := kiosk.OpenVault(d.g.home())
	if err != nil {
		d.t.Fatal(err)
	}
	waiting, err := vault.Outbox().Len()
	if err != nil || waiting != 0 {
		d.t.Errorf("%d summaries wait: %v", waiting, err)
	}
	sessions, err := vault.Sessions()
	if err != nil {
		d.t.Fatal(err)
	}
	turns := 0
	for _, s := range sessions {
		turns += s.Turns
	}
	if err := vault.Close(); err != nil {
		d.t.Fatal(err)
	}
	if turns < d.kept || turns > d.kept+d.full {
		d.t.Errorf("the vault has %d turns; %d were kept, %d found the disk full", turns, d.kept, d.full)
	}
	links, sent := d.tap.seen()
	if links == 0 || sent < int64(100*d.kept) {
		d.t.Errorf("%d bytes were seen on %d connections, for %d summaries", sent, links, d.kept)
	}
	for path, level := range d.logs {
		written, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		chatty := level == "debug" || level == "info"
		if said := strings.Contains(string(written), "worker ready"); said != chatty {
			d.t.Errorf("the log at level %s, %s, tells of workers that are ready: %v", level, path, said)
		}
	}
	size := d.g.clean(d.all)
	d.t.Logf("%d turns answered, %d kept, %d lost with their engine, %d on a full disk; %d bytes sent on %d connections; %d bytes searched",
		d.answered, d.kept, d.lost, d.full, sent, links, size)
}
