package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
	"tenin/storage"
)

// The scripts' program tenin is this test binary. As `tenin fake-kiosk` it is a kiosk whose engines are fakes, so that
// every other command meets a running one on a bare toolchain.
func init() {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "tenin") && len(os.Args) > 1 && os.Args[1] == "fake-kiosk" {
		if err := fakeKiosk(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "tenin:", err)
			os.Exit(exitCode(refused(err)))
		}
		os.Exit(exitDone)
	}
}

// fakeKiosk serves the home $H until a signal comes. It answers each question that is named, writes its log to the file log
// and its process id to the file ready when it can be asked. "dies" instead of a question ends it, without a word, when it
// has read other knowledge; "serves" lets it answer what comes through the control socket; with "calls" somebody at its counter asks for staff.
func fakeKiosk(questions []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home := os.Getenv("H")
	if err := kiosk.AlreadyRuns(home); err != nil {
		return err
	}
	settings, err := config.Load("", home)
	if err != nil {
		return err
	}
	clerk, err := kiosk.Open(ctx, kiosk.Options{
		Home: home, Config: settings, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking | kiosk.Keeping,
		Engines: kiosk.Engines{
			Recognizer: &asr.Scripted{}, VAD: &audio.EnergyVAD{}, Voice: speech.NewFake(reading.Default()), Embedder: llmtest.NewHashEmbedder(64),
		},
	})
	if err != nil {
		return err
	}
	defer clerk.Close()
	log, err := os.OpenFile("log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	options := kiosk.ControlOptions{Version: "test", Log: slog.New(slog.NewTextHandler(log, nil))}
	for _, question := range questions {
		if question == "serves" {
			options.Desk, options.Events = kiosk.NewDesk(clerk), control.NewEvents("starting")
			continue
		}
		if question == "calls" {
			clerk.Backroom().Call("", "en")
			continue
		}
		if question == "dies" {
			options.Reloaded = func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }
			continue
		}
		visit, err := clerk.Begin(storage.FromText())
		if err != nil {
			return err
		}
		if _, err := visit.AskText(ctx, question, nil); err != nil {
			return err
		}
		if err := visit.Close(); err != nil {
			return err
		}
	}
	served, err := kiosk.ServeControl(ctx, clerk, options)
	if err != nil {
		return err
	}
	defer served.Close()
	if err := os.WriteFile("ready", fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	if desk := options.Desk; desk != nil {
		run := &headlessRun{clerk: clerk, desk: desk, flags: &flags{}, settings: settings, watch: options.Events.SetState}
		run.wait(ctx, false)
		return nil
	}
	<-ctx.Done()
	return nil
}

func TestScriptsOfCommandsBesideARunningKiosk(t *testing.T) {
	scripts, err := filepath.Glob("testdata/kiosk/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	runScripts(t, scripts, func(env *testscript.Env) error {
		for name, value := range environment {
			env.Setenv(name, value)
		}
		return nil
	})
}

func TestTheStatusSaysAllThatTheKioskTold(t *testing.T) {
	var out strings.Builder
	now := time.Now()
	s := &pb.StatusReply{
		State: "listening", StateSinceNs: now.Add(-90 * time.Second).UnixNano(), StartedNs: now.Add(-26 * time.Hour).UnixNano(), Version: "1.2", Pid: 41,
		Home: "/home", Answers: 3, Products: 4, Demo: true, Staffed: true, Waiting: 2,
		Processes: []*pb.Process{{Role: "asr", Pid: 42, SinceNs: now.Add(-time.Hour).UnixNano(), Restarts: 3}},
		Alerts:    []*pb.Alert{{AtNs: now.Add(-5 * time.Minute).UnixNano(), Role: "asr", Reason: "hung", Crashes: 3, PauseNs: int64(2 * time.Second)}},
	}
	if err := printStatus(&out, &flags{}, s, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"listening, for 1m30s", "for 26h0m0s, process 41, version 1.2", "3 answers, 4 products of the demo shop", "a PIN is wanted", "2 shoppers asked", "asr", "process 42, for 1h0m0s, restarted 3 times"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, &out)
		}
	}
}
