package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/doctor/egress"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage/uplink"
)

// needWalls skips where the kernel, for this user, lacks something that the walls need.
func needWalls(t *testing.T) {
	t.Helper()
	for _, f := range sandbox.Features() {
		if !f.Have {
			t.Skipf("this machine has no %s: %s", f.Name, f.Why)
		}
	}
}

// runKiosk starts the program as a kiosk on home and waits until it can be asked. It ends with the test.
func runKiosk(t *testing.T, home string, env []string, args ...string) {
	t.Helper()
	cmd := exec.Command("tenin", args...)
	var said bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Log(said.String())
		}
	})
	for {
		client, err := kiosk.DialKiosk(t.Context(), home)
		if err == nil {
			client.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the kiosk ended: %s", &said)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// doctorEgress runs the command and returns what it said and its exit code.
func doctorEgress(t *testing.T, env []string, args ...string) (out, said string, code int) {
	t.Helper()
	cmd := exec.Command("tenin", append([]string{"doctor", "egress"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), code
}

// wantReport runs the command with --json.
func wantReport(t *testing.T, code int, env []string, args ...string) (r egress.Report) {
	t.Helper()
	out, said, got := doctorEgress(t, env, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("exit code %d, %v: %s%s", got, err, out, said)
	}
	if got != code || r.OK != (code == exitDone) {
		var text strings.Builder
		_ = r.Print(&text)
		t.Fatalf("exit code %d, want %d: %s%s", got, code, said, &text)
	}
	return r
}

// verdict is that of one probe of a role at a target of a kind; the target of a file ends in name.
func verdict(t *testing.T, r egress.Report, role, probe string, kind egress.Kind, name string) egress.Verdict {
	t.Helper()
	for _, row := range r.Rows {
		if row.Role == role && row.Probe == probe && row.Kind == kind && strings.HasSuffix(row.Target, name) {
			return row.Verdict
		}
	}
	t.Fatalf("no row of %s %s at %s %s", role, probe, kind, name)
	return ""
}

// wantWalls checks what matters most by name: a table that lost its rows would fail nothing.
func wantWalls(t *testing.T, r egress.Report, roles ...string) {
	t.Helper()
	for _, role := range roles {
		if !slices.ContainsFunc(r.Processes, func(p egress.Process) bool { return p.Role == role }) {
			t.Fatalf("no %s process in %+v", role, r.Processes)
		}
		for _, probe := range []string{"listen", "raw", "packet", "netlink", "families", "setns", "bpf", "ptrace", "vm_read", "dump"} {
			if v := verdict(t, r, role, probe, egress.Decoy, ""); v != egress.Closed {
				t.Errorf("%s %s is %s", role, probe, v)
			}
		}
		if v := verdict(t, r, role, "abstract", egress.Decoy, ""); v != egress.Closed {
			t.Errorf("%s can connect to abstract sockets: %s", role, v)
		}
		if v := verdict(t, r, role, "tcp", egress.Decoy, ""); v != egress.Closed {
			t.Errorf("%s can connect to any TCP port: %s", role, v)
		}
		if role == kioskRole {
			continue
		}
		for _, file := range []string{"vault.db", "keyring", "key"} {
			if v := verdict(t, r, role, "read", egress.Home, "/"+file); v != egress.Closed {
				t.Errorf("%s can read %s: %s", role, file, v)
			}
		}
		for _, socket := range []string{"control.sock", "uplink.sock"} {
			if v := verdict(t, r, role, "socket", egress.Own, "/"+socket); v != egress.Closed {
				t.Errorf("%s can connect to %s: %s", role, socket, v)
			}
		}
		for _, probe := range []string{"execve", "program", "fork", "memfd", "write", "code"} {
			if v := verdict(t, r, role, probe, egress.Decoy, ""); v != egress.Closed {
				t.Errorf("%s %s is %s", role, probe, v)
			}
		}
		if os.Geteuid() == 0 {
			if v := verdict(t, r, role, "environ", egress.Kiosk, ""); v != egress.Closed {
				t.Errorf("%s can look into the kiosk: %s", role, v)
			}
		}
	}
}

// walledHome is a home with those settings that has joined a hub, which is not there.
func walledHome(t *testing.T, settings string) string {
	t.Helper()
	home := t.TempDir()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().AddDate(1, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, authority, authority, public, private)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := json.Marshal(map[string]any{
		"version": 1, "address": "127.0.0.1:1", "authority": certificate, "device": "kanda", "seed": private.Seed(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{uplink.CredentialsFile: string(joined), "tenin.toml": settings} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// wantUplinkToo examines a kiosk that has joined a hub, once its launcher, which looks every two seconds, has started the
// uplink.
func wantUplinkToo(t *testing.T, env []string, args ...string) (r egress.Report) {
	t.Helper()
	for range 10 {
		r = wantReport(t, exitDone, env, args...)
		if slices.ContainsFunc(r.Processes, func(p egress.Process) bool { return p.Role == "uplink" }) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	return r
}

func TestSettingsForAnExaminationAreTheHomesButForItsGuardAndItsHub(t *testing.T) {
	home := t.TempDir()
	text := "[shop]\nname = \"神田店\"\n[sandbox]\nmode = \"refuse\"\n[seal]\nkind = \"tpm\"\n[hub]\nenabled = true\n[engines]\nthreads = 1\n"
	if err := os.WriteFile(filepath.Join(home, "tenin.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &flags{home: home}
	_, settings, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "tenin.toml")
	if err := writeSettings(file, settingsFor(home, settings)); err != nil {
		t.Fatal(err)
	}
	f.settings = file
	_, read, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	if read.Shop != settings.Shop || read.Engines != settings.Engines || read.Sandbox != settings.Sandbox {
		t.Errorf("%+v, not %+v", read, settings)
	}
	if read.Seal.Kind != "keyfile" || read.Hub.Enabled {
		t.Errorf("%+v %+v", read.Seal, read.Hub)
	}
}
