package uki

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"tenin/firmware/keys"
)

// pcrSignature is one entry of the file that systemd-measure(1) writes and systemd-cryptsetup and storage/seal read.
type pcrSignature struct {
	PCRs        []int  `json:"pcrs"`
	Fingerprint string `json:"pkfp"` // SHA-256 of the key's PKCS #1 DER
	Policy      string `json:"pol"`  // the policy's digest after PolicyPCR
	Signature   []byte `json:"sig"`  // RSA PKCS #1 v1.5 with SHA-256 over that digest
}

// SignPCR signs the states of PCR 11 in which a TPM shall open what is bound to the key: after the image of these parts
// was started and the words of one of phases were measured, joined by colons. "" is the state that the image itself
// makes, and what is signed without phases. The result is the section .pcrsig, JSON.
func SignPCR(p Parts, key *rsa.PrivateKey, phases ...string) ([]byte, error) {
	p.PCRSignature = nil
	image, err := Assemble(p)
	if err != nil {
		return nil, err
	}
	return signPCR(image, p.PCRPublicKey, key, phases)
}

// signPCR is SignPCR for an image that holds public.
func signPCR(image, public []byte, key *rsa.PrivateKey, phases []string) ([]byte, error) {
	named, err := keys.ParsePCRPublic(public)
	if err != nil {
		return nil, err
	}
	// The running system takes the key from the image: with another one it would bind to signatures that never come.
	if !named.Equal(key.Public()) {
		return nil, errors.New("sign PCR 11: the public key in the image is another one's: use the pair pcr.key and pcr.pub")
	}
	start, err := MeasureImage(image)
	if err != nil {
		return nil, err
	}
	if len(phases) == 0 {
		phases = []string{""}
	}
	fingerprint := sha256.Sum256(x509.MarshalPKCS1PublicKey(named))
	var entries []pcrSignature
	for _, phase := range phases {
		pcr := start
		if phase != "" {
			for word := range strings.SplitSeq(phase, ":") {
				pcr = Phase(pcr, word)
			}
		}
		policy := PolicyPCR11(pcr)
		digest := sha256.Sum256(policy[:])
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		if err != nil {
			return nil, err
		}
		entries = append(entries, pcrSignature{[]int{11}, hex.EncodeToString(fingerprint[:]), hex.EncodeToString(policy[:]), signature})
	}
	return json.Marshal(map[string][]pcrSignature{"sha256": entries})
}

// PolicyPCR11 returns the digest of a policy that asks for one value of PCR 11 and nothing else (TPM 2.0 Library, Part
// 3, 23.7).
func PolicyPCR11(pcr11 [32]byte) [32]byte {
	const (
		commandPolicyPCR = 0x17f
		algorithmSHA256  = 0x000b
	)
	b := make([]byte, 32) // a new policy
	b = binary.BigEndian.AppendUint32(b, commandPolicyPCR)
	b = binary.BigEndian.AppendUint32(b, 1) // one bank
	b = binary.BigEndian.AppendUint16(b, algorithmSHA256)
	b = append(b, 3, 0, 1<<(11-8), 0) // PCRs 0-23
	values := sha256.Sum256(pcr11[:])
	return sha256.Sum256(append(b, values[:]...))
}

// VerifyPCR checks that an image brings a signature of public, PEM, over the state that it makes itself. Errors wrap
// ErrDamaged, ErrNotSigned, ErrOtherSigner or ErrAltered.
func VerifyPCR(image, public []byte) error {
	key, err := keys.ParsePCRPublic(public)
	if err != nil {
		return err
	}
	info, err := Read(image)
	if err != nil {
		return err
	}
	if len(info.PCRSignature) == 0 {
		return describe(ErrNotSigned, "the image has no section .pcrsig")
	}
	var banks map[string][]pcrSignature
	if err := json.Unmarshal(info.PCRSignature, &banks); err != nil {
		return damaged("its section .pcrsig cannot be read: %v", err)
	}
	pcr, err := MeasureImage(image)
	if err != nil {
		return err
	}
	policy, sum := PolicyPCR11(pcr), sha256.Sum256(x509.MarshalPKCS1PublicKey(key))
	fingerprint, wanted := hex.EncodeToString(sum[:]), hex.EncodeToString(policy[:])
	digest := sha256.Sum256(policy[:])
	others, stale := 0, 0
	for _, entry := range banks["sha256"] {
		switch {
		case len(entry.PCRs) != 1 || entry.PCRs[0] != 11:
		case !strings.EqualFold(entry.Fingerprint, fingerprint):
			others++
		case !strings.EqualFold(entry.Policy, wanted):
			stale++
		case rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], entry.Signature) == nil:
			return nil
		default:
			return describe(ErrAltered, "the signature of PCR 11 does not fit its key")
		}
	}
	switch {
	case stale > 0:
		return describe(ErrAltered, "the PCR 11 that is signed is not what this image measures: "+hex.EncodeToString(pcr[:]))
	case others > 0:
		return describe(ErrOtherSigner, "no signature of PCR 11 is of the key "+fingerprint[:16]+"…")
	}
	return describe(ErrNotSigned, "its section .pcrsig holds none for SHA-256")
}
