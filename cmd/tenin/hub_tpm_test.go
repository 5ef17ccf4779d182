package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"tenin/storage/seal"
	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

// newTPM starts a TPM for one test.
func newTPM(t *testing.T) *emulator {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test the TPM")
	}
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	e := &emulator{dir: dir}
	t.Cleanup(func() { e.stop(); os.RemoveAll(dir) })
	if err := e.start(); err != nil {
		t.Fatal(err)
	}
	return e
}

func extendPCR(t *testing.T, e *emulator, n uint32) {
	t.Helper()
	tpm, err := linuxudstpm.Open(e.socket())
	if err != nil {
		t.Fatal(err)
	}
	defer tpm.Close()
	if _, err := (tpm2.PCRExtend{
		PCRHandle: tpm2.AuthHandle{Handle: tpm2.TPMHandle(n), Auth: tpm2.PasswordAuth(nil)},
		Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: make([]byte, 32)}}},
	}).Execute(tpm); err != nil {
		t.Fatal(err)
	}
}

func TestADeviceIsKnownByItsTPMAndWhatWasStartedIsSeenLater(t *testing.T) {
	mine, other := newTPM(t), newTPM(t)
	extendPCR(t, mine, 7)
	var mu sync.Mutex
	now := time.Now()
	h, err := hub.Open(t.Context(), hub.Options{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", MinFree: -1, Attestation: tpmJudge{}, Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	defer func() {
		cancel()
		if err := errors.Join(<-served, h.Close()); err != nil {
			t.Error(err)
		}
	}()
	code, _, err := h.Enrol(t.Context(), hub.EnrolOptions{Name: "ginza-1", Valid: time.Minute, TPM: true})
	if err != nil {
		t.Fatal(err)
	}
	attestor := seal.NewAttestor(mine.socket())
	c, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub"), Attestor: attestor})
	if err != nil || c.Binding != uplink.BindingFirstUse {
		t.Fatalf("%v, %v", c.Binding, err)
	}
	tpm := func() hub.TPM {
		t.Helper()
		list, err := h.Devices(t.Context())
		if err != nil || len(list) != 1 || list[0].TPM == nil {
			t.Fatalf("%+v, %v", list, err)
		}
		return *list[0].TPM
	}
	o := uplink.FetchOptions{Folder: t.TempDir(), Report: uplink.Report{Running: 1, State: "blessed"}}
	ask := func(quote func(nonce []byte, key string) ([]byte, error)) hub.TPM {
		t.Helper()
		mu.Lock()
		now = now.Add(24 * time.Hour)
		mu.Unlock()
		o.Quote = func(_ context.Context, nonce []byte, key string) ([]byte, error) { return quote(nonce, key) }
		if _, err := uplink.Fetch(t.Context(), c, o); err != nil {
			t.Fatal(err)
		}
		return tpm()
	}
	enrolled := tpm()
	// A system that was updated has another PCR 11, which is as it should be.
	extendPCR(t, mine, 11)
	v := ask(attestor.Quote)
	if v.Changed() || v.Seen11 == v.PCR11 || !v.Quoted.After(enrolled.Quoted) {
		t.Errorf("%+v", v)
	}
	// Other keys of Secure Boot.
	extendPCR(t, mine, 7)
	if v = ask(attestor.Quote); !v.Changed() || v.PCR7 != enrolled.PCR7 || v.Seen7 == v.PCR7 {
		t.Errorf("%+v", v)
	}
	// What is not a quote of this TPM now is as if none had come.
	var old []byte
	for what, quote := range map[string]func([]byte, string) ([]byte, error){
		"another TPM's": seal.NewAttestor(other.socket()).Quote,
		"an old one":    func([]byte, string) ([]byte, error) { return attestor.Quote(make([]byte, 32), "U") },
		"for another":   func(nonce []byte, _ string) ([]byte, error) { return attestor.Quote(nonce, "UANOTHER") },
		"an altered one": func(nonce []byte, key string) ([]byte, error) {
			b, err := attestor.Quote(nonce, key)
			return slices.Concat(b, b), err
		},
		"none": func([]byte, string) ([]byte, error) { return old, errors.New("no TPM") },
	} {
		if after := ask(quote); !after.Quoted.Equal(v.Quoted) || !after.Changed() {
			t.Errorf("%s: %+v", what, after)
		}
	}
}

func TestWhoHasTheNetworkHasNeitherTheHomeNorTheTPM(t *testing.T) {
	unit := func(name string) []string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join("../../firmware/image/overlay/usr/lib/systemd/system", name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(b), "\n")
	}
	wants := func(name string, lines ...string) {
		t.Helper()
		have := unit(name)
		for _, l := range lines {
			if !slices.Contains(have, l) {
				t.Errorf("%s has no line %q", name, l)
			}
		}
	}
	lacks := func(name string, prefixes ...string) {
		t.Helper()
		for _, l := range unit(name) {
			for _, p := range prefixes {
				if strings.HasPrefix(l, p) {
					t.Errorf("%s has the line %q", name, l)
				}
			}
		}
	}
	wants("tenin-fetch.service", "User=tenin-fetch", "LoadCredential=hub:/var/lib/tenin/hub", "ProtectSystem=strict", "ReadWritePaths=/data/drop/in",
		"InaccessiblePaths=-/var/lib/tenin -/data/tenin -/data/device -/data/log -/data/drop/work", "PrivateDevices=yes", "CapabilityBoundingSet=", "NoNewPrivileges=yes")
	lacks("tenin-fetch.service", "DeviceAllow", "SupplementaryGroups", "BindPaths", "AmbientCapabilities=C")
	wants("tenin-quote@.service", "PrivateNetwork=yes", "RestrictAddressFamilies=none", "DevicePolicy=closed", "DeviceAllow=/dev/tpmrm0 rw", "DynamicUser=yes",
		"ProtectSystem=strict", "InaccessiblePaths=-/data -/var/lib/tenin", "CapabilityBoundingSet=")
	lacks("tenin-quote@.service", "ReadWritePaths", "LoadCredential", "BindPaths", "StateDirectory")
	wants("tenin-quote.socket", "SocketGroup=tenin-fetch", "SocketMode=0660", "Accept=yes")
}
