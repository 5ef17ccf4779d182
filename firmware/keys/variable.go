package keys

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"time"
	"unicode/utf16"

	"tenin/firmware/internal/pkcs7"
)

// Identifiers of the UEFI specification 2.10: 32.4.1 (lists of certificates), 8.2 (signed variables), 32.3 (where the
// keys of Secure Boot are), in the order of bytes that it stores.
var (
	certX509      = mustGUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
	certPKCS7     = mustGUID("4aafd29d-68df-49ee-8aa9-347d375665a7")
	globalVar     = mustGUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
	imageSecurity = mustGUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
)

// What a variable of Secure Boot is: kept, seen by boot and run time, changed only with a later, signed time.
const variableAttributes = 0x27

func mustGUID(text string) GUID {
	g, err := ParseGUID(text)
	if err != nil {
		panic(err)
	}
	return g
}

// signatureList returns certificates as an EFI_SIGNATURE_LIST each, since they differ in length.
func signatureList(owner GUID, certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(certX509[:])
		one := uint32(len(owner) + len(c.Raw))
		binary.Write(&b, binary.LittleEndian, [3]uint32{16 + 3*4 + one, 0, one})
		b.Write(owner[:])
		b.Write(c.Raw)
	}
	return b.Bytes()
}

// signedVariable returns what is written to set the variable: EFI_VARIABLE_AUTHENTICATION_2 and the list.
func signedVariable(name string, list []byte, when time.Time, by pkcs7.Signer) ([]byte, error) {
	vendor := globalVar
	if name == NameDB {
		vendor = imageSecurity
	}
	stamp := efiTime(when)

	var signed bytes.Buffer
	binary.Write(&signed, binary.LittleEndian, utf16.Encode([]rune(name)))
	signed.Write(vendor[:])
	binary.Write(&signed, binary.LittleEndian, uint32(variableAttributes))
	signed.Write(stamp[:])
	signed.Write(list)
	signature, err := pkcs7.Detached(signed.Bytes(), by)
	if err != nil {
		return nil, err
	}

	var b bytes.Buffer
	b.Write(stamp[:])
	binary.Write(&b, binary.LittleEndian, uint32(8+16+len(signature))) // WIN_CERTIFICATE_UEFI_GUID
	binary.Write(&b, binary.LittleEndian, [2]uint16{0x0200, 0x0ef1})
	b.Write(certPKCS7[:])
	b.Write(signature)
	b.Write(list)
	return b.Bytes(), nil
}

// efiTime is an EFI_TIME in UTC, of which only the date and the time may be set here.
func efiTime(t time.Time) (b [16]byte) {
	t = t.UTC()
	binary.LittleEndian.PutUint16(b[:], uint16(t.Year()))
	b[2], b[3], b[4], b[5], b[6] = byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second())
	return b
}
