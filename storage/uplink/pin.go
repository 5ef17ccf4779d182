package uplink

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// FingerprintOf returns the fingerprint of a certificate's key.
func FingerprintOf(c *x509.Certificate) Fingerprint { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// pinned returns the TLS settings that take only a hub whose chain holds an
// authority that trusts accepts, and calls found with that authority. now may be
// nil for the machine's clock.
func pinned(trusts func(*x509.Certificate) bool, found func(*x509.Certificate), now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: ServerName,
		Time:       now,
		// Go's own verification needs the root beforehand, which a device that joins
		// knows by its fingerprint only. VerifyConnection does all of it, also for a
		// resumed connection, and it alone ends well or the handshake fails.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := state.PeerCertificates
			if len(chain) == 0 {
				return fmt.Errorf("%w: it shows no certificate", ErrOtherHub)
			}
			for _, authority := range chain[1:] {
				if !authority.IsCA || !trusts(authority) {
					continue
				}
				roots := x509.NewCertPool()
				roots.AddCert(authority)
				o := x509.VerifyOptions{Roots: roots, DNSName: ServerName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
				if now != nil {
					o.CurrentTime = now()
				}
				if _, err := chain[0].Verify(o); err != nil {
					return fmt.Errorf("%w: its certificate is not of the authority that it shows", ErrOtherHub)
				}
				if found != nil {
					found(authority)
				}
				return nil
			}
			return fmt.Errorf("%w: its authority is not the one that was agreed on", ErrOtherHub)
		},
	}
}

// trustOnly accepts the authority whose certificate is der, byte for byte.
func trustOnly(der []byte) func(*x509.Certificate) bool {
	sum := sha256.Sum256(der)
	return func(c *x509.Certificate) bool { return sha256.Sum256(c.Raw) == sum }
}

// isOtherHub reports whether a connection failed because of the pin.
func isOtherHub(err error) bool { return errors.Is(err, ErrOtherHub) }
