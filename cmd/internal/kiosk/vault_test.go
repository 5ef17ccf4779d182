package kiosk

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"

	"tenin/cmd/internal/config"
	"tenin/storage"
	"tenin/storage/seal"
)

// startTPM returns the socket of a TPM for this test, or skips it.
func startTPM(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test the TPM")
	}
	// The path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	swtpm := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir,
		"--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+"c", "--flags", "not-need-init,startup-clear")
	if err := swtpm.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = swtpm.Process.Kill()
		_ = swtpm.Wait()
		os.RemoveAll(dir)
	})
	for range 500 {
		if _, err := seal.ReadTPM(socket); err == nil {
			return socket
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("swtpm does not answer")
	return ""
}

// signPCR11 writes what a device image brings for the present PCR 11.
func signPCR11(t *testing.T, device string) (signature, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now, err := seal.ReadTPM(device)
	if err != nil {
		t.Fatal(err)
	}
	calculator, err := tpm2.NewPolicyCalculator(tpm2.TPMAlgSHA256)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(now.PCR11[:])
	eleven := tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(11)}}}
	if err := (tpm2.PolicyPCR{Pcrs: eleven, PcrDigest: tpm2.TPM2BDigest{Buffer: digest[:]}}).Update(calculator); err != nil {
		t.Fatal(err)
	}
	policy := calculator.Hash().Digest
	hash, finger := sha256.Sum256(policy), sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	signed, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(map[string]any{"sha256": []any{map[string]any{
		"pcrs": []int{11}, "pkfp": hex.EncodeToString(finger[:]), "pol": hex.EncodeToString(policy), "sig": base64.StdEncoding.EncodeToString(signed),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	signature, public = filepath.Join(dir, "signature.json"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(signature, file, 0o600),
		os.WriteFile(public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return signature, public
}

func TestANewVaultGoesIntoTheTPMByItselfOnlyUnderOurImage(t *testing.T) {
	device := startTPM(t)
	home := filepath.Join(t.TempDir(), "home")
	s := config.Seal{Kind: "auto", Device: device}
	if kind := SealKind(home, s); kind != seal.KindKeyFile {
		t.Fatalf("a PC that was not flashed: %s", kind)
	}
	s.PCRSignature, s.PCRPublicKey = signPCR11(t, device)
	if kind := SealKind(home, s); kind != seal.KindTPM {
		t.Fatalf("our image: %s", kind)
	}
	u := Unlock{Seal: s}
	vault, err := OpenVault(home, u)
	if err != nil {
		t.Fatal(err)
	}
	if !vault.Keys().Counted {
		t.Error("nothing counts it")
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	// What it is sealed with stands, whatever the image brings later.
	if kind := SealKind(home, config.Seal{Kind: "auto"}); kind != seal.KindTPM {
		t.Fatalf("a sealed vault: %s", kind)
	}
	state, err := ReadKeyState(home, u, time.Now())
	if err != nil || !state.Open || len(state.SignedPCRs) != 1 || state.TPM == nil || !state.TPM.PCR7Matches || state.Keys.Counter == nil {
		t.Fatalf("%+v, %v", state, err)
	}
	if strings.Contains(state.Protects, "not a stolen machine") {
		t.Errorf("under our image it still says: %s", state.Protects)
	}
	// Without the image's signatures it stays shut.
	u.Seal.PCRSignature += ".none"
	if _, err := OpenVault(home, u); !errors.Is(err, seal.ErrPCR) {
		t.Fatal(err)
	}
}

func TestAResealThatFailsLeavesTheVaultAsItWas(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	vault, err := OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	device := startTPM(t)
	signature, public := signPCR11(t, device)
	// Signed for another moment of the boot: what is sealed now would not open.
	if err := os.WriteFile(signature, []byte(`{"sha256":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	u := Unlock{Seal: config.Seal{Kind: "auto", Device: device, PCRSignature: signature, PCRPublicKey: public}}
	if _, err := Reseal(home, u, seal.KindTPM, nil); !errors.Is(err, seal.ErrPCR) {
		t.Fatal(err)
	}
	if _, err := os.Stat(KeyFile(home).Path()); err != nil {
		t.Fatalf("the key file is gone: %v", err)
	}
	if vault, err = OpenVault(home); err != nil {
		t.Fatal(err)
	}
	if vault.Keys() == (storage.KeyStatus{}) {
		t.Fatal("nothing is known of its keys")
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
}
