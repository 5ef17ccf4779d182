package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
)

// attestationTemplate is the AK: ECDSA on P-256, restricted to what the TPM itself
// made. Its point of departure sets it apart from other primary keys of that kind.
var attestationTemplate = func() tpm2.TPMTPublic {
	apart := sha256.Sum256([]byte("tenin attestation key 1"))
	return tpm2.TPMTPublic{
		Type:    tpm2.TPMAlgECC,
		NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true, NoDA: true,
			Restricted: true, SignEncrypt: true,
		},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Symmetric: tpm2.TPMTSymDefObject{Algorithm: tpm2.TPMAlgNull},
			Scheme: tpm2.TPMTECCScheme{
				Scheme:  tpm2.TPMAlgECDSA,
				Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256}),
			},
			CurveID: tpm2.TPMECCNistP256,
			KDF:     tpm2.TPMTKDFScheme{Scheme: tpm2.TPMAlgNull},
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{
			X: tpm2.TPM2BECCParameter{Buffer: apart[:]}, Y: tpm2.TPM2BECCParameter{Buffer: make([]byte, 32)},
		}),
	}
}()

// The EKs that makers certify, with the index that holds the certificate (TCG EK
// Credential Profile 2.5, 2.2.1.4 and B.3.3, B.3.4). The first whose certificate is
// there is taken; the last where there is none.
var endorsements = []struct {
	certificate tpm2.TPMHandle
	template    tpm2.TPMTPublic
}{
	{0x01C00002, tpm2.RSAEKTemplate},
	{0x01C0000A, tpm2.ECCEKTemplate},
}

// endorsement makes the EK and returns its certificate, nil where there is none.
func (d *device) endorsement() (*primaryKey, []byte, error) {
	for _, e := range endorsements {
		certificate, err := d.readIndex(e.certificate)
		if err != nil {
			return nil, nil, err
		}
		if certificate == nil {
			continue
		}
		ek, err := d.endorsed(e.template, "endorsement key")
		if err != nil {
			return nil, nil, err
		}
		// An EK that the maker made by a template of its own has a certificate that is
		// of no use here.
		if parsed, err := parseEndorsement(certificate); err == nil && isKeyOf(parsed, &ek.public) {
			return ek, parsed.Raw, nil
		}
		ek.flush()
	}
	ek, err := d.endorsed(endorsements[len(endorsements)-1].template, "endorsement key")
	return ek, nil, err
}

// readIndex returns the content of an index that everybody may read, nil where there
// is none.
func (d *device) readIndex(handle tpm2.TPMHandle) ([]byte, error) {
	known, err := tpm2.NVReadPublic{NVIndex: handle}.Execute(d)
	if errors.Is(err, tpm2.TPMRCHandle) {
		return nil, nil
	} else if err != nil {
		return nil, d.explain("look for its certificate", err)
	}
	public, err := known.NVPublic.Contents()
	if err != nil || public.DataSize > maxCertificate {
		return nil, nil
	}
	var b []byte
	for len(b) < int(public.DataSize) {
		read, err := tpm2.NVRead{
			AuthHandle: tpm2.AuthHandle{Handle: handle, Name: known.NVName, Auth: tpm2.PasswordAuth(nil)},
			NVIndex:    tpm2.NamedHandle{Handle: handle, Name: known.NVName},
			Size:       min(512, public.DataSize-uint16(len(b))), Offset: uint16(len(b)),
		}.Execute(d)
		if err != nil && d.lost == nil && isRC(err) {
			return nil, nil // it asks for an authorisation that nobody has told us
		} else if err != nil {
			return nil, d.explain("read its certificate", err)
		}
		if len(read.Data.Buffer) == 0 {
			return nil, nil
		}
		b = append(b, read.Data.Buffer...)
	}
	return b, nil
}

// isOf reports whether public is the template but for its key.
func isOf(public *tpm2.TPMTPublic, template tpm2.TPMTPublic) error {
	other := errors.New("it is not the key that was asked for")
	if public.Type != template.Type {
		return other
	}
	switch public.Type {
	case tpm2.TPMAlgECC:
		point, err := public.Unique.ECC()
		if err != nil || len(point.X.Buffer) != 32 || len(point.Y.Buffer) != 32 {
			return other
		}
		detail, err := public.Parameters.ECCDetail()
		if err != nil || detail.CurveID != tpm2.TPMECCNistP256 {
			return other
		}
		if _, err := tpm2.ECDHPub(detail, point); err != nil {
			return other
		}
	case tpm2.TPMAlgRSA:
		n, err := public.Unique.RSA()
		if err != nil || len(n.Buffer) != 256 || n.Buffer[0]&0x80 == 0 || n.Buffer[255]&1 == 0 {
			return other
		}
	default:
		return other
	}
	plain := *public
	plain.Unique = template.Unique
	if !bytes.Equal(tpm2.Marshal(plain), tpm2.Marshal(template)) {
		return other
	}
	return nil
}

// fingerprintOf returns SHA-256 over a key's SubjectPublicKeyInfo (RFC 5280).
func fingerprintOf(public *tpm2.TPMTPublic) (sum [32]byte, err error) {
	key, err := tpm2.Pub(*public)
	if err != nil {
		return sum, err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(der), nil
}

// isKeyOf reports whether a certificate is for this key.
func isKeyOf(c *x509.Certificate, public *tpm2.TPMTPublic) bool {
	der, err := x509.MarshalPKIXPublicKey(c.PublicKey)
	if err != nil {
		return false
	}
	sum, err := fingerprintOf(public)
	return err == nil && sha256.Sum256(der) == sum
}

// attestedSelection selects the PCRs of a quote.
func attestedSelection() tpm2.TPMLPCRSelection {
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{
		Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(attestedPCRs...),
	}}}
}

// qualifying is what a quote carries: it is of this challenge, and for this key.
func qualifying(nonce []byte, key string) [32]byte {
	return sha256.Sum256(append(append([]byte("tenin attestation 1\x00"), nonce...), key...))
}

func checkNonce(nonce []byte) error {
	if len(nonce) < 16 || len(nonce) > 64 {
		return fmt.Errorf("%w: a nonce has 16 to 64 bytes, this one has %d", ErrAttestation, len(nonce))
	}
	return nil
}
