package uki

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"

	"tenin/firmware/internal/pkcs7"
	"tenin/firmware/keys"
)

// Identifiers of Microsoft's "Windows Authenticode Portable Executable Signature Format".
var (
	oidIndirectData = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidPEImageData  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 15}
	oidSHA256       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

// imageData is SpcPeImageData: no flags, and the file "<<<Obsolete>>>" as every signer writes it.
var imageData = append([]byte{
	0x30, 0x25, // SEQUENCE
	0x03, 0x01, 0x00, // BIT STRING without bits
	0xa0, 0x20, 0xa2, 0x1e, 0x80, 0x1c, // [0] [2] [0] string in UTF-16, big-endian
}, utf16("<<<Obsolete>>>")...)

func utf16(ascii string) (b []byte) {
	for i := range len(ascii) {
		b = append(b, 0, ascii[i])
	}
	return b
}

type indirectData struct {
	Data struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	Digest struct {
		Algorithm struct {
			Algorithm  asn1.ObjectIdentifier
			Parameters asn1.RawValue `asn1:"optional"`
		}
		Digest []byte
	}
}

const (
	certRevision = 0x0200
	certPKCS7    = 0x0002
)

// SignPE returns the image with one signature, k's; signatures that it has are taken off. Equal input gives equal bytes:
// no time is written, so firmware never asks when. Errors about the image wrap ErrDamaged.
func SignPE(image []byte, k *keys.SecureBoot) ([]byte, error) {
	p, err := parsePE(image)
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, errors.New("sign an image: the folder of keys has no db.crt")
	}
	out := bytes.Clone(image[:p.end])
	// The signature begins at a multiple of 8, and what fills up to there is signed too.
	out = append(out, make([]byte, -len(out)&7)...)
	clear(out[p.directory(dirCertificates):][:8])

	var content indirectData
	content.Data.Type = oidPEImageData
	content.Data.Value = asn1.RawValue{FullBytes: imageData}
	content.Digest.Algorithm.Algorithm = oidSHA256
	content.Digest.Algorithm.Parameters = asn1.NullRawValue
	digest := authenticode(out, p)
	content.Digest.Digest = digest[:]
	der, err := asn1.Marshal(content)
	if err != nil {
		return nil, err
	}
	signature, err := pkcs7.Attached(oidIndirectData, der, k)
	if err != nil {
		return nil, err
	}

	le := binary.LittleEndian
	length := 8 + len(signature)
	padded := (length + 7) &^ 7
	entry := make([]byte, 8, padded)
	le.PutUint32(entry, uint32(padded))
	le.PutUint16(entry[4:], certRevision)
	le.PutUint16(entry[6:], certPKCS7)
	entry = append(append(entry, signature...), make([]byte, padded-length)...)
	le.PutUint32(out[p.directory(dirCertificates):], uint32(len(out)))
	le.PutUint32(out[p.directory(dirCertificates)+4:], uint32(len(entry)))
	out = append(out, entry...)
	setChecksum(out, p)
	return out, nil
}

// authenticode hashes all of an image but its checksum, the place of its signature and the signature.
func authenticode(b []byte, p *pe) (sum [32]byte) {
	end := min(p.end, len(b))
	if p.certAt == 0 {
		end = len(b)
	}
	h := sha256.New()
	checksum, directory := p.optional+optChecksum, p.directory(dirCertificates)
	h.Write(b[:checksum])
	h.Write(b[checksum+4 : directory])
	h.Write(b[directory+8 : end])
	h.Sum(sum[:0])
	return sum
}

// VerifyPE checks that the image was signed by one of certs, or by a certificate that one of certs signed, and not
// changed since. That a certificate expired is no error, as it is none for Secure Boot. Errors wrap ErrDamaged,
// ErrNotSigned, ErrOtherSigner with the signer's name, or ErrAltered.
func VerifyPE(image []byte, certs ...*x509.Certificate) error {
	p, err := parsePE(image)
	if err != nil {
		return err
	}
	messages, err := p.messages()
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		return ErrNotSigned
	}
	digest := authenticode(image, p)
	var other error
	for _, m := range messages {
		if !trusted(m.Certificate, certs) {
			sum := sha256.Sum256(m.Certificate.Raw)
			other = errors.Join(other, describe(ErrOtherSigner, m.Certificate.Subject.String()+", SHA-256 "+hex.EncodeToString(sum[:8])+"…"))
			continue
		}
		return verify(m, digest)
	}
	return other
}

// verify checks one signature of a trusted signer.
func verify(m *pkcs7.Message, digest [32]byte) error {
	if !m.ContentType.Equal(oidIndirectData) {
		return damaged("its signature is not one of a program")
	}
	var content indirectData
	if rest, err := asn1.Unmarshal(m.Content, &content); err != nil || len(rest) > 0 {
		return damaged("its signature does not say what was signed")
	}
	if !content.Digest.Algorithm.Algorithm.Equal(oidSHA256) {
		return damaged("its signature is over another digest than SHA-256")
	}
	// First whether the signature stands, then whether it is this image's: so the words are about the right one.
	if err := m.Verify(nil); err != nil {
		return describe(ErrAltered, "the signature itself: "+err.Error())
	}
	if !bytes.Equal(content.Digest.Digest, digest[:]) {
		return describe(ErrAltered, "signed was "+hex.EncodeToString(content.Digest.Digest)+", this is "+hex.EncodeToString(digest[:]))
	}
	return nil
}

func trusted(signer *x509.Certificate, certs []*x509.Certificate) bool {
	for _, c := range certs {
		if signer.Equal(c) || c.IsCA && signer.CheckSignatureFrom(c) == nil {
			return true
		}
	}
	return false
}

// messages reads the certificate table.
func (p *pe) messages() (all []*pkcs7.Message, err error) {
	le := binary.LittleEndian
	for b := p.certificates; len(b) > 0; {
		if len(b) < 8 {
			return nil, damaged("its signature is cut")
		}
		length := int64(le.Uint32(b))
		if length < 8 || length > int64(len(b)) {
			return nil, damaged("its signature says that it is %d bytes long", length)
		}
		if le.Uint16(b[6:]) == certPKCS7 {
			m, rest, err := pkcs7.Parse(b[8:length])
			if err != nil {
				return nil, damaged("%v", err)
			}
			if len(bytes.Trim(rest, "\x00")) > 0 || len(rest) >= 8 {
				return nil, damaged("bytes follow its signature")
			}
			all = append(all, m)
		}
		b = b[min(int((length+7)&^7), len(b)):]
	}
	return all, nil
}

// Signers returns the subjects of the certificates whose signatures the image carries, verified or not.
func Signers(image []byte) (names []string, err error) {
	p, err := parsePE(image)
	if err != nil {
		return nil, err
	}
	messages, err := p.messages()
	for _, m := range messages {
		names = append(names, m.Certificate.Subject.String())
	}
	return names, err
}
