package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/setup"
	"tenin/storage"
	"tenin/storage/seal"
)

// technicians runs a command in this process on a home, as a technician at a prompt would.
func technicians(t *testing.T, home, input string, args ...string) (string, error) {
	t.Helper()
	f := &flags{home: home}
	root := &cobra.Command{Use: "tenin", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().BoolVar(&f.json, "json", false, "")
	f.quiet = true
	doctor := newDoctor(f)
	if !slices.ContainsFunc(doctor.Commands(), func(c *cobra.Command) bool { return c.Name() == "bundle" }) {
		doctor.AddCommand(newDoctorBundle(f))
	}
	root.AddCommand(newSetup(f), newWipe(f), doctor, newStaff(f), newKeys(f))
	var out bytes.Buffer
	root.SetIn(strings.NewReader(input))
	root.SetOut(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestTheSettingsAreSetAndTakenBackFromThePrompt(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "tenin.toml"), []byte("# ours\n[shop]\nlanguage = \"ja\" # for now\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := technicians(t, home, "", "setup", "shop", "--name", "緑屋", "--accent", "#165e83"); err != nil || !strings.HasPrefix(out, "ok    shop") {
		t.Fatalf("%q, %v", out, err)
	}
	text, err := os.ReadFile(filepath.Join(home, "tenin.toml"))
	if want := "# ours\n[shop]\nlanguage = \"ja\" # for now\naccent = \"#165e83\"\nname = \"緑屋\"\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v", text, err)
	}
	if out, err := technicians(t, home, "", "setup", "shop", "--undo", "--json"); err != nil || !strings.Contains(out, `"code":"name_missing"`) {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := technicians(t, home, "", "setup", "shop", "--accent", "blue"); exitCode(err) != exitUsage {
		t.Errorf("%v", err)
	}
}

func TestTheClockIsConfirmedFromThePrompt(t *testing.T) {
	home := t.TempDir()
	out, err := technicians(t, home, "", "setup", "clock", "--confirm", "--json")
	var result clockJSON
	if jerr := json.Unmarshal([]byte(out), &result); jerr != nil || err != nil || !result.Trusted {
		t.Fatalf("%q, %v, %v", out, err, jerr)
	}
	if out, err := technicians(t, home, "", "setup", "clock"); err != nil || !strings.Contains(out, "clock") {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := technicians(t, home, "", "setup", "clock", "--set", "tomorrow"); exitCode(err) != exitUsage {
		t.Errorf("%v", err)
	}
}

// makeRecoveryIn makes a recovery key as a person does: reads it, and types back what is asked for.
func makeRecoveryIn(t *testing.T, home string, wrongFirst bool) (groups []string) {
	t.Helper()
	s, err := setup.New(setup.Options{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	questions, answers := io.Pipe()
	shown := &firstLine{line: make(chan string, 1)}
	done := make(chan error, 1)
	go func() { done <- makeRecovery(context.Background(), s, questions, shown, &flags{quiet: true}) }()
	groups = strings.Split(<-shown.line, "-")
	if len(groups) != seal.RecoveryGroups {
		t.Fatalf("%d groups were shown", len(groups))
	}
	type_ := func(text string) {
		if _, err := io.WriteString(answers, text+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	if wrongFirst {
		type_("0000")
		type_("0000")
		// Other groups are asked for once the answer was looked at.
		shown.wait()
	}
	first, second := s.AskedGroups()
	type_(strings.ToLower(groups[first-1]))
	type_(groups[second-1])
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return groups
}

// firstLine gives the first line, and counts those that follow.
type firstLine struct {
	line chan string
	more chan struct{}
	seen bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if !f.seen {
		f.seen, f.more = true, make(chan struct{}, 10)
		f.line <- strings.TrimSpace(string(p))
	} else {
		f.more <- struct{}{}
	}
	return len(p), nil
}

func (f *firstLine) wait() { <-f.more; <-f.more }

func TestTheRecoveryKeyIsTheVaultsOnlyWhenItWasTypedBack(t *testing.T) {
	home := t.TempDir()
	// Nobody answers.
	if out, err := technicians(t, home, "", "setup", "recovery"); err == nil || !errors.Is(err, io.EOF) || strings.Count(out, "-") != seal.RecoveryGroups-1 {
		t.Fatalf("%q, %v", out, err)
	}
	if kiosk.HasVault(home) {
		t.Fatal("a vault was made for a key that nobody wrote down")
	}
	groups := makeRecoveryIn(t, home, true)

	file := filepath.Join(t.TempDir(), "key")
	pin := filepath.Join(t.TempDir(), "pin")
	for path, text := range map[string]string{file: strings.Join(groups, " ") + "\n", pin: "835261\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := technicians(t, home, "", "staff", "reset", "sato", "--recovery-file", file, "--pin-file", pin); err != nil || out != "sato (manager) has a new PIN\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if _, err := technicians(t, home, "", "staff", "reset", "sato", "--recovery-file", pin, "--pin-file", pin); exitCode(err) != exitRefused {
		t.Errorf("with something else: %v", err)
	}

	// The key file is lost, and with it nothing.
	if err := os.Remove(kiosk.KeyFile(home).Path()); err != nil {
		t.Fatal(err)
	}
	if _, err := technicians(t, home, "", "keys", "rotate"); exitCode(err) != exitDamaged {
		t.Errorf("without its key: %v", err)
	}
	if _, err := technicians(t, home, "", "keys", "recover"); exitCode(err) != exitUsage {
		t.Errorf("%v", err)
	}
	if _, err := technicians(t, home, "", "keys", "recover", "--recovery-file", file); err != nil {
		t.Fatal(err)
	}
	if _, err := technicians(t, home, "", "keys", "rotate"); err != nil {
		t.Errorf("after the recovery: %v", err)
	}
	if out, _ := technicians(t, home, "", "setup"); !strings.Contains(out, "ok    recovery") || !strings.Contains(out, "WARN  staff") {
		t.Errorf("%s", out)
	}
}

func TestAWipeWantsItsWordAndLeavesNothing(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	if _, err := technicians(t, home, "", "wipe", "--confirm", wipeWord); err == nil {
		t.Error("a home that is not there was wiped")
	}
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := technicians(t, home, "", "wipe", "--confirm", wipeWord); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("while somebody has the vault: %v", err)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"", "wipe", "yes"} {
		if _, err := technicians(t, home, "", "wipe", "--confirm="+word); exitCode(err) != exitRefused || !kiosk.HasVault(home) {
			t.Errorf("%q: %v", word, err)
		}
	}
	out, err := technicians(t, home, "", "wipe", "--confirm", wipeWord, "--json")
	var result wipedJSON
	if jerr := json.Unmarshal([]byte(out), &result); err != nil || jerr != nil || len(result.Left) != 0 || result.Home != home {
		t.Fatalf("%q, %v, %v", out, err, jerr)
	}
	if files, err := os.ReadDir(home); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

func TestABundleIsOneFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "bundle.tar.gz")
	out, err := technicians(t, filepath.Join(dir, "home"), "", "doctor", "bundle", "--output", file, "--json")
	var result bundleJSON
	if jerr := json.Unmarshal([]byte(out), &result); err != nil || jerr != nil || len(result.Files) < 8 {
		t.Fatalf("%q, %v, %v", out, err, jerr)
	}
	if info, err := os.Stat(file); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := technicians(t, dir, "", "doctor", "bundle", "--output", filepath.Join(dir, "none", "x")); err == nil {
		t.Error("a bundle in a folder that is not there")
	}
}
