package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

const deviceKey = "UDEVICEKEY"

// bind does what a device and its hub do, and returns the identity and the quote too.
func bind(t testing.TB, a *Attestor, roots [][]byte) (Challenge, Measured, []byte, []byte) {
	t.Helper()
	identity, err := a.Identity()
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChallenge(identity, roots)
	if err != nil {
		t.Fatal(err)
	}
	quote, err := a.Answer(c.Public, deviceKey)
	if err != nil {
		t.Fatal(err)
	}
	m, err := CheckQuote(identity, c.Nonce, quote, deviceKey)
	if err != nil {
		t.Fatal(err)
	}
	return c, m, identity, quote
}

func notBelieved(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrAttestation) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestATPMProvesWhichItIsAndHowTheMachineWasStarted(t *testing.T) {
	e := newEmulator(t)
	e.extend(7, 1)
	e.extend(11, 2)
	a := NewAttestor(e.path)
	c, m, identity, _ := bind(t, a, nil)
	want, err := ReadTPM(e.path)
	if err != nil {
		t.Fatal(err)
	}
	if m.PCR7 != want.PCR7 || m.PCR11 != want.PCR11 || m.PCR7 == [32]byte{} {
		t.Errorf("the quote is of other PCRs: %x", m)
	}
	if c.Verified {
		t.Error("a certificate was verified where none was asked for")
	}
	if e.transients() != 0 {
		t.Error("something was left in the TPM")
	}
	// The same after a restart and after the TPM was cleared: both keys are of the endorsement seed.
	e.restart()
	e.clear()
	again, _, _, _ := bind(t, a, nil)
	if again.Endorsement != c.Endorsement || !bytes.Equal(again.Name, c.Name) {
		t.Error("the TPM has other keys after a restart and a clear")
	}
	if bytes.Equal(again.Nonce, c.Nonce) {
		t.Error("a nonce came twice")
	}
	// Later, a quote over a nonce of the hub's.
	e.extend(7, 3)
	nonce := bytes.Repeat([]byte{9}, 32)
	quote, err := a.Quote(nonce, deviceKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CheckQuote(identity, nonce, quote, deviceKey); err != nil {
		t.Error(err)
	}
	later, err := CheckQuote(c.Keys, nonce, quote, deviceKey)
	if err != nil || later.PCR7 == m.PCR7 {
		t.Errorf("a changed PCR 7 is not seen: %v", err)
	}
}

func TestAnAnswerIsOfOneChallengeForOneKeyAndUnaltered(t *testing.T) {
	e := newEmulator(t)
	e.extend(7, 1)
	a := NewAttestor(e.path)
	c, _, identity, quote := bind(t, a, nil)
	next, err := NewChallenge(identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = CheckQuote(identity, next.Nonce, quote, deviceKey)
	notBelieved(t, "an answer to the challenge before", err)
	_, err = CheckQuote(identity, c.Nonce, quote, "UANOTHERKEY")
	notBelieved(t, "an answer for another key", err)

	good, err := decodeAnswer(quote)
	if err != nil {
		t.Fatal(err)
	}
	altered := func(what string, f func(*answer)) {
		t.Helper()
		n := answer{bytes.Clone(good.Quoted), bytes.Clone(good.Signature), good.PCRs}
		f(&n)
		b, err := encodeAnswer(n)
		if err != nil {
			t.Fatal(err)
		}
		_, err = CheckQuote(identity, c.Nonce, b, deviceKey)
		notBelieved(t, what, err)
	}
	altered("another PCR 7", func(n *answer) { n.PCRs[0][0] ^= 1 })
	altered("another PCR 11", func(n *answer) { n.PCRs[1][31] ^= 1 })
	for i := range good.Quoted {
		altered("an altered quote", func(n *answer) { n.Quoted[i] ^= 1 })
	}
	for i := range good.Signature {
		altered("an altered signature", func(n *answer) { n.Signature[i] ^= 1 })
	}
	altered("no signature", func(n *answer) { n.Signature = nil })
	altered("no quote", func(n *answer) { n.Quoted = nil })
	altered("a longer quote", func(n *answer) { n.Quoted = append(n.Quoted, 0) })
	for n := range len(quote) {
		_, err := CheckQuote(identity, c.Nonce, quote[:n], deviceKey)
		notBelieved(t, "a cut answer", err)
	}
}

func TestAQuoteOfOtherPCRsOrOfSomethingElseIsRefused(t *testing.T) {
	e := newEmulator(t)
	d, err := openDevice(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ak, err := d.endorsed(attestationTemplate, "attestation key")
	if err != nil {
		t.Fatal(err)
	}
	defer ak.flush()
	nonce := bytes.Repeat([]byte{5}, 32)
	extra := qualifying(nonce, deviceKey)
	sign := tpm2.AuthHandle{Handle: ak.handle, Name: tpm2.TPM2BName{Buffer: ak.name[:]}, Auth: tpm2.PasswordAuth(nil)}
	null := tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull}
	check := func(what string, quoted []byte, signature tpm2.TPMTSignature) {
		t.Helper()
		_, err := answer{Quoted: quoted, Signature: tpm2.Marshal(signature)}.check(ak.public, extra)
		notBelieved(t, what, err)
	}
	other, err := tpm2.Quote{SignHandle: sign, QualifyingData: tpm2.TPM2BData{Buffer: extra[:]}, InScheme: null, PCRSelect: pcrSelection(16)}.Execute(d)
	if err != nil {
		t.Fatal(err)
	}
	check("a quote of PCR 16", other.Quoted.Bytes(), other.Signature)
	// The AK signs other statements of the TPM too; none may pass for a quote.
	certified, err := tpm2.Certify{ObjectHandle: sign, SignHandle: sign, QualifyingData: tpm2.TPM2BData{Buffer: extra[:]}, InScheme: null}.Execute(d)
	if err != nil {
		t.Fatal(err)
	}
	check("a certificate of the AK itself", certified.CertifyInfo.Bytes(), certified.Signature)
	// What did not come from inside the TPM it does not sign at all.
	sum := sha256.Sum256([]byte("\xffTCG a forged quote"))
	_, err = tpm2.Sign{
		KeyHandle: sign, Digest: tpm2.TPM2BDigest{Buffer: sum[:]}, InScheme: null,
		Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck, Hierarchy: tpm2.TPMRHNull},
	}.Execute(d)
	if !isRC(err) {
		t.Errorf("the AK signs what others made: %v", err)
	}
}

func TestAKeyInSoftwareDoesNotPassForOneInTheTPM(t *testing.T) {
	e := newEmulator(t)
	a := NewAttestor(e.path)
	real, err := a.Identity()
	if err != nil {
		t.Fatal(err)
	}
	i, err := decodeIdentity(real)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// It says of itself what the TPM's says, beside the TPM's own EK.
	posing := i
	posing.attestation.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{
		X: tpm2.TPM2BECCParameter{Buffer: private.X.FillBytes(make([]byte, 32))}, Y: tpm2.TPM2BECCParameter{Buffer: private.Y.FillBytes(make([]byte, 32))},
	})
	forged, err := encodeIdentity(posing)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChallenge(forged, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Answer(c.Public, deviceKey); !errors.Is(err, ErrAttestation) {
		t.Errorf("the TPM opened a challenge for a key that it does not have: %v", err)
	}
	// The key cannot be put into the TPM under that name either.
	tpm, err := linuxudstpm.Open(e.path)
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	_, err = tpm2.LoadExternal{
		InPrivate: tpm2.New2B(tpm2.TPMTSensitive{SensitiveType: tpm2.TPMAlgECC, Sensitive: tpm2.NewTPMUSensitiveComposite(tpm2.TPMAlgECC, &tpm2.TPM2BECCParameter{Buffer: scalar})}),
		InPublic:  tpm2.New2B(posing.attestation), Hierarchy: tpm2.TPMRHNull,
	}.Execute(tpm)
	tpm.Close()
	if !isRC(err) {
		t.Errorf("a key of ours was loaded as one that never left the TPM: %v", err)
	}
	// Without the nonce a quote that is made of thin air does not fit.
	nonce := make([]byte, 32)
	quote, err := a.Quote(nonce, deviceKey)
	if err != nil {
		t.Fatal(err)
	}
	good, err := decodeAnswer(quote)
	if err != nil {
		t.Fatal(err)
	}
	extra := qualifying(nonce, deviceKey)
	guess := qualifying(bytes.Repeat([]byte{1}, 32), deviceKey)
	good.Quoted = bytes.Replace(good.Quoted, extra[:], guess[:], 1)
	sum := sha256.Sum256(good.Quoted)
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	good.Signature = tpm2.Marshal(tpm2.TPMTSignature{SigAlg: tpm2.TPMAlgECDSA, Signature: tpm2.NewTPMUSignature(tpm2.TPMAlgECDSA, &tpm2.TPMSSignatureECC{
		Hash: tpm2.TPMAlgSHA256, SignatureR: tpm2.TPM2BECCParameter{Buffer: r.Bytes()}, SignatureS: tpm2.TPM2BECCParameter{Buffer: s.Bytes()},
	})})
	if _, err := good.check(posing.attestation, guess); err != nil {
		t.Errorf("the forgery is not as good as it should be: %v", err)
	}
	b, err := encodeAnswer(good)
	if err != nil {
		t.Fatal(err)
	}
	_, err = CheckQuote(forged, c.Nonce, b, deviceKey)
	notBelieved(t, "a quote by a key in software", err)
	// A key that may sign anything is refused before.
	loose := i
	loose.attestation.ObjectAttributes.Restricted = false
	b, err = encodeIdentity(loose)
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewChallenge(b, nil)
	notBelieved(t, "an AK that signs anything", err)
}

func TestTheEndorsementKeyOfAnotherTPMDoesNotHelp(t *testing.T) {
	mine, theirs := newEmulator(t), newEmulator(t)
	a, b := NewAttestor(mine.path), NewAttestor(theirs.path)
	var both [2]identity
	for n, x := range []*Attestor{a, b} {
		encoded, err := x.Identity()
		if err != nil {
			t.Fatal(err)
		}
		if both[n], err = decodeIdentity(encoded); err != nil {
			t.Fatal(err)
		}
	}
	mixed := identity{endorsement: both[1].endorsement, attestation: both[0].attestation}
	encoded, err := encodeIdentity(mixed)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChallenge(encoded, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Attestor{a, b} {
		if _, err := x.Answer(c.Public, deviceKey); !errors.Is(err, ErrAttestation) {
			t.Errorf("one TPM answered for two: %v", err)
		}
	}
	if mine.transients()+theirs.transients() != 0 {
		t.Error("something was left in a TPM")
	}
}

// made starts an emulator whose EK has a maker's certificate, and returns the maker's.
func made(t testing.TB) (*emulator, [][]byte) {
	t.Helper()
	for _, tool := range []string{"swtpm_setup", "swtpm_localca", "certtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: install the packages swtpm-tools and gnutls-bin to test certified TPMs", tool)
		}
	}
	e := newEmulator(t)
	e.stop()
	dir := filepath.Dir(e.path)
	maker := filepath.Join(dir, "maker")
	for name, text := range map[string]string{
		"localca.conf":    "statedir = " + maker + "\nsigningkey = " + maker + "/signkey.pem\nissuercert = " + maker + "/issuercert.pem\ncertserial = " + maker + "/certserial\n",
		"localca.options": "--platform-manufacturer Tenin\n--platform-version 1\n--platform-model test\n",
		"setup.conf":      "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = " + dir + "/localca.conf\ncreate_certs_tool_options = " + dir + "/localca.options\nactive_pcr_banks = sha256\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(maker, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("swtpm_setup", "--tpm2", "--tpm-state", e.state, "--create-ek-cert", "--config", filepath.Join(dir, "setup.conf"), "--overwrite").CombinedOutput()
	if err != nil {
		t.Skipf("swtpm_setup makes no certificate here: %s", strings.TrimSpace(string(out)))
	}
	e.start()
	roots := filepath.Join(dir, "roots")
	if err := os.MkdirAll(roots, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"issuercert.pem", "swtpm-localca-rootca-cert.pem"} {
		b, err := os.ReadFile(filepath.Join(maker, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(roots, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := ReadRoots(roots)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d certificates, %v", len(list), err)
	}
	return e, list
}

func TestAMakersCertificateIsCheckedWhereRootsAreGiven(t *testing.T) {
	e, roots := made(t)
	a := NewAttestor(e.path)
	c, _, said, _ := bind(t, a, roots)
	if !c.Verified {
		t.Error("the certificate was not looked at")
	}
	if c, err := NewChallenge(said, nil); err != nil || c.Verified {
		t.Errorf("without roots: %v, %v", c.Verified, err)
	}
	_, others := made(t)
	_, err := NewChallenge(said, others)
	notBelieved(t, "a maker that is not trusted", err)

	i, err := decodeIdentity(said)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(what string, f func(*identity)) {
		t.Helper()
		n := i
		f(&n)
		b, err := encodeIdentity(n)
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewChallenge(b, roots)
		notBelieved(t, what, err)
	}
	changed("no certificate", func(n *identity) { n.certificate = nil })
	changed("an altered certificate", func(n *identity) {
		n.certificate = bytes.Clone(n.certificate)
		n.certificate[len(n.certificate)-1] ^= 1
	})
	changed("the maker's own certificate", func(n *identity) { n.certificate = roots[0] })
	plain := newEmulator(t)
	encoded, err := NewAttestor(plain.path).Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := decodeIdentity(encoded)
	if err != nil {
		t.Fatal(err)
	}
	changed("the certificate of another EK", func(n *identity) { n.endorsement = other.endorsement })
	_, err = NewChallenge(encoded, roots)
	notBelieved(t, "a TPM without a certificate", err)
}

func TestWithoutATPMThereIsNothingToAttest(t *testing.T) {
	a := NewAttestor(filepath.Join(t.TempDir(), "none"))
	if _, err := a.Identity(); !errors.Is(err, ErrNoTPM) {
		t.Error(err)
	}
	if _, err := a.Quote(make([]byte, 32), deviceKey); !errors.Is(err, ErrNoTPM) {
		t.Error(err)
	}
	if _, err := a.Quote(nil, deviceKey); !errors.Is(err, ErrAttestation) {
		t.Error(err)
	}
	if _, err := a.Answer([]byte("{}"), deviceKey); !errors.Is(err, ErrAttestation) {
		t.Error(err)
	}
}

func TestAFolderOfCertificatesIsReadWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadRoots(dir); err == nil {
		t.Error("an empty folder")
	}
	if err := os.WriteFile(filepath.Join(dir, "note.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRoots(dir); err == nil {
		t.Error("a note passes for a certificate")
	}
	if _, err := ReadRoots(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
