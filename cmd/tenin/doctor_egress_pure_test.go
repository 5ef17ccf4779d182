//go:build !engines

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenin/cmd/internal/doctor/egress"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/cmd/internal/worker/workertest"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
)

// As `tenin walled-kiosk` the scripts' program is a kiosk within its walls, launched and with workers and an uplink as the
// real one, but the workers' engines are fakes.
func init() {
	workerMain = func(role string) int {
		if role == string(worker.Uplink) {
			return worker.Main(role)
		}
		return worker.Serve(role, workertest.Engines())
	}
	if filepath.Base(os.Args[0]) == "tenin" && len(os.Args) > 1 && os.Args[1] == "walled-kiosk" {
		if err := walledKiosk(); err != nil {
			if !isQuiet(err) {
				fmt.Fprintln(os.Stderr, "tenin:", err)
			}
			os.Exit(exitCode(err))
		}
		os.Exit(exitDone)
	}
}

// walledKiosk serves the home $H until a signal comes.
func walledKiosk() error {
	childRole, _ = sandbox.Child()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home, settings, err := (&flags{home: os.Getenv("H")}).load()
	if err != nil {
		return err
	}
	if childRole != kioskRole {
		return launch(ctx, home, settings, false)
	}
	ctx, end := lifelineContext(ctx)
	defer end()
	if err := sandbox.Seal(); err != nil {
		return err
	}
	mode, err := sandboxMode(home, settings)
	if err != nil {
		return err
	}
	w := &workers{options: worker.Options{Mode: mode}}
	defer w.close()
	if _, err := w.sound(ctx); err != nil {
		return err
	}
	engines, err := w.start(ctx)
	if err != nil {
		return err
	}
	clerk, err := kiosk.Open(ctx, kiosk.Options{
		Home: home, Config: settings, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking | kiosk.Keeping, Engines: engines,
	})
	if err != nil {
		return err
	}
	defer clerk.Close()
	log, prober := slog.New(slog.DiscardHandler), uplink.NewProber()
	endUplink, err := serveUplink(ctx, home, clerk, prober, log)
	if err != nil {
		return err
	}
	defer endUplink()
	served, err := kiosk.ServeControl(ctx, clerk, kiosk.ControlOptions{Processes: w.processes, Probe: probing(w, nil, prober), Log: log})
	if err != nil {
		return err
	}
	defer served.Close()
	<-ctx.Done()
	return nil
}

func TestNoProcessOfTheKioskCanTellAnybodyAndThatIsProven(t *testing.T) {
	needWalls(t)
	home := walledHome(t, "[hub]\nenabled = true\n[sandbox]\nmode = \"refuse\"\n")
	addStaff(t, home)
	session := userSession(t, "bus", "wayland-0", "pulse/native")
	runKiosk(t, home, append(session, "H="+home), "walled-kiosk")

	if out, said, code := doctorEgress(t, nil, "--home", home); code != exitRefused || !strings.Contains(said, "PIN") || out != "" {
		t.Errorf("without a PIN: exit code %d, %s%s", code, out, said)
	}
	if _, said, code := doctorEgress(t, []string{"TENIN_STAFF=suzuki", "TENIN_PIN=774411"}, "--home", home); code != exitRefused || !strings.Contains(said, "technician") {
		t.Errorf("with the PIN of somebody who sells: exit code %d, %s", code, said)
	}
	who := append(session, "TENIN_STAFF=tanaka", "TENIN_PIN=kanda-7")
	r := wantUplinkToo(t, who, "--home", home)
	wantWalls(t, r, kioskRole, "asr", "llm", "voice", "audio", "uplink")
	for _, role := range []string{kioskRole, "asr", "llm", "voice", "audio", "uplink"} {
		for kind, socket := range map[egress.Kind]string{egress.System: "/bus", egress.Display: "/wayland-0", egress.Sound: "/native"} {
			want := egress.Closed
			if kind == egress.Sound && (role == kioskRole || role == "audio") {
				want = egress.Allowed
			}
			if v := verdict(t, r, role, "socket", kind, socket); v != want {
				t.Errorf("%s is %s to %s, want %s", socket, v, role, want)
			}
		}
	}
	for role, probes := range map[string][]string{"uplink": {"udp", "inet"}, kioskRole: {"unix"}, "audio": {"unix"}} {
		for _, probe := range probes {
			if v := verdict(t, r, role, probe, egress.Decoy, ""); v != egress.Allowed {
				t.Errorf("%s %s is %s, and is what it lives from", role, probe, v)
			}
		}
	}
	for _, p := range r.Processes {
		if p.Role == "uplink" && os.Geteuid() == 0 && p.UID == 0 {
			t.Error("the uplink is root")
		}
	}
}

// userSession returns the environment of a user's session in which those sockets are listened at.
func userSession(t *testing.T, sockets ...string) (env []string) {
	t.Helper()
	// A test's own folder would make names that are too long for sockets.
	folder, err := os.MkdirTemp("", "tenin-run-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	for _, name := range sockets {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	return []string{"XDG_RUNTIME_DIR=" + folder, "PULSE_SERVER=", "PULSE_RUNTIME_PATH=", "DBUS_SESSION_BUS_ADDRESS="}
}

// addStaff gives a home accounts of each role.
func addStaff(t *testing.T, home string) {
	t.Helper()
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	defer vault.Close()
	for _, m := range []struct {
		name, pin string
		role      storage.Role
	}{{"sato", "835261", storage.RoleManager}, {"suzuki", "774411", storage.RoleStaff}, {"tanaka", "kanda-7", storage.RoleTechnician}} {
		pin := seal.NewSecret([]byte(m.pin))
		if err := vault.AddStaff(m.name, m.role, pin, time.Now()); err != nil {
			t.Fatal(err)
		}
		pin.Destroy()
	}
}

func TestAKioskWithoutWallsFailsTheExaminationWhichNamesWhatIsOpen(t *testing.T) {
	needWalls(t)
	home := walledHome(t, "[sandbox]\nmode = \"off\"\n")
	session := userSession(t, "bus")
	bus := strings.TrimPrefix(session[0], "XDG_RUNTIME_DIR=") + "/bus;"
	runKiosk(t, home, append(session, "H="+home), "walled-kiosk")
	out, said, code := doctorEgress(t, session, "--home", home)
	if code != exitFailed || said != "" {
		t.Errorf("exit code %d: %s", code, said)
	}
	for _, line := range []string{
		"OPEN        asr     tcp: connect to a TCP port",
		"OPEN        voice   dns: have a name server answer",
		"OPEN        llm     read: open a file or folder to read (" + home + "/vault.db;",
		"OPEN        audio   socket: connect to a Unix socket in the file system (" + home + "/control.sock;",
		"OPEN        asr     program: run a program",
		"OPEN        kiosk   tcp: connect to a TCP port",
		"OPEN        asr     it shares the net namespace with the host",
		"OPEN        asr     no seccomp filter",
		"OPEN        kiosk   it could gain privileges",
		"OPEN        kiosk   socket: connect to a Unix socket in the file system (" + bus,
		"FAILED: ",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not said", line)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
