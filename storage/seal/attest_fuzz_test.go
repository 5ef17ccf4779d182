package seal

import (
	"encoding/hex"
	"testing"

	"github.com/google/go-tpm/tpm2"
)

// What a stranger's device sends must not bring a hub down.

func FuzzAnIdentityIsRefusedOrUsable(f *testing.F) {
	ek := tpm2.ECCEKTemplate
	x, _ := hex.DecodeString("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
	y, _ := hex.DecodeString("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
	point := tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{X: tpm2.TPM2BECCParameter{Buffer: x}, Y: tpm2.TPM2BECCParameter{Buffer: y}})
	ak := attestationTemplate
	ek.Unique, ak.Unique = point, point
	good, err := encodeIdentity(identity{endorsement: ek, attestation: ak})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := NewChallenge(good, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1,"endorsement":"","attestation":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := NewChallenge(b, nil)
		if err == nil && (len(c.Nonce) != 32 || len(c.Public) == 0) {
			t.Error("a challenge without a nonce")
		}
		if _, err := NewChallenge(b, [][]byte{{1}}); err == nil {
			t.Error("verified by a root that is none")
		}
	})
}

func FuzzAnAnswerIsRefused(f *testing.F) {
	f.Add([]byte(`{"quoted":"","signature":"","pcr7":"","pcr11":""}`), []byte{0xff, 'T', 'C', 'G', 0x80, 0x18}, []byte{0, 0x18, 0, 0x0b, 0, 0, 0, 0})
	ak := attestationTemplate
	f.Fuzz(func(t *testing.T, b, quoted, signature []byte) {
		if a, err := decodeAnswer(b); err == nil {
			if _, err := a.check(ak, [32]byte{}); err == nil {
				t.Error("believed without a key")
			}
		}
		if _, err := (answer{Quoted: quoted, Signature: signature}).check(ak, [32]byte{}); err == nil {
			t.Error("believed without a key")
		}
		_, _ = tpm2.Unmarshal[tpm2.TPMSAttest](quoted)
		_, _ = parseEndorsement(b)
		_, _ = decodeChallenge(b)
	})
}
