package setup

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

const (
	wipeHome = "TENIN_TEST_WIPE"
	wipeStep = "TENIN_TEST_WIPE_STEP"
)

func TestMain(m *testing.M) {
	if home := os.Getenv(wipeHome); home != "" {
		deadly, _ := strconv.Atoi(os.Getenv(wipeStep))
		os.Exit(wipeAndDie(home, deadly))
	}
	os.Exit(m.Run())
}

// wipeAndDie is a wipe that is killed at a step, as by a power cut: nothing of this process runs afterwards.
func wipeAndDie(home string, deadly int) int {
	steps := 0
	_, err := Wipe(context.Background(), WipeOptions{Home: home, Settings: config.Default(), Step: func(string) {
		if steps == deadly {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			time.Sleep(time.Hour)
		}
		steps++
	}})
	if err != nil {
		return 1
	}
	return 0
}

// lived is a home with a conversation, a hub's credentials, a log, rendered answers, knowledge and settings in it.
func lived(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText(), Language: "ja"})
	if err == nil {
		err = session.Append(storage.Turn{At: time.Now(), Transcript: "秘密", Answer: "はい", Kind: "approved"})
	}
	if err := errors.Join(err, vault.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hub", "tenin.log", "tenin.log.old", "knowledge.db", "floors.json", "tenin.toml", "tenin.toml.before", "cache/speech/a", "uplink.sock"} {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		text := "secret"
		if strings.HasPrefix(name, "tenin.toml") {
			text = "[log]\nfile = \"tenin.log\"\n"
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func wipeOptions(t *testing.T, home string) WipeOptions {
	t.Helper()
	settings, err := config.Load("", home)
	if err != nil {
		t.Fatal(err)
	}
	settings.Log.File = "tenin.log"
	return WipeOptions{Home: home, Settings: settings}
}

func TestAWipeLeavesAnEmptyHome(t *testing.T) {
	home := lived(t)
	if err := os.WriteFile(filepath.Join(home, "not ours"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var steps []string
	o := wipeOptions(t, home)
	o.Step = func(name string) { steps = append(steps, name) }
	w, err := Wipe(t.Context(), o)
	if err != nil || len(w.Left) != 1 || w.Left[0] != "not ours" {
		t.Fatalf("%+v, %v", w, err)
	}
	if steps[0] != "begin" || steps[1] != "overwrite keyring" {
		t.Errorf("the keys do not go first: %v", steps)
	}
	// The next start makes everything anew.
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := vault.Sessions(); err != nil || len(list) != 0 {
		t.Errorf("%d sessions, %v", len(list), err)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAWipeThatIsKilledAtAnyStepLeavesNothingReadableAndIsEndedByTheNext(t *testing.T) {
	total := 0
	{
		o := wipeOptions(t, lived(t))
		o.Step = func(string) { total++ }
		if _, err := Wipe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if total < 12 {
		t.Fatalf("%d steps", total)
	}
	for deadly := range total {
		home := lived(t)
		key, err := os.ReadFile(kiosk.KeyFile(home).Path())
		if err != nil {
			t.Fatal(err)
		}
		wipe := exec.Command(os.Args[0])
		wipe.Env = append(os.Environ(), wipeHome+"="+home, wipeStep+"="+strconv.Itoa(deadly))
		err = wipe.Run()
		var died *exec.ExitError
		if !errors.As(err, &died) || died.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			// The child knows no log file, so it has two steps less.
			if deadly >= total-2 && err == nil {
				continue
			}
			t.Fatalf("step %d: %v", deadly, err)
		}
		if deadly > 0 {
			if _, err := kiosk.OpenVault(home); !errors.Is(err, kiosk.ErrWiping) {
				t.Errorf("killed at step %d: a kiosk would start: %v", deadly, err)
			}
		}
		if deadly > 1 {
			// Whoever has a copy of the key file opens nothing with what is left.
			copied := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(copied, key, 0o600); err != nil {
				t.Fatal(err)
			}
			if vault, err := storage.Open(home, seal.NewKeyFile(copied), storage.Options{Reserve: -1}); err == nil {
				if list, err := vault.Sessions(); err != nil || len(list) > 0 {
					t.Errorf("killed at step %d: %d sessions can be read: %v", deadly, len(list), err)
				}
				_ = vault.Close()
			}
		}
		if w, err := Wipe(t.Context(), wipeOptions(t, home)); err != nil || len(w.Left) > 0 {
			t.Errorf("after a kill at step %d the next wipe left %v: %v", deadly, w.Left, err)
		}
	}
}

func TestAHomeThatAKioskHasIsNotWiped(t *testing.T) {
	home := lived(t)
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Wipe(t.Context(), wipeOptions(t, home)); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("while the vault is open: %v", err)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kiosk.WipeMark(home)); err == nil {
		t.Error("a wipe that was refused has begun")
	}
	listener, err := control.Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	server := control.Serve(listener, control.Options{})
	defer server.Close()
	if _, err := Wipe(t.Context(), wipeOptions(t, home)); !errors.Is(err, control.ErrRunning) {
		t.Errorf("while a kiosk runs: %v", err)
	}
	if _, err := os.Stat(filepath.Join(home, "keyring")); err != nil {
		t.Errorf("the keyring is gone: %v", err)
	}
}
