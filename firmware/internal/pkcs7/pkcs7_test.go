package pkcs7

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type signer struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

func (s signer) Certificate() *x509.Certificate { return s.cert }

func (s signer) SignDigest(d [32]byte) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, d[:])
}

var ours = sync.OnceValue(func() signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(4e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return signer{key, cert}
})

var oidTest = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}

func TestWhatIsSignedVerifiesAndHasTheSameBytesEachTime(t *testing.T) {
	content, err := asn1.Marshal(struct{ A, B int }{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for name, sign := range map[string]func() ([]byte, error){
		"attached": func() ([]byte, error) { return Attached(oidTest, content, ours()) },
		"detached": func() ([]byte, error) { return Detached(content, ours()) },
	} {
		a, err := sign()
		if err != nil {
			t.Fatal(err)
		}
		b, err := sign()
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: it differs the second time: %v", name, err)
		}
		m, rest, err := Parse(append(a, 0, 0))
		if err != nil || !bytes.Equal(rest, []byte{0, 0}) || !m.Certificate.Equal(ours().cert) {
			t.Fatalf("%s: %v, %d bytes more", name, err, len(rest))
		}
		if name == "attached" {
			if err := m.Verify(nil); err != nil || !bytes.Equal(m.Content, content) || !m.ContentType.Equal(oidTest) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := m.Verify(content); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := m.Verify(append(content, 0)); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: other content verifies: %v", name, err)
		}
		if err := m.Verify(nil); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: no content verifies: %v", name, err)
		}
	}
}

func TestOpensslVerifiesADetachedSignature(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is missing: install the package openssl to compare with it")
	}
	inner, err := Detached([]byte("content"), ours())
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(contentInfo{Type: oidSignedData, Content: explicit(inner)})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"s": der, "c": []byte("content")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "smime", "-verify", "-inform", "DER", "-in", "s", "-content", "c", "-noverify", "-binary")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestNoFlippedBitOfContentOrSignatureVerifies(t *testing.T) {
	content, err := asn1.Marshal(struct{ A, B []byte }{bytes.Repeat([]byte{7}, 40), []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Attached(oidTest, content, ours())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(whole)
		b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		m, _, err := Parse(b)
		if err != nil || m.Verify(nil) != nil {
			return
		}
		// What still verifies says the same by the same key: the change was in the envelope.
		if !bytes.Equal(m.Content, content) || !m.Certificate.PublicKey.(*rsa.PublicKey).Equal(ours().key.Public()) {
			t.Fatal("other content verifies")
		}
	})
}

func FuzzParse(f *testing.F) {
	attached, err := Attached(oidTest, []byte{0x30, 0}, ours())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(attached)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := Parse(b)
		if err != nil {
			return
		}
		if err := m.Verify(nil); err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("an error without a kind: %v", err)
		}
	})
}
