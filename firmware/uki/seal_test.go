package uki

import (
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"tenin/storage/seal"
)

// newTPM starts an emulator and returns its socket.
func newTPM(t *testing.T) (socket string, restart func()) {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test with a TPM")
	}
	// A socket's path has at most 107 bytes, which a test's own folder may exceed.
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	var cmd *exec.Cmd
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		os.Remove(socket)
		os.Remove(socket + ".ctrl")
	}
	start := func() {
		cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir,
			"--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".ctrl", "--flags", "not-need-init,startup-clear")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for range 500 {
			if _, err := seal.ReadTPM(socket); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatal("swtpm does not answer")
	}
	start()
	t.Cleanup(func() { stop(); os.RemoveAll(dir) })
	return socket, func() { stop(); start() }
}

// measureInto does what the stub does when the image starts, and then measures words.
func measureInto(t *testing.T, socket string, image []byte, words ...string) {
	t.Helper()
	p, err := parseUKI(image)
	if err != nil {
		t.Fatal(err)
	}
	tpm, err := linuxudstpm.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer tpm.Close()
	extend := func(data []byte) {
		digest := sha256.Sum256(data)
		if _, err := (tpm2.PCRExtend{
			PCRHandle: tpm2.AuthHandle{Handle: 11, Auth: tpm2.PasswordAuth(nil)},
			Digests:   tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{{HashAlg: tpm2.TPMAlgSHA256, Digest: digest[:]}}},
		}).Execute(tpm); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{".linux", ".osrel", ".cmdline", ".initrd", ".uname", ".sbat", ".pcrpkey"} {
		s, ok := p.find(name)
		if !ok {
			t.Fatalf("no section %s", name)
		}
		data, err := p.data(image, s)
		if err != nil {
			t.Fatal(err)
		}
		extend(append([]byte(name), 0))
		extend(data)
	}
	for _, word := range words {
		extend([]byte(word))
	}
}

func TestATPMOpensWhatIsBoundToTheKeyUnderEachImageThatItSignedAndOnlyBeforeSysinit(t *testing.T) {
	socket, restart := newTPM(t)
	set := testKeys(t)
	key, err := set.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	build := func(cmdline string) (image []byte, signature string) {
		p := newParts(t)
		p.Cmdline = cmdline
		if p.PCRSignature, err = SignPCR(p, key); err != nil {
			t.Fatal(err)
		}
		return assembled(t, p), put(t, p.PCRSignature)
	}
	first, firstSignature := build("quiet tenin.version=1")
	second, secondSignature := build("quiet tenin.version=2")
	public := put(t, set.PCRPublic)
	sealer := func(signature string) *seal.TPM {
		return seal.NewTPM(seal.TPMOptions{Device: socket, PublicKey: public, Signature: signature})
	}

	measureInto(t, socket, first)
	secret := seal.Random(32)
	blob, err := sealer(firstSignature).Seal(secret)
	if err != nil {
		t.Fatal(err)
	}
	opens := func(signature string) error {
		got, err := sealer(signature).Unseal(blob)
		if err == nil && !got.Equal(secret) {
			t.Error("another secret came out")
		}
		return err
	}
	if err := opens(firstSignature); err != nil {
		t.Errorf("under the image that sealed: %v", err)
	}
	restart()
	measureInto(t, socket, second)
	if err := opens(secondSignature); err != nil {
		t.Errorf("under the next version: %v", err)
	}
	if err := opens(firstSignature); !errors.Is(err, seal.ErrPCR) {
		t.Errorf("under the next version with the first one's signature: %v", err)
	}
	restart()
	measureInto(t, socket, first, "sysinit")
	if err := opens(firstSignature); !errors.Is(err, seal.ErrPCR) {
		t.Errorf("after the early phase: %v", err)
	}
	restart()
	altered := newParts(t)
	altered.Cmdline = "quiet tenin.version=1 init=/bin/sh"
	measureInto(t, socket, assembled(t, altered))
	if err := opens(firstSignature); !errors.Is(err, seal.ErrPCR) {
		t.Errorf("with an altered command line: %v", err)
	}
}
