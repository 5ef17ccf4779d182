package seal

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/google/go-tpm/tpm2"
)

// Limits of what crosses the network, in bytes.
const (
	// MaxIdentity is the longest that Attestor.Identity returns and NewChallenge takes.
	MaxIdentity = 8 << 10
	// MaxAnswer is the longest that Attestor.Answer and Quote return and CheckQuote takes.
	MaxAnswer = 2 << 10

	maxCertificate = 4 << 10
	maxChallenge   = 2 << 10
)

// identity is who a TPM says it is.
type identity struct {
	endorsement, attestation tpm2.TPMTPublic
	certificate              []byte // DER, of the EK; nil for none
}

type identityJSON struct {
	Version     int    `json:"version"`
	Endorsement []byte `json:"endorsement"` // TPMT_PUBLIC
	Attestation []byte `json:"attestation"` // TPMT_PUBLIC
	Certificate []byte `json:"certificate,omitempty"`
}

func encodeIdentity(i identity) ([]byte, error) {
	return json.Marshal(identityJSON{1, tpm2.Marshal(i.endorsement), tpm2.Marshal(i.attestation), i.certificate})
}

// keys returns the identity without its certificate, encoded.
func (i identity) keys() ([]byte, error) {
	i.certificate = nil
	return encodeIdentity(i)
}

// decodeIdentity takes what encodeIdentity writes, of keys that are as they should be.
func decodeIdentity(b []byte) (i identity, err error) {
	bad := fmt.Errorf("%w: its identity is not understood", ErrAttestation)
	var f identityJSON
	if decodeForm(b, MaxIdentity, &f) != nil || f.Version != 1 || len(f.Certificate) > maxCertificate {
		return identity{}, bad
	}
	endorsement, err1 := decodePublic(f.Endorsement)
	attestation, err2 := decodePublic(f.Attestation)
	if err1 != nil || err2 != nil {
		return identity{}, bad
	}
	if isOf(attestation, attestationTemplate) != nil {
		return identity{}, fmt.Errorf("%w: its attestation key is not one that signs only what the TPM says", ErrAttestation)
	}
	if isOf(endorsement, tpm2.ECCEKTemplate) != nil && isOf(endorsement, tpm2.RSAEKTemplate) != nil {
		return identity{}, fmt.Errorf("%w: its endorsement key is not made as the TCG's templates say", ErrAttestation)
	}
	return identity{*endorsement, *attestation, f.Certificate}, nil
}

func decodePublic(b []byte) (*tpm2.TPMTPublic, error) {
	public, err := tpm2.Unmarshal[tpm2.TPMTPublic](b)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(tpm2.Marshal(*public), b) {
		return nil, ErrAttestation
	}
	return public, nil
}

// challenge is what TPM2_MakeCredential makes.
type challenge struct {
	Blob   []byte `json:"blob"`   // TPMS_ID_OBJECT
	Secret []byte `json:"secret"` // TPMU_ENCRYPTED_SECRET
}

func decodeChallenge(b []byte) (c challenge, err error) {
	if decodeForm(b, maxChallenge, &c) != nil || len(c.Blob) == 0 || len(c.Secret) == 0 {
		return challenge{}, fmt.Errorf("%w: the challenge is not understood", ErrAttestation)
	}
	return c, nil
}

// answer is a quote with the values that it is over.
type answer struct {
	Quoted    []byte      // TPMS_ATTEST
	Signature []byte      // TPMT_SIGNATURE
	PCRs      [2][32]byte // as attestedPCRs
}

type answerJSON struct {
	Quoted    []byte `json:"quoted"`
	Signature []byte `json:"signature"`
	PCR7      []byte `json:"pcr7"`
	PCR11     []byte `json:"pcr11"`
}

func encodeAnswer(a answer) ([]byte, error) {
	return json.Marshal(answerJSON{a.Quoted, a.Signature, a.PCRs[0][:], a.PCRs[1][:]})
}

func decodeAnswer(b []byte) (answer, error) {
	var f answerJSON
	if decodeForm(b, MaxAnswer, &f) != nil || len(f.PCR7) != 32 || len(f.PCR11) != 32 {
		return answer{}, fmt.Errorf("%w: its answer is not understood", ErrAttestation)
	}
	return answer{f.Quoted, f.Signature, [2][32]byte{[32]byte(f.PCR7), [32]byte(f.PCR11)}}, nil
}

// decodeForm reads one JSON value that is written just as encoding/json writes it.
func decodeForm(b []byte, limit int, into any) error {
	if len(b) > limit {
		return ErrAttestation
	}
	if err := json.Unmarshal(b, into); err != nil {
		return err
	}
	if again, err := json.Marshal(into); err != nil || !bytes.Equal(again, b) {
		return ErrAttestation
	}
	return nil
}
