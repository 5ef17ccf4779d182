package verify

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"

	"tenin/firmware/keys"
)

// ErrNotVerified means that a part is not what it has to be.
var ErrNotVerified = errors.New("not verified")

// Trust are the public keys that a file is compared with. What is missing verifies nothing.
type Trust struct {
	// Certificates are what firmware has in db.
	Certificates []*x509.Certificate
	// PCRPublic is pcr.pub, PEM.
	PCRPublic []byte
	// Bundle verifies bundles.
	Bundle ed25519.PublicKey
}

// TrustOf returns the public halves of a folder of keys.
func TrustOf(s *keys.Set) Trust {
	t := Trust{PCRPublic: s.PCRPublic, Bundle: s.BundlePublic}
	if s.DB != nil {
		t.Certificates = append(t.Certificates, s.DB.Certificate())
	}
	return t
}

// Kind is what a file is.
type Kind string

// The kinds.
const (
	KindBundle Kind = "bundle"
	KindUKI    Kind = "kernel image"
	KindLoader Kind = "loader"
	KindDisk   Kind = "disk"
)

// Report is what was found.
type Report struct {
	File string `json:"file"`
	Kind Kind   `json:"kind"`
	// Version and Name are those of the system inside, 0 and empty for a loader.
	Version int64  `json:"version,omitempty"`
	Name    string `json:"name,omitempty"`
	// Test says that it has a console for tests, and belongs on no counter.
	Test     bool   `json:"test"`
	Verified bool   `json:"verified"`
	Parts    []Part `json:"parts"`
}

// Part is one thing that was looked at.
type Part struct {
	Part string `json:"part"`
	OK   bool   `json:"ok"`
	// Says is what was found, in words.
	Says string `json:"says"`
}

func (r *Report) good(part, format string, a ...any) {
	r.Parts = append(r.Parts, Part{part, true, fmt.Sprintf(format, a...)})
}

func (r *Report) bad(part string, err error) {
	r.Parts = append(r.Parts, Part{part, false, err.Error()})
}

// result notes a part as good with words, or as bad with err.
func (r *Report) result(part string, err error, format string, a ...any) {
	if err != nil {
		r.bad(part, err)
		return
	}
	r.good(part, format, a...)
}

// Err returns nil for a verified file, and else the first thing that is wrong. The error wraps ErrNotVerified.
func (r Report) Err() error {
	for _, p := range r.Parts {
		if !p.OK {
			return fmt.Errorf("%w: %s: %s: %s", ErrNotVerified, r.File, p.Part, p.Says)
		}
	}
	if len(r.Parts) == 0 {
		return fmt.Errorf("%w: %s: nothing in it was looked at", ErrNotVerified, r.File)
	}
	return nil
}
