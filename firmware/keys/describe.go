package keys

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Description is what `tenin firmware keys show` tells.
type Description struct {
	Dir string `json:"dir"`
	// Owner is the GUID in the lists of certificates.
	Owner string `json:"owner"`
	Keys  []Key  `json:"keys"`
}

// Key is one key of a folder.
type Key struct {
	Name string `json:"name"`
	// Does says what the key is for.
	Does string `json:"does"`
	// Subject and NotAfter are the certificate's; empty for a key without one.
	Subject  string     `json:"subject,omitempty"`
	NotAfter *time.Time `json:"not_after,omitempty"`
	// Fingerprint is SHA-256 in hex: of the certificate in DER; of pcr.pub's PKCS #1 form, as signatures of PCR 11 name it;
	// of the 32 bytes of bundle.pub, as bundles name it. Empty where the public half is missing.
	Fingerprint string `json:"fingerprint,omitempty"`
	// Private is "plain", "encrypted" or "missing".
	Private string `json:"private"`
	// Others may read the private half: it is refused until that is changed.
	Unsafe bool `json:"unsafe,omitempty"`
}

var does = map[string]string{
	NamePK:     "says who may change KEK; needed again only to change or remove it",
	NameKEK:    "says who may change db; needed again only to change db",
	NameDB:     "signs what a device starts: the loader and the kernel image",
	NamePCR:    "signs the state in which a device's TPM opens its data",
	NameBundle: "signs updates",
}

// Describe tells about the keys in dir without opening private ones.
func Describe(dir string) (d Description, err error) {
	s, err := OpenPublic(dir)
	if err != nil {
		return d, err
	}
	d = Description{Dir: dir, Owner: s.Owner.String()}
	for _, name := range []string{NamePK, NameKEK, NameDB, NamePCR, NameBundle} {
		k := Key{Name: name, Does: does[name]}
		if k.Private, k.Unsafe, err = privateState(filepath.Join(dir, name+".key")); err != nil {
			return d, err
		}
		if c := s.certificate(name); c != nil {
			until := c.NotAfter
			k.Subject, k.NotAfter, k.Fingerprint = c.Subject.String(), &until, hexSum(c.Raw)
		}
		switch {
		case name == NamePCR && s.PCRPublic != nil:
			public, err := ParsePCRPublic(s.PCRPublic)
			if err != nil {
				return d, err
			}
			k.Fingerprint = hexSum(x509.MarshalPKCS1PublicKey(public))
		case name == NameBundle && s.BundlePublic != nil:
			k.Fingerprint = hexSum(s.BundlePublic)
		}
		d.Keys = append(d.Keys, k)
	}
	return d, nil
}

func (s *Set) certificate(name string) *x509.Certificate {
	for _, k := range []*SecureBoot{s.PK, s.KEK, s.DB} {
		if k != nil && k.Name == name {
			return k.cert
		}
	}
	return nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func privateState(path string) (state string, unsafe bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "missing", false, nil
	} else if err != nil {
		return "", false, err
	}
	unsafe = info.Mode().Perm()&0o077 != 0
	b, err := readBounded(path)
	if errors.Is(err, fs.ErrPermission) {
		return "", unsafe, fmt.Errorf("%s: %w", path, fs.ErrPermission)
	} else if err != nil {
		return "", unsafe, err
	}
	defer clear(b)
	block, _ := pem.Decode(b)
	if block != nil && bytes.Contains([]byte(block.Type), []byte("ENCRYPTED")) {
		return "encrypted", unsafe, nil
	}
	return "plain", unsafe, nil
}
