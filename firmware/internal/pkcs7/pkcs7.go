// Package pkcs7 writes and reads the one form of PKCS #7 SignedData (RFC 2315) that UEFI firmware checks: one signer,
// SHA-256, RSA PKCS #1 v1.5, its certificate inside. What it writes holds no time and no random number, so equal input
// gives equal bytes.
package pkcs7

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// ErrSignature means that the signature is not what the certificate's key made of the content.
var ErrSignature = errors.New("signature does not fit")

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSHA256        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256WithRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"optional"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type signerInfo struct {
	Version         int
	Signer          issuerAndSerial
	DigestAlgorithm pkix.AlgorithmIdentifier
	Attributes      asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm       pkix.AlgorithmIdentifier
	Signature       []byte
	Unauthenticated asn1.RawValue `asn1:"optional,tag:1"`
}

type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          contentInfo
	Certificates     asn1.RawValue `asn1:"optional,tag:0"`
	Revoked          asn1.RawValue `asn1:"optional,tag:1"`
	Signers          []signerInfo  `asn1:"set"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

// Signer signs SHA-256 digests with RSA PKCS #1 v1.5.
type Signer interface {
	Certificate() *x509.Certificate
	SignDigest(digest [32]byte) ([]byte, error)
}

// Detached returns SignedData over content, which is not inside: what UEFI calls EFI_CERT_TYPE_PKCS7, without a
// ContentInfo around it.
func Detached(content []byte, s Signer) ([]byte, error) {
	signature, err := s.SignDigest(sha256.Sum256(content))
	if err != nil {
		return nil, err
	}
	return marshal(contentInfo{Type: oidData}, signerInfo{Signature: signature}, s.Certificate())
}

// Attached returns a ContentInfo of SignedData over content, a DER SEQUENCE of the given type that stands inside. As
// Authenticode wants it, the signature covers the content's type and the digest of what is in the SEQUENCE.
func Attached(contentType asn1.ObjectIdentifier, content []byte, s Signer) ([]byte, error) {
	var sequence asn1.RawValue
	if rest, err := asn1.Unmarshal(content, &sequence); err != nil || len(rest) > 0 {
		return nil, errors.New("content to sign is no DER sequence")
	}
	digest := sha256.Sum256(sequence.Bytes)
	attributes, err := marshalAttributes(contentType, digest[:])
	if err != nil {
		return nil, err
	}
	// What is signed has the tag of a SET, what is stored that of the field (RFC 2315, 9.3).
	signature, err := s.SignDigest(sha256.Sum256(set(attributes)))
	if err != nil {
		return nil, err
	}
	inner, err := marshal(
		contentInfo{Type: contentType, Content: explicit(content)},
		signerInfo{Attributes: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: attributes}, Signature: signature},
		s.Certificate())
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{Type: oidSignedData, Content: explicit(inner)})
}

func marshal(content contentInfo, info signerInfo, certificate *x509.Certificate) ([]byte, error) {
	sha := pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}
	info.Version = 1
	info.Signer = issuerAndSerial{Issuer: asn1.RawValue{FullBytes: certificate.RawIssuer}, Serial: certificate.SerialNumber}
	info.DigestAlgorithm = sha
	info.Algorithm = pkix.AlgorithmIdentifier{Algorithm: oidRSA, Parameters: asn1.NullRawValue}
	return asn1.Marshal(signedData{
		Version:          1,
		DigestAlgorithms: []pkix.AlgorithmIdentifier{sha},
		Content:          content,
		Certificates:     asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificate.Raw},
		Signers:          []signerInfo{info},
	})
}

func explicit(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: der}
}

func set(content []byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: content})
	if err != nil {
		panic(err) // a tag and a length always encode
	}
	return der
}

// marshalAttributes returns the two attributes in the order that DER gives to a set's elements.
func marshalAttributes(contentType asn1.ObjectIdentifier, digest []byte) ([]byte, error) {
	oid, err := asn1.Marshal(contentType)
	if err != nil {
		return nil, err
	}
	octets, err := asn1.Marshal(digest)
	if err != nil {
		return nil, err
	}
	a, err := asn1.Marshal(attribute{oidContentType, asn1.RawValue{FullBytes: set(oid)}})
	if err != nil {
		return nil, err
	}
	b, err := asn1.Marshal(attribute{oidMessageDigest, asn1.RawValue{FullBytes: set(octets)}})
	if err != nil {
		return nil, err
	}
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	return append(a, b...), nil
}

// Message is SignedData that was read, and not verified yet.
type Message struct {
	// ContentType and Content are what is inside; Content is DER, nil when the message is detached.
	ContentType asn1.ObjectIdentifier
	Content     []byte
	// Certificate is the signer's, as the message brings it.
	Certificate *x509.Certificate

	info signerInfo
}

// Parse reads SignedData with or without a ContentInfo around it. Bytes after it are returned: some writers pad.
func Parse(der []byte) (m *Message, rest []byte, err error) {
	var outer contentInfo
	inner := der
	if after, err := asn1.Unmarshal(der, &outer); err == nil && outer.Type.Equal(oidSignedData) {
		inner, rest = outer.Content.Bytes, after
	}
	var d signedData
	after, err := asn1.Unmarshal(inner, &d)
	if err != nil {
		return nil, nil, fmt.Errorf("no PKCS #7 signature: %w", err)
	}
	if outer.Type == nil {
		rest = after
	} else if len(after) > 0 {
		return nil, nil, errors.New("no PKCS #7 signature: bytes follow inside it")
	}
	if len(d.Signers) != 1 {
		return nil, nil, fmt.Errorf("PKCS #7 signature with %d signers instead of one", len(d.Signers))
	}
	certificates, err := x509.ParseCertificates(d.Certificates.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("certificates of a PKCS #7 signature: %w", err)
	}
	m = &Message{ContentType: d.Content.Type, Content: d.Content.Content.Bytes, info: d.Signers[0]}
	for _, c := range certificates {
		if bytes.Equal(c.RawIssuer, m.info.Signer.Issuer.FullBytes) && c.SerialNumber.Cmp(m.info.Signer.Serial) == 0 {
			m.Certificate = c
		}
	}
	if m.Certificate == nil {
		return nil, nil, errors.New("PKCS #7 signature without its signer's certificate")
	}
	return m, rest, nil
}

// Verify checks that the certificate inside signed the content: detached is what was signed for a detached message,
// nil for one with the content inside. Whether the certificate is trusted is for the caller to say. The error wraps
// ErrSignature.
func (m *Message) Verify(detached []byte) error {
	key, ok := m.Certificate.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return fmt.Errorf("%w: its key is not RSA", ErrSignature)
	case !m.info.DigestAlgorithm.Algorithm.Equal(oidSHA256):
		return fmt.Errorf("%w: its digest is not SHA-256", ErrSignature)
	case !m.info.Algorithm.Algorithm.Equal(oidRSA) && !m.info.Algorithm.Algorithm.Equal(oidSHA256WithRSA):
		return fmt.Errorf("%w: its algorithm is not RSA", ErrSignature)
	}
	content := detached
	if content == nil {
		var value asn1.RawValue
		if rest, err := asn1.Unmarshal(m.Content, &value); err != nil || len(rest) > 0 || value.Class != asn1.ClassUniversal || value.Tag != asn1.TagSequence || !value.IsCompound {
			// The tag itself is not signed, so only the one that can be meant is taken.
			return fmt.Errorf("%w: its content is no DER sequence", ErrSignature)
		}
		content = value.Bytes
	}
	digest := sha256.Sum256(content)
	if len(m.info.Attributes.FullBytes) > 0 {
		if err := m.checkAttributes(digest[:]); err != nil {
			return err
		}
		digest = sha256.Sum256(set(m.info.Attributes.Bytes))
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], m.info.Signature); err != nil {
		return ErrSignature
	}
	return nil
}

func (m *Message) checkAttributes(digest []byte) error {
	var sawType, sawDigest bool
	for rest := m.info.Attributes.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return fmt.Errorf("%w: an attribute cannot be read", ErrSignature)
		}
		switch {
		case a.Type.Equal(oidContentType):
			var t asn1.ObjectIdentifier
			if after, err := asn1.Unmarshal(a.Values.Bytes, &t); err != nil || len(after) > 0 || sawType || !t.Equal(m.ContentType) {
				return fmt.Errorf("%w: it is of another type of content", ErrSignature)
			}
			sawType = true
		case a.Type.Equal(oidMessageDigest):
			var d []byte
			if after, err := asn1.Unmarshal(a.Values.Bytes, &d); err != nil || len(after) > 0 || sawDigest || !bytes.Equal(d, digest) {
				return fmt.Errorf("%w: the content was changed", ErrSignature)
			}
			sawDigest = true
		}
	}
	if !sawType || !sawDigest {
		return fmt.Errorf("%w: an attribute is missing", ErrSignature)
	}
	return nil
}
