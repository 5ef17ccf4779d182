package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tenin/firmware/bundle"
	"tenin/firmware/uki"
	"tenin/firmware/update"
	"tenin/storage/seal"
)

// The stub of a kernel image, as the package systemd-boot-efi brings it.
const systemdStub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"

// The scripts about updates through a hub have TPMs of their own ($TPM), and commands that make what a shop would have:
//
//	bundle VERSION FILE [KEY|test]   a small bundle
//	result VERSION STATE [OUTCOME]   what the updater leaves in ./drop
func TestScriptsOfUpdatesThroughAHub(t *testing.T) {
	commands := scriptCommands()
	commands["tpm"] = tpmCommand
	commands["bundle"] = bundleCommand
	commands["result"] = resultCommand
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/hub",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                commands,
		Condition: func(name string) (bool, error) {
			switch name {
			case "swtpm", "swtpm_setup", "swtpm_localca", "certtool", "veritysetup":
				_, err := exec.LookPath(name)
				return err == nil, nil
			case "stub":
				_, err := os.Stat(systemdStub)
				return err == nil, nil
			}
			return scriptCondition(name)
		},
		Setup: func(env *testscript.Env) error {
			// The path of a socket has at most 107 bytes.
			dir, err := os.MkdirTemp("", "tpm")
			if err != nil {
				return err
			}
			e := &emulator{dir: dir}
			env.Defer(func() {
				e.stop()
				os.RemoveAll(dir)
			})
			program, err := exec.LookPath("tenin")
			if err != nil {
				return err
			}
			env.Values[emulator{}] = e
			env.Values[held{}] = new(io.Closer)
			env.Setenv("TENIN", program)
			env.Setenv("TPM", e.socket())
			env.Setenv("SHORT", dir)
			env.Setenv("H", filepath.Join(env.WorkDir, "home"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TENIN_HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("LC_ALL", "C.UTF-8")
			env.Setenv("TZ", "UTC")
			return os.MkdirAll(filepath.Join(env.WorkDir, "drop", "in"), 0o700)
		},
	})
}

// bundleCommand makes a bundle of an empty system, and bundle.pub beside it.
func bundleCommand(ts *testscript.TestScript, _ bool, args []string) {
	version, err := strconv.Atoi(args[0])
	ts.Check(err)
	seed := "the shop's"
	m := bundle.Manifest{Product: "tenin-kiosk", Name: "1." + args[0] + ".0", Created: 1700000000, Arch: "amd64", Vault: bundle.Vault{Writes: 1, ReadsFrom: 1}}
	if len(args) > 2 && args[2] == "test" {
		m.Test = true
	} else if len(args) > 2 {
		seed = args[2]
	}
	sum := sha256.Sum256([]byte(seed))
	key := ed25519.NewKeyFromSeed(sum[:])
	dir, err := os.MkdirTemp("", "bundle")
	ts.Check(err)
	defer os.RemoveAll(dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	root := bytes.Repeat([]byte("system "+args[0]), 1<<20)[:4<<20]
	ts.Check(os.WriteFile(path("root"), root, 0o600))
	ts.Check(os.WriteFile(path("linux"), []byte("kernel"), 0o600))
	ts.Check(os.WriteFile(path("initrd"), []byte("initrd"), 0o600))
	const uuid = "01020304-0506-0708-090a-0b0c0d0e0f10"
	out, err := exec.Command("veritysetup", "format", "--hash-offset="+strconv.Itoa(len(root)), "--uuid="+uuid, "--salt="+strings.Repeat("00", 32),
		"--root-hash-file="+path("hash"), path("root"), path("root")).CombinedOutput()
	if err != nil {
		ts.Fatalf("veritysetup: %s", out)
	}
	hash, err := os.ReadFile(path("hash"))
	ts.Check(err)
	image, err := uki.Assemble(uki.Parts{
		Stub: systemdStub, Linux: path("linux"), Initrd: path("initrd"), OSRelease: "ID=tenin\nVERSION_ID=" + args[0] + "\n",
		Cmdline: fmt.Sprintf("quiet tenin.version=%d tenin.root=%s,%s,%d", version, strings.TrimSpace(string(hash)), uuid, len(root)),
	})
	ts.Check(err)
	slot, err := os.Open(path("root"))
	ts.Check(err)
	defer slot.Close()
	var b bytes.Buffer
	_, err = bundle.Write(context.Background(), &b, m, key, bundle.Files{UKI: image, Root: slot}, nil)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(seedFile(seed)), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
}

// seedFile is where the public half of a key goes.
func seedFile(seed string) string {
	if seed == "the shop's" {
		return "bundle.pub"
	}
	return seed + ".pub"
}

// resultCommand leaves what the updater would.
func resultCommand(ts *testscript.TestScript, _ bool, args []string) {
	version, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	r := update.Result{Format: 1, Running: update.Running{Version: version, Name: "1", State: args[1], Slot: "root-a"}, Floor: version, History: []update.Outcome{}}
	if len(args) > 2 {
		r.History = []update.Outcome{{Version: version + 1, Outcome: args[2], Reason: "boot", At: 1700000000}}
		r.Last = &r.History[0]
	}
	b, err := json.Marshal(r)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("drop/result.json"), b, 0o600))
}

func TestAQuoteIsMadeByTheProcessThatHasTheTPM(t *testing.T) {
	e := newTPM(t)
	// As systemd does for tenin-quote.socket, but in this process.
	l, err := net.Listen("unix", filepath.Join(e.dir, "quotes"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	failed := make(chan error, 8)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := newFirmwareQuote(&flags{})
			c.SetArgs([]string{"--tpm-device", e.socket()})
			c.SetIn(conn)
			c.SetOut(conn)
			c.SilenceErrors, c.SilenceUsage = true, true
			failed <- c.Execute()
			conn.Close()
		}
	}()
	identity, err := seal.NewAttestor(e.socket()).Identity()
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{7}, 32)
	quote, err := askQuote(t.Context(), l.Addr().String(), nonce, "UDEVICE")
	if err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if _, err := seal.CheckQuote(identity, nonce, quote, "UDEVICE"); err != nil {
		t.Error(err)
	}
	if _, err := askQuote(t.Context(), l.Addr().String(), []byte("short"), "UDEVICE"); err == nil || <-failed == nil {
		t.Error("a nonce of five bytes was quoted")
	}
	e.stop()
	if _, err := askQuote(t.Context(), l.Addr().String(), nonce, "UDEVICE"); err == nil || !errors.Is(<-failed, seal.ErrNoTPM) {
		t.Error("a quote without a TPM")
	}
}
