package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/firmware/internal/guid"
	"tenin/firmware/internal/pkcs7"
	"tenin/storage/seal"
)

// plainKeys are made once: RSA keys take their time.
var plainKeys = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "keys-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := New(dir, Options{}); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files[e.Name()] = b
	}
	return files, err
})

// plain returns a folder of keys without a passphrase, the same ones each time.
func plain(t *testing.T) string {
	t.Helper()
	files, err := plainKeys()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// made returns a folder of new keys.
func made(t *testing.T, o Options) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := New(dir, o); err != nil {
		t.Fatal(err)
	}
	return dir
}

func phrase(text string) func() (seal.Secret, error) {
	return func() (seal.Secret, error) { return seal.NewSecret([]byte(text)), nil }
}

func TestNewKeysAreWholePrivateAndLastThirtyYears(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	dir := made(t, Options{Owner: "Yamada Books", Now: now})
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3*4+2*2+1 {
		t.Errorf("%d files: %v", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info.Mode(), err)
		}
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	for _, k := range []*SecureBoot{s.PK, s.KEK, s.DB} {
		c := k.Certificate()
		if c.Subject.CommonName != "Yamada Books "+k.Name || !c.NotBefore.Equal(now) || !c.NotAfter.Equal(now.AddDate(30, 0, 0)) {
			t.Errorf("%s: %v, %v to %v", k.Name, c.Subject, c.NotBefore, c.NotAfter)
		}
		if err := c.CheckSignatureFrom(c); err != nil {
			t.Errorf("%s: %v", k.Name, err)
		}
		if _, err := k.SignDigest([32]byte{}); err != nil {
			t.Error(err)
		}
	}
	key, err := s.BundleKey()
	if err != nil || !ed25519.Verify(s.BundlePublic, []byte("a"), ed25519.Sign(key, []byte("a"))) {
		t.Errorf("bundle: %v", err)
	}
	pcr, err := s.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	if public, err := ParsePCRPublic(s.PCRPublic); err != nil || !public.Equal(pcr.Public()) {
		t.Errorf("pcr: %v", err)
	}
}

func TestKeysAreNeverReplaced(t *testing.T) {
	dir := plain(t)
	before, err := os.ReadFile(filepath.Join(dir, "db.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := New(dir, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "db.key")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key was changed: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".keys-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q was left: %v", left, err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := New(empty, Options{}); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	if info, err := os.Stat(empty); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v %v", info.Mode(), err)
	}
}

func TestEncryptedKeysOpenWithTheirPassphraseOnly(t *testing.T) {
	dir := made(t, Options{Passphrase: seal.NewSecret([]byte("correct horse battery"))})
	for _, name := range []string{"PK", "KEK", "db", "pcr", "bundle"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".key"))
		if err != nil || !bytes.Contains(b, []byte("ENCRYPTED")) {
			t.Errorf("%s.key is %q: %v", name, b, err)
		}
	}
	s, err := Open(dir, phrase("correct horse battery"))
	if err != nil {
		t.Fatal(err)
	}
	s.Destroy()
	if _, err := s.PCRKey(); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("a destroyed key opens: %v", err)
	}
	if _, err := Open(dir, phrase("another phrase here")); !errors.Is(err, seal.ErrWrongKey) {
		t.Error(err)
	}
	if _, err := Open(dir, nil); !errors.Is(err, seal.ErrNoKey) {
		t.Error(err)
	}
	if s, err := OpenPublic(dir); err != nil || s.DB == nil || s.BundlePublic == nil {
		t.Errorf("the public halves take a passphrase: %v", err)
	}
	// One file in another's place.
	b, err := os.ReadFile(filepath.Join(dir, "KEK.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "db.key"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, phrase("correct horse battery")); !errors.Is(err, seal.ErrDamaged) {
		t.Error(err)
	}
}

func TestAShortPassphraseIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	if err := New(dir, Options{Passphrase: seal.NewSecret([]byte("short"))}); err == nil {
		t.Error("it was taken")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder was left: %v", err)
	}
}

func TestABuildMachineNeedsOnlyTheKeysThatItUses(t *testing.T) {
	dir := plain(t)
	for _, name := range []string{"PK.key", "KEK.key", "bundle.key"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	if _, err := s.DB.SignDigest([32]byte{}); err != nil {
		t.Error(err)
	}
	if _, err := s.BundleKey(); !errors.Is(err, seal.ErrNoKey) || !strings.Contains(err.Error(), "bundle.key is missing") {
		t.Error(err)
	}
}

func TestWhatIsWrongInAFolderIsSaid(t *testing.T) {
	for says, damage := range map[string]func(dir string) error{
		"others may read":     func(dir string) error { return os.Chmod(filepath.Join(dir, "db.key"), 0o640) },
		"are not one pair":    func(dir string) error { return swap(dir, "PK.crt", "db.crt") },
		"not one pair":        func(dir string) error { return other(t, dir, "bundle.pub") },
		"pcr.key and pcr.pub": func(dir string) error { return other(t, dir, "pcr.pub") },
		"is no PEM file":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "db.key"), []byte("x"), 0o600) },
		"no PEM file of a":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "pcr.pub"), []byte("x"), 0o600) },
		"not a GUID":          func(dir string) error { return os.WriteFile(filepath.Join(dir, "guid"), []byte("x"), 0o600) },
		"another program":     func(dir string) error { return block(dir, "db.key", "ENCRYPTED PRIVATE KEY") },
		"instead of a private": func(dir string) error {
			return block(dir, "db.key", "CERTIFICATE")
		},
		"instead of a certificate": func(dir string) error { return block(dir, "db.crt", "PUBLIC KEY") },
		"no file of at most":       func(dir string) error { return os.Truncate(filepath.Join(dir, "db.crt"), maxFile+1) },
	} {
		dir := plain(t)
		if err := damage(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, not %q", err, says)
		}
	}
	if _, err := Open(t.TempDir(), nil); !errors.Is(err, seal.ErrNoKey) {
		t.Error(err)
	}
}

func swap(dir, a, b string) error {
	x, err := os.ReadFile(filepath.Join(dir, a))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, b), x, 0o600)
}

func other(t *testing.T, dir, name string) error {
	b, err := os.ReadFile(filepath.Join(made(t, Options{}), name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), b, 0o600)
}

func block(dir, name, kind string) error {
	return os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("x")}), 0o600)
}

func TestTheShopsOwnKeyIsTakenInItsOlderForm(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is missing: install the package openssl to make a key with it")
	}
	dir := plain(t)
	out, err := exec.Command("openssl", "rsa", "-traditional", "-in", filepath.Join(dir, "db.key"), "-out", filepath.Join(dir, "db.key")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Destroy()
}

func TestASetDoesNotPrintItsKeys(t *testing.T) {
	s, err := Open(plain(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	private := s.pcr.der.Bytes()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{s, s.DB, *s.DB} {
			if text := fmt.Sprintf(verb, v); strings.Contains(text, fmt.Sprintf("%x", private[40:60])) || strings.Contains(text, string(private[40:60])) {
				t.Errorf("%s prints a key", verb)
			}
		}
	}
	if b, err := json.Marshal(s); err == nil && bytes.Contains(b, []byte(fmt.Sprintf("%x", private[40:60]))) {
		t.Error("JSON holds a key")
	}
}

func TestDescribeTellsEachKeyWithoutOpeningIt(t *testing.T) {
	dir := made(t, Options{Owner: "Yamada Books", Passphrase: seal.NewSecret([]byte("correct horse battery"))})
	if err := os.Remove(filepath.Join(dir, "PK.key")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "db.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Describe(dir)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, k := range d.Keys {
		states[k.Name] = k.Private
		if len(k.Fingerprint) != 64 || k.Does == "" || k.Unsafe != (k.Name == "db") {
			t.Errorf("%+v", k)
		}
	}
	if fmt.Sprint(states) != "map[KEK:encrypted PK:missing bundle:encrypted db:encrypted pcr:encrypted]" {
		t.Error(states)
	}
	if d.Keys[2].Subject != "CN=Yamada Books db" {
		t.Error(d.Keys[2].Subject)
	}
}

func TestASignedVariableVerifiesWithTheKeyAboveIt(t *testing.T) {
	dir := plain(t)
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	for name, above := range map[string]*SecureBoot{"PK": s.PK, "KEK": s.PK, "db": s.KEK} {
		auth, err := os.ReadFile(filepath.Join(dir, name+".auth"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join(dir, name+".esl"))
		if err != nil {
			t.Fatal(err)
		}
		length := int(binary.LittleEndian.Uint32(auth[16:]))
		if !bytes.Equal(auth[16+length:], list) {
			t.Errorf("%s.auth does not end with %s.esl", name, name)
		}
		m, rest, err := pkcs7.Parse(auth[16+24 : 16+length])
		if err != nil || len(rest) > 0 {
			t.Fatalf("%s: %v", name, err)
		}
		signed := []byte{}
		for _, c := range name {
			signed = append(signed, byte(c), 0)
		}
		vendor := globalVar
		if name == "db" {
			vendor = imageSecurity
		}
		signed = append(append(append(append(signed, vendor[:]...), 0x27, 0, 0, 0), auth[:16]...), list...)
		if err := m.Verify(signed); err != nil || !m.Certificate.Equal(above.Certificate()) {
			t.Errorf("%s: %v, signed by %v", name, err, m.Certificate.Subject)
		}
		signed[len(signed)-1] ^= 1
		if err := m.Verify(signed); !errors.Is(err, pkcs7.ErrSignature) {
			t.Errorf("%s: another list verifies: %v", name, err)
		}
	}
}

func TestEfitoolsMakesTheSameListOfCertificates(t *testing.T) {
	if _, err := exec.LookPath("cert-to-efi-sig-list"); err != nil {
		t.Skip("cert-to-efi-sig-list is missing: install the package efitools to compare with it")
	}
	dir := plain(t)
	s, err := OpenPublic(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "esl")
	if b, err := exec.Command("cert-to-efi-sig-list", "-g", s.Owner.String(), filepath.Join(dir, "db.crt"), out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	theirs, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile(filepath.Join(dir, "db.esl"))
	if err != nil || sha256.Sum256(ours) != sha256.Sum256(theirs) {
		t.Errorf("the lists differ: %v", err)
	}
}

func TestDbHoldsWhatIsTrustedBeside(t *testing.T) {
	other, err := OpenPublic(made(t, Options{Owner: "Maker"}))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{}
	o.Trust = append(o.Trust, other.DB.Certificate())
	dir := made(t, o)
	list, err := os.ReadFile(filepath.Join(dir, "db.esl"))
	if err != nil || !bytes.Contains(list, other.DB.Certificate().Raw) {
		t.Errorf("db.esl: %v", err)
	}
	if kek, err := os.ReadFile(filepath.Join(dir, "KEK.esl")); err != nil || bytes.Contains(kek, other.DB.Certificate().Raw) {
		t.Errorf("KEK.esl: %v", err)
	}
}

func TestAGUIDIsReadAsItIsWritten(t *testing.T) {
	const text = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
	g, err := ParseGUID(text)
	if err != nil || g.String() != text || g[0] != 0x61 {
		t.Errorf("%s %v", g, err)
	}
	for range 100 {
		if g := guid.New(); g.String()[14] != '4' {
			t.Errorf("%s is not random", g)
		}
	}
	for _, bad := range []string{"", "8be4df61", text + "00", "zbe4df61-93ca-11d2-aa0d-00e098032b8c"} {
		if _, err := ParseGUID(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
