package hub

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
	"time"

	"tenin/storage/uplink"
)

// A hub's certificates are always valid: the devices trust a key and not a date, a
// kiosk whose clock's battery is empty says 1970, and there is nobody else to renew
// them. The end is RFC 5280's "no well-defined expiration date" (4.1.2.5).
var (
	validFrom  = time.Unix(0, 0).UTC()
	validUntil = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// authority is the hub's own certificate authority and its server certificate.
type authority struct {
	fingerprint uplink.Fingerprint
	tls         *tls.Config
}

// openAuthority reads the certificates of dir and makes those that were never made.
// It does not make a new authority beside a registry of devices: they would refuse
// it.
func openAuthority(dir string, fresh bool) (*authority, error) {
	ca, caKey, err := readPair(dir, authorityFile, authorityKey)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		ca, caKey, err = makePair(dir, authorityFile, authorityKey, nil, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("hub's authority: %w", err)
	}
	server, key, err := readPair(dir, serverFile, serverKey)
	if errors.Is(err, fs.ErrNotExist) {
		server, key, err = makePair(dir, serverFile, serverKey, ca, caKey)
	}
	if err != nil {
		return nil, fmt.Errorf("hub's certificate: %w", err)
	}
	if err := server.CheckSignatureFrom(ca); err != nil {
		return nil, fmt.Errorf("hub's certificate %s: %w: it is not of the authority %s", serverFile, ErrDamaged, authorityFile)
	}
	return &authority{
		fingerprint: uplink.FingerprintOf(ca),
		tls: &tls.Config{
			MinVersion: tls.VersionTLS13,
			// The authority goes along: a device that joins knows only its fingerprint.
			Certificates: []tls.Certificate{{Certificate: [][]byte{server.Raw, ca.Raw}, PrivateKey: key, Leaf: server}},
		},
	}, nil
}

// makePair makes a key and its certificate, signed by the authority, or by itself
// where there is none, and writes both. The key goes first: a certificate is there
// only with its key.
func makePair(dir, certName, keyName string, ca *x509.Certificate, caKey ed25519.PrivateKey) (*x509.Certificate, ed25519.PrivateKey, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	form := &x509.Certificate{
		SerialNumber: serial, NotBefore: validFrom, NotAfter: validUntil, BasicConstraintsValid: true,
	}
	if ca == nil {
		form.Subject = pkix.Name{CommonName: "tenin hub authority"}
		form.IsCA, form.MaxPathLenZero = true, true
		form.KeyUsage = x509.KeyUsageCertSign
		ca, caKey = form, private
	} else {
		form.Subject = pkix.Name{CommonName: "tenin hub"}
		form.DNSNames = []string{uplink.ServerName}
		form.KeyUsage = x509.KeyUsageDigitalSignature
		form.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, ca, public, caKey)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	defer clear(pkcs8)
	if err := uplink.ReplaceFile(filepath.Join(dir, keyName), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})); err != nil {
		return nil, nil, err
	}
	if err := uplink.ReplaceFile(filepath.Join(dir, certName), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, private, err
}

// readPair reads a certificate and its key; the error wraps fs.ErrNotExist only
// where there is no certificate.
func readPair(dir, certName, keyName string) (*x509.Certificate, ed25519.PrivateKey, error) {
	damaged := func(name string) error {
		return fmt.Errorf("%s: %w: restore the folder from a backup", filepath.Join(dir, name), ErrDamaged)
	}
	text, err := readPrivate(filepath.Join(dir, certName))
	if err != nil {
		return nil, nil, err
	}
	keyText, err := readPrivate(filepath.Join(dir, keyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, damaged(keyName)
	} else if err != nil {
		return nil, nil, err
	}
	defer clear(keyText)
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, damaged(certName)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, damaged(certName)
	}
	if block, _ = pem.Decode(keyText); block == nil {
		return nil, nil, damaged(keyName)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, nil, damaged(keyName)
	}
	if public, ok := cert.PublicKey.(ed25519.PublicKey); !ok || !public.Equal(private.Public()) {
		return nil, nil, damaged(keyName)
	}
	return cert, private, nil
}
