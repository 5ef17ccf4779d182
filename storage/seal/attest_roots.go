package seal

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Limits of a folder of makers' certificates.
const (
	maxRoots    = 1000
	maxRootFile = 256 << 10
)

// ReadRoots returns the DER certificates of a folder's files, each of which is one
// in DER or several in PEM, as makers publish them. Files whose name begins with a
// dot are left out. It fails for a file that holds none.
func ReadRoots(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("makers' certificates: %w", err)
	}
	var all [][]byte
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() || e.Name()[0] == '.' {
			continue
		}
		b, err := readBounded(path, maxRootFile)
		if err != nil {
			return nil, fmt.Errorf("makers' certificates: %w", err)
		}
		found := 0
		for rest := b; ; {
			block, after := pem.Decode(rest)
			if block == nil {
				break
			}
			rest = after
			if block.Type == "CERTIFICATE" {
				all, found = append(all, block.Bytes), found+1
			}
		}
		if found == 0 {
			all = append(all, b)
		}
		for _, der := range all[len(all)-max(found, 1):] {
			if _, err := x509.ParseCertificate(der); err != nil {
				return nil, fmt.Errorf("makers' certificates: %s holds what is no certificate; take it out of the folder", path)
			}
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("makers' certificates: %s holds none; put those of the TPMs' makers there", dir)
	case len(all) > maxRoots:
		return nil, fmt.Errorf("makers' certificates: %s holds more than %d", dir, maxRoots)
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal), nil
}

// checkEndorsement checks that the EK's certificate is of one of the makers, and of
// this EK.
func checkEndorsement(i identity, roots [][]byte) error {
	if len(i.certificate) == 0 {
		return fmt.Errorf("%w: it has no certificate of its maker", ErrAttestation)
	}
	c, err := parseEndorsement(i.certificate)
	if err != nil {
		return fmt.Errorf("%w: its certificate cannot be read", ErrAttestation)
	}
	if !isKeyOf(c, &i.endorsement) {
		return fmt.Errorf("%w: its certificate is of another key", ErrAttestation)
	}
	o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	for _, der := range roots {
		root, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("makers' certificates: one is not whole: %w", ErrDamaged)
		}
		if bytes.Equal(root.RawIssuer, root.RawSubject) && root.CheckSignatureFrom(root) == nil {
			o.Roots.AddCert(root)
		} else {
			o.Intermediates.AddCert(root)
		}
	}
	if _, err := c.Verify(o); err != nil {
		return fmt.Errorf("%w: its certificate is of no maker that is trusted: %w", ErrAttestation, err)
	}
	return nil
}

// subjectAltName holds maker, model and version in an EK's certificate, and is
// critical where the subject is empty (TCG EK Credential Profile, 3.2.9). It says
// nothing that is asked here, and crypto/x509 does not know directory names.
var subjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// parseEndorsement reads a certificate, with what some makers leave behind it in the
// TPM's index or put in front of it.
func parseEndorsement(b []byte) (*x509.Certificate, error) {
	// The PC client's old form: tag 0x1001, type 0, length (TCG PC Client Specific
	// Implementation 1.21, 7.4.5.1).
	if len(b) > 5 && b[0] == 0x10 && b[1] == 0x01 && b[2] == 0 {
		if n := int(binary.BigEndian.Uint16(b[3:])); n <= len(b)-5 {
			b = b[5 : 5+n]
		}
	}
	var whole asn1.RawValue
	if _, err := asn1.Unmarshal(b, &whole); err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(whole.FullBytes)
	if err != nil {
		return nil, err
	}
	if c.IsCA {
		return nil, errors.New("it is an authority's")
	}
	c.UnhandledCriticalExtensions = slices.DeleteFunc(c.UnhandledCriticalExtensions, subjectAltName.Equal)
	return c, nil
}
