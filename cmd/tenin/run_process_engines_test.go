//go:build engines

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
)

// longEnough is for whatever these tests wait for on a busy machine.
const longEnough = 2 * time.Minute

// A liveKiosk is the program as a kiosk, with real engines, started as systemd does.
type liveKiosk struct {
	t        *testing.T
	home     string
	question audio.Clip
	command  *exec.Cmd
	said     *bytes.Buffer
	ended    chan struct{}
	client   *control.Client
	kiosk    int // its process
}

// startLive starts a kiosk of a small shop, whose answers may have been spoken before.
func startLive(t *testing.T, spoken bool) *liveKiosk {
	t.Helper()
	weights, err := filepath.Abs(models.Open(models.DefaultDir()).Dir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TENIN_MODELS", weights)
	home, question := smallShop(t, weights)
	product := filepath.Join(t.TempDir(), "product.jsonl")
	if err := os.WriteFile(product, []byte(`{"id":"umbrella","name":"折りたたみ傘","place":"1階 雑貨売り場"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tenin", "knowledge", "import", "--add", "-q", "--home", home, fmt.Sprintf("--no-render=%v", !spoken), product).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	clip, _, err := audio.ReadFile(question, audio.Limits{MaxDuration: kiosk.LongestQuestion})
	if err != nil {
		t.Fatal(err)
	}
	r := &liveKiosk{t: t, home: home, question: clip}
	r.start()
	t.Cleanup(r.stop)
	return r
}

// start starts the program and waits until it can be asked.
func (r *liveKiosk) start() {
	r.t.Helper()
	r.said, r.ended = &bytes.Buffer{}, make(chan struct{})
	r.command = exec.Command("tenin", "run", "--headless", "--wait", "--home", r.home)
	r.command.Stderr = r.said
	if err := r.command.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() { defer close(r.ended); _ = r.command.Wait() }()
	for limit := time.Now().Add(longEnough); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if r.client, err = kiosk.DialKiosk(r.t.Context(), r.home); err == nil {
			r.kiosk = int(r.client.Status().Pid)
			return
		}
		select {
		case <-r.ended:
			r.t.Fatalf("the kiosk ended: %s", r.said)
		default:
		}
		if time.Now().After(limit) {
			r.t.Fatalf("the kiosk does not serve: %v", err)
		}
	}
}

// stop ends the program as systemd does.
func (r *liveKiosk) stop() {
	if r.client != nil {
		r.client.Close()
	}
	_ = r.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(longEnough):
		_ = r.command.Process.Kill()
		r.t.Error("the kiosk does not stop")
	}
}

func (r *liveKiosk) status() *pb.StatusReply {
	r.t.Helper()
	status, err := pb.NewKioskClient(r.client.Conn()).Status(r.t.Context(), &pb.StatusRequest{})
	if err != nil {
		r.t.Fatalf("%v; the kiosk said: %s", err, r.said)
	}
	return status
}

// waitFor waits until the kiosk's status is as it should.
func (r *liveKiosk) waitFor(what string, done func(*pb.StatusReply) bool) {
	r.t.Helper()
	for limit := time.Now().Add(longEnough); !done(r.status()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			r.t.Fatalf("%s is not reached: %v", what, r.status())
		}
	}
}

func (r *liveKiosk) free() {
	r.t.Helper()
	r.waitFor("the end of a visit", func(s *pb.StatusReply) bool { return s.State == "attract" })
}

// worker waits for the process of a role.
func (r *liveKiosk) worker(role string) (pid int) {
	r.t.Helper()
	r.waitFor("a "+role+" process", func(s *pb.StatusReply) bool {
		for _, p := range s.Processes {
			if p.Role == role {
				pid = int(p.Pid)
			}
		}
		return pid != 0
	})
	return pid
}

// visit begins a visit at the kiosk.
func (r *liveKiosk) visit(ctx context.Context, terms kiosk.Terms) kiosk.Asker {
	r.t.Helper()
	asker, err := kiosk.AskKiosk(ctx, r.client, terms)
	if err != nil {
		r.t.Fatal(err)
	}
	return asker
}

// spoken is a copy of the question: a kiosk forgets what it was given.
func (r *liveKiosk) spoken() kiosk.Brief { return kiosk.Brief{Clip: &r.question} }

// descendants are the processes that pid has started, and they, and so on.
func descendants(t *testing.T, pid int) (list []int) {
	t.Helper()
	parents := map[int][]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n))
		if err != nil {
			continue
		}
		// The name in brackets may hold anything.
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			parents[parent] = append(parents[parent], n)
		}
	}
	for next := []int{pid}; len(next) > 0; next = next[1:] {
		list = append(list, parents[next[0]]...)
		next = append(next, parents[next[0]]...)
	}
	return list
}

// gone waits until none of the processes runs.
func gone(t *testing.T, pids []int) {
	t.Helper()
	for limit := time.Now().Add(longEnough); ; time.Sleep(20 * time.Millisecond) {
		var left []int
		for _, pid := range pids {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err == nil && !strings.Contains(string(stat), ") Z ") {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%v are left of %v", left, pids)
		}
	}
}
