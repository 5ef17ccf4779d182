//go:build engines

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/audio/audiotest"
	"tenin/cmd/internal/doctor/egress"
	"tenin/cmd/internal/kiosk"
)

func TestTheRunningKioskAndItsEnginesCanTellNobody(t *testing.T) {
	needWalls(t)
	sound := audiotest.Start(t, "speaker", "room")
	env := append(sound.Env("speaker", "room.monitor"), "HOME="+t.TempDir(), weights())
	home := walledHome(t, "[hub]\nenabled = true\n[sandbox]\nmode = \"refuse\"\n")
	giveSmallShop(t, home, env)
	runKiosk(t, home, env, "run", "--headless", "--wait", "--examined", "--quiet", "--home", home)
	r := wantUplinkToo(t, env, "--home", home)
	wantWalls(t, r, kioskRole, "asr", "llm", "voice", "audio", "uplink")
	for role, want := range map[string]egress.Verdict{
		"asr": egress.Closed, "llm": egress.Closed, "voice": egress.Closed, "audio": egress.Allowed, "uplink": egress.Closed,
	} {
		if v := verdict(t, r, role, "socket", egress.Sound, ""); v != want {
			t.Errorf("the sound server is %s to %s, want %s", v, role, want)
		}
		if v := verdict(t, r, role, "socket", egress.Decoy, ""); v != egress.Closed {
			t.Errorf("any other socket is %s to %s", v, role)
		}
	}
}

func TestWhereNoKioskRunsOneIsStartedAndEnded(t *testing.T) {
	needWalls(t)
	temp := t.TempDir()
	env := []string{"HOME=" + temp, "TMPDIR=" + temp, weights()}
	home := filepath.Join(temp, "none")
	r := wantReport(t, exitDone, env, "--home", home)
	wantWalls(t, r, kioskRole, "asr", "llm", "voice", "audio")
	if !r.Started || r.Home == home {
		t.Errorf("started: %v, in %s", r.Started, r.Home)
	}
	if _, err := kiosk.DialKiosk(t.Context(), r.Home); err == nil {
		t.Error("the kiosk still runs")
	}
	left, err := filepath.Glob(filepath.Join(temp, "tenin-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %s, %v", strings.Join(left, " "), err)
	}
	if _, err := os.Stat(home); err == nil {
		t.Error("the home that was asked for was made")
	}
}

// giveSmallShop imports two answers: the demo shop's would take a while to embed.
func giveSmallShop(t *testing.T, home string, env []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "answers.jsonl")
	if err := os.WriteFile(file, []byte(shopAnswers), 0o600); err != nil {
		t.Fatal(err)
	}
	tenin(t, env, "knowledge", "import", "--no-render", "--home", home, file)
}
