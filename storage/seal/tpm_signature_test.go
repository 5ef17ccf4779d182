package seal

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
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

// image signs PCR 11 as the build of a device image does.
type image struct {
	t              *testing.T
	key            *rsa.PrivateKey
	public, signed string // the files
}

func newImage(t *testing.T) *image {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	i := &image{t, key, filepath.Join(dir, "tpm2-pcr-public-key.pem"), filepath.Join(dir, "tpm2-pcr-signature.json")}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.public, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	i.write(nil)
	return i
}

func (i *image) write(list []pcrSignature) {
	i.t.Helper()
	b, err := json.Marshal(pcrSignatures{"sha256": list})
	if err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(i.signed, b, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// entry is a signature over the policy of a value of PCR 11.
func (i *image) entry(pcr11 [32]byte) pcrSignature {
	i.t.Helper()
	policy := policyOfPCR11(i.t, pcr11)
	hash := sha256.Sum256(policy)
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, hash[:])
	if err != nil {
		i.t.Fatal(err)
	}
	fingerprint := sha256.Sum256(x509.MarshalPKCS1PublicKey(&i.key.PublicKey))
	return pcrSignature{[]uint{11}, hex.EncodeToString(fingerprint[:]), hex.EncodeToString(policy), base64.StdEncoding.EncodeToString(signature)}
}

func policyOfPCR11(t testing.TB, value [32]byte) []byte {
	t.Helper()
	calculator, err := tpm2.NewPolicyCalculator(tpm2.TPMAlgSHA256)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(value[:])
	if err := (tpm2.PolicyPCR{Pcrs: pcrSelection(11), PcrDigest: tpm2.TPM2BDigest{Buffer: digest[:]}}).Update(calculator); err != nil {
		t.Fatal(err)
	}
	return calculator.Hash().Digest
}

func pcr11(t testing.TB, e *emulator) [32]byte {
	t.Helper()
	s, err := ReadTPM(e.path)
	if err != nil {
		t.Fatal(err)
	}
	return s.PCR11
}

func (i *image) options(e *emulator) TPMOptions {
	return TPMOptions{Device: e.path, PublicKey: i.public, Signature: i.signed}
}

func TestASignedPCR11OpensInItsPhaseAndNotAfter(t *testing.T) {
	e, i := newEmulator(t), newImage(t)
	e.extend(11, 1)
	i.write([]pcrSignature{i.entry([32]byte{9}), i.entry(pcr11(t, e))})
	secret := Random(32)
	blob := mustSeal(t, cheapTPM(i.options(e)), secret)
	s := cheapTPM(i.options(e))
	mustOpen(t, s, blob, secret)
	// The next phase of the boot is measured.
	e.extend(11, 2)
	mustRefuse(t, s, blob, ErrPCR)
	// What was opened in time can still be sealed anew, for the next start.
	blob = mustSeal(t, s, secret)
	// The next image of the same signer measures something else.
	e.restart()
	e.extend(11, 3)
	mustRefuse(t, cheapTPM(i.options(e)), blob, ErrPCR)
	i.write([]pcrSignature{i.entry(pcr11(t, e))})
	mustOpen(t, cheapTPM(i.options(e)), blob, secret)
}

func TestASignatureOfAnotherKeyIsRefused(t *testing.T) {
	e, i, evil := newEmulator(t), newImage(t), newImage(t)
	now := pcr11(t, e)
	i.write([]pcrSignature{i.entry(now)})
	secret := Random(32)
	blob := mustSeal(t, cheapTPM(i.options(e)), secret)
	// Under its own name.
	evil.write([]pcrSignature{evil.entry(now)})
	mustRefuse(t, cheapTPM(TPMOptions{Device: e.path, PublicKey: evil.public, Signature: evil.signed}), blob, ErrPCR)
	// Under the right one's name.
	forged := evil.entry(now)
	forged.Fingerprint = i.entry(now).Fingerprint
	evil.write([]pcrSignature{forged})
	err := mustRefuse(t, cheapTPM(TPMOptions{Device: e.path, Signature: evil.signed}), blob, ErrPCR)
	if !strings.Contains(err.Error(), "was not made by the key") {
		t.Fatal(err)
	}
	// A right signature over something else.
	moved := i.entry([32]byte{1})
	moved.Policy = i.entry(now).Policy
	i.write([]pcrSignature{moved})
	mustRefuse(t, cheapTPM(i.options(e)), blob, ErrPCR)
	if n := e.transients(); n != 0 {
		t.Fatalf("%d objects and sessions were left in the TPM", n)
	}
}

func TestARightPCR11WithAnotherPCR7IsRefused(t *testing.T) {
	e, i := newEmulator(t), newImage(t)
	i.write([]pcrSignature{i.entry(pcr11(t, e))})
	blob := mustSeal(t, cheapTPM(i.options(e)), Random(32))
	// Secure Boot is off, and another system extends PCR 11 to the public values.
	e.restart()
	e.extend(7, 1)
	if err := mustRefuse(t, cheapTPM(i.options(e)), blob, ErrPCR); !strings.Contains(err.Error(), "PCR 7") {
		t.Fatal(err)
	}
}

func TestASignedPCR11WithAPINAsksForBoth(t *testing.T) {
	e, i := newEmulator(t), newImage(t)
	i.write([]pcrSignature{i.entry(pcr11(t, e))})
	o := i.options(e)
	o.RequirePIN, o.PIN = true, pinOf("135790")
	secret := Random(32)
	blob := mustSeal(t, cheapTPM(o), secret)
	mustOpen(t, cheapTPM(o), blob, secret)
	o.PIN = pinOf("097531")
	mustRefuse(t, cheapTPM(o), blob, ErrWrongKey)
	o.PIN = pinOf("135790")
	e.extend(11, 1)
	mustRefuse(t, cheapTPM(o), blob, ErrPCR)
	info, err := Inspect(blob)
	if err != nil || !info.PIN || info.Kind != KindTPM || len(info.SignedPCRs) != 1 || len(info.Signer) != 64 {
		t.Fatalf("%+v, %v", info, err)
	}
}

func TestMissingOrBrokenFilesOfTheImageAreNamed(t *testing.T) {
	e, i := newEmulator(t), newImage(t)
	i.write([]pcrSignature{i.entry(pcr11(t, e))})
	blob := mustSeal(t, cheapTPM(i.options(e)), Random(32))
	mustRefuse(t, cheapTPM(TPMOptions{Device: e.path}), blob, ErrPCR)
	o := i.options(e)
	o.Signature += ".gone"
	if err := mustRefuse(t, cheapTPM(o), blob, ErrPCR); !strings.Contains(err.Error(), o.Signature) {
		t.Fatal(err)
	}
	if err := os.WriteFile(i.signed, []byte(`{"sha256":[{"pkfp":1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, cheapTPM(i.options(e)), blob, ErrPCR)
	for _, content := range []string{"", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if err := os.WriteFile(i.public, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cheapTPM(i.options(e)).Seal(Random(32)); !errors.Is(err, ErrPCR) {
			t.Fatal(err)
		}
	}
}

// The two files were written by systemd-measure 252 (sign, --phase= and
// --phase=sysinit), and the values below are what its calculate printed.
func TestTheFilesOfSystemdAreUnderstood(t *testing.T) {
	signer, err := readSigner("testdata/tpm2-pcr-public-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	list, err := readSignatures("testdata/tpm2-pcr-signature.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{
		"8251afae86df6cb4c285ac6b4fcd9bad75d0c505cc170f57fa69e9b950491f9b",
		"fd042d0919ecb77cb041dccec8959f00702413149072d842e659279f9917c2f8",
	} {
		b, err := hex.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		policy := policyOfPCR11(t, [32]byte(b))
		signature := list.find(signer, policy)
		if signature == nil {
			t.Fatalf("no signature for %s", value)
		}
		hash := sha256.Sum256(policy)
		if err := rsa.VerifyPKCS1v15(signer, crypto.SHA256, hash[:], signature); err != nil {
			t.Fatal(err)
		}
	}
	if list.find(signer, make([]byte, 32)) != nil {
		t.Fatal("a signature for another value was found")
	}
}

func FuzzSignaturesOfAnyFormDoNoHarm(f *testing.F) {
	b, err := os.ReadFile("testdata/tpm2-pcr-signature.json")
	if err != nil {
		f.Fatal(err)
	}
	signer, err := readSigner("testdata/tpm2-pcr-public-key.pem")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"sha256":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseSignatures(b)
		if err != nil {
			return
		}
		if s := list.find(signer, make([]byte, 32)); s != nil && len(s) != signer.Size() {
			t.Fatal("a signature of an impossible length")
		}
	})
}
