//go:build engines

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/llm/dialogue"
)

func TestTheRunningKioskOutlivesItsWorkers(t *testing.T) {
	// A kiosk that speaks ahead would meet some of the losses outside the turns.
	r := startLive(t, true)
	signals, roles := []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGSTOP}, []string{"asr", "llm", "voice"}
	for i, signal := range signals {
		for j, role := range roles {
			// Each signal and each role once; all nine take minutes. With fakes all nine are tested in cmd/internal/kiosk.
			if i != j && os.Getenv(soakVariable) == "" {
				continue
			}
			before := r.worker(role)
			// A process that stands still has the turn wait in the middle of a call.
			if err := syscall.Kill(before, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			question := kiosk.Brief{Text: "折りたたみ傘はどこですか"}
			if role == "asr" {
				question = r.spoken()
			}
			visit := r.visit(t.Context(), kiosk.Terms{Speak: true})
			lost := make(chan error)
			go func() {
				_, _, err := visit.Ask(t.Context(), question)
				lost <- err
			}()
			time.Sleep(time.Second)
			_ = syscall.Kill(before, signal)
			if signal != syscall.SIGSTOP {
				_ = syscall.Kill(before, syscall.SIGCONT)
			}
			err := <-lost
			if !errors.Is(err, kiosk.ErrEngineLost) || !strings.Contains(err.Error(), kiosk.Sorry("ja")) {
				t.Errorf("%v to %s: %v", signal, role, err)
			}
			// The visit goes on; a recording is a visit of its own.
			if role == "asr" {
				if err := visit.Close(); err != nil {
					t.Error(err)
				}
				visit = r.visit(t.Context(), kiosk.Terms{Speak: true})
			}
			turn, outcome, err := visit.Ask(t.Context(), question)
			for errors.Is(err, kiosk.ErrEngineLost) {
				// It is not back yet, or three losses within a minute have cost it a pause.
				time.Sleep(time.Second)
				if role == "asr" {
					_ = visit.Close()
					visit = r.visit(t.Context(), kiosk.Terms{Speak: true})
				}
				turn, outcome, err = visit.Ask(t.Context(), question)
			}
			if err != nil || turn.Reply.Kind == dialogue.None || len(outcome.Spoken.Samples) == 0 {
				t.Errorf("after %v to %s: %q, %v", signal, role, turn.Reply.Kind, err)
			}
			if err := visit.Close(); err != nil {
				t.Error(err)
			}
			r.free()
			if after := r.worker(role); after == before {
				t.Errorf("%v to %s: process %d goes on", signal, role, before)
			}
		}
	}
}

func TestAKioskThatIsKilledLeavesNoProcessAndStartsAgain(t *testing.T) {
	r := startLive(t, false)
	for _, who := range []string{"launcher", "kiosk"} {
		for _, role := range []string{"asr", "llm", "voice"} {
			r.worker(role)
		}
		all := descendants(t, r.command.Process.Pid)
		if len(all) < 4 || !slices.Contains(all, r.kiosk) {
			t.Fatalf("processes %v, of them the kiosk %d", all, r.kiosk)
		}
		victim := map[string]int{"launcher": r.command.Process.Pid, "kiosk": r.kiosk}[who]
		visit := r.visit(t.Context(), kiosk.Terms{Keep: true})
		lost := make(chan error)
		go func() {
			_, _, err := visit.Ask(t.Context(), r.spoken())
			lost <- err
		}()
		time.Sleep(300 * time.Millisecond)
		if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := <-lost; err == nil {
			t.Logf("the %s was killed after the answer", who)
		}
		<-r.ended
		gone(t, all)
		r.client.Close()
		r.start()
		again := r.visit(t.Context(), kiosk.Terms{Keep: true})
		if turn, outcome, err := again.Ask(t.Context(), kiosk.Brief{Text: "駐車場はありますか"}); err != nil || turn.Reply.Kind != dialogue.Approved || outcome.Session == "" {
			t.Errorf("after the %s was killed: %q, %v", who, turn.Reply.Kind, err)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

// soakVariable says how many visits the soak has: `make soak`.
const soakVariable = "TENIN_SOAK"

func TestManyVisitsLeaveTheKioskAsItWas(t *testing.T) {
	visits, err := strconv.Atoi(os.Getenv(soakVariable))
	if err != nil || visits < 50 {
		t.Skipf("%s says how many visits, 50 or more: `make soak` takes about an hour", soakVariable)
	}
	r := startLive(t, true)
	random := rand.New(rand.NewPCG(3, 4))
	weights := map[string][]uint64{}
	lost, every := 0, visits/25
	for n := range visits {
		lost += r.soak(random, n%10 == 9)
		r.free()
		if n%every != every-1 {
			continue
		}
		for role, pid := range map[string]int{"kiosk": r.kiosk, "asr": r.worker("asr"), "llm": r.worker("llm"), "voice": r.worker("voice")} {
			held, err := worker.Memory(pid)
			if err != nil {
				t.Fatal(err)
			}
			weights[role] = append(weights[role], held)
			weights["all"] = append(weights["all"][:n/every], append(weights["all"], 0)[n/every]+held)
		}
		t.Logf("%d visits, %d turns lost an engine, %.0f MB", n+1, lost, float64(weights["all"][n/every])/1e6)
	}
	for _, role := range []string{"kiosk", "asr", "llm", "voice", "all"} {
		w := weights[role]
		// The first fifth warms up: caches fill, approved answers are spoken ahead.
		first, last := medianOf(w[len(w)/5:len(w)/5+5]), medianOf(w[len(w)-5:])
		growth := 100 * (float64(last)/float64(first) - 1)
		t.Logf("%-5s %.1f MB, then %.1f MB: %+.1f %%", role, float64(first)/1e6, float64(last)/1e6, growth)
		if role == "all" && growth >= 5 {
			t.Error("memory grows with the visits")
		}
	}
	for _, p := range r.status().Processes {
		t.Logf("%s: restarted %d times", p.Role, p.Restarts)
	}
	owner, err := kiosk.OpenOwner(t.Context(), r.home)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	sessions, err := owner.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		if s.Open || s.Err != nil {
			t.Errorf("session %v: open %v, %v", s.ID, s.Open, s.Err)
		}
	}
	t.Logf("%d sessions are kept and closed", len(sessions))
}

func medianOf(of []uint64) uint64 {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

// soak is one shopper of a script; a worker may die meanwhile. It returns how many turns lost their engine.
func (r *liveKiosk) soak(random *rand.Rand, dies bool) (lost int) {
	r.t.Helper()
	questions := []kiosk.Brief{{Text: "折りたたみ傘はどこですか"}, {Text: "駐車場はありますか"}, {Text: "Where can I park?"}, {Text: "月へ行けますか"}}
	terms := kiosk.Terms{Keep: random.IntN(4) > 0, Speak: random.IntN(2) == 0}
	if random.IntN(3) == 0 {
		questions = []kiosk.Brief{r.spoken()}
	} else {
		random.Shuffle(len(questions), func(i, j int) { questions[i], questions[j] = questions[j], questions[i] })
		questions = questions[:1+random.IntN(3)]
	}
	if dies {
		role := []string{"asr", "llm", "voice"}[random.IntN(3)]
		// What needs that worker; a product's place is spoken anew each time.
		questions, terms.Speak = []kiosk.Brief{{Text: "折りたたみ傘はどこですか"}}, true
		if role == "asr" {
			questions = []kiosk.Brief{r.spoken()}
		}
		pid := r.worker(role)
		// A process that stands still has the turn wait in the middle of a call.
		_ = syscall.Kill(pid, syscall.SIGSTOP)
		time.AfterFunc(time.Duration(random.IntN(1500))*time.Millisecond, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	}
	ctx, leave := context.WithCancel(r.t.Context())
	defer leave()
	if random.IntN(8) == 0 { // somebody walks away in the middle
		time.AfterFunc(time.Duration(random.IntN(1000))*time.Millisecond, leave)
	}
	visit := r.visit(ctx, terms)
	for _, q := range questions {
		switch _, _, err := visit.Ask(ctx, q); {
		case ctx.Err() != nil:
		case errors.Is(err, kiosk.ErrEngineLost):
			lost++
		case err != nil:
			r.t.Logf("a visit ends with: %v", err)
		}
	}
	_ = visit.Close()
	return lost
}
