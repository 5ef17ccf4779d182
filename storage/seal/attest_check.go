package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/google/go-tpm/tpm2"
)

// ErrAttestation means that what a TPM is said to have said is not believed.
var ErrAttestation = errors.New("the TPM is not believed")

var errOtherPCRs = fmt.Errorf("%w: the values of its PCRs are not those that were quoted", ErrAttestation)

// Challenge is what only one TPM can answer.
type Challenge struct {
	Public      []byte   // for Attestor.Answer
	Nonce       []byte   // for CheckQuote; to be told nobody
	Keys        []byte   // the identity without its certificate, for CheckQuote
	Endorsement [32]byte // SHA-256 over the EK's SubjectPublicKeyInfo
	Verified    bool     // a certificate of the EK leads to one of the roots
	Name        []byte   // the AK's name (TPM 2.0 Library, Part 1, 16)
}

// NewChallenge makes a challenge for the TPM that has both keys of an identity
// (TPM2_MakeCredential, done in software): a nonce that can be read only where the AK
// is loaded beside the EK. roots are DER certificates of makers, roots and
// intermediates in any order; with none, the EK's certificate is not looked at.
// The error wraps ErrAttestation.
func NewChallenge(identity []byte, roots [][]byte) (Challenge, error) {
	i, err := decodeIdentity(identity)
	if err != nil {
		return Challenge{}, err
	}
	var c Challenge
	if len(roots) > 0 {
		if err := checkEndorsement(i, roots); err != nil {
			return Challenge{}, err
		}
		c.Verified = true
	}
	if c.Endorsement, err = fingerprintOf(&i.endorsement); err != nil {
		return Challenge{}, fmt.Errorf("%w: %w", ErrAttestation, err)
	}
	name, err := tpm2.ObjectName(&i.attestation)
	if err != nil {
		return Challenge{}, fmt.Errorf("%w: %w", ErrAttestation, err)
	}
	c.Name = name.Buffer
	if c.Keys, err = i.keys(); err != nil {
		return Challenge{}, err
	}
	key, err := tpm2.ImportEncapsulationKey(&i.endorsement)
	if err != nil {
		return Challenge{}, fmt.Errorf("%w: %w", ErrAttestation, err)
	}
	c.Nonce = make([]byte, 32)
	_, _ = rand.Read(c.Nonce)
	blob, secret, err := tpm2.CreateCredential(rand.Reader, key, c.Name, c.Nonce)
	if err != nil {
		return Challenge{}, fmt.Errorf("%w: its endorsement key cannot be encrypted to: %w", ErrAttestation, err)
	}
	c.Public, err = json.Marshal(challenge{blob, secret})
	return c, err
}

// Measured is how a machine was started, by its TPM's SHA-256 bank.
type Measured struct {
	PCR7, PCR11 [32]byte
}

// CheckQuote returns the PCRs that the AK of an identity, or of a challenge's Keys,
// quoted for this nonce and key. Whoever quoted over a challenge's nonce also has the
// EK. The error wraps ErrAttestation.
func CheckQuote(identity, nonce, quote []byte, key string) (Measured, error) {
	if err := checkNonce(nonce); err != nil {
		return Measured{}, err
	}
	i, err := decodeIdentity(identity)
	if err != nil {
		return Measured{}, err
	}
	a, err := decodeAnswer(quote)
	if err != nil {
		return Measured{}, err
	}
	return a.check(i.attestation, qualifying(nonce, key))
}

// check verifies an answer's signature and what was signed.
func (a answer) check(ak tpm2.TPMTPublic, extra [32]byte) (Measured, error) {
	bad := func(what string) (Measured, error) { return Measured{}, fmt.Errorf("%w: %s", ErrAttestation, what) }
	key, err := tpm2.Pub(ak)
	public, ok := key.(*ecdsa.PublicKey)
	if err != nil || !ok {
		return bad("its attestation key is none")
	}
	signature, err := tpm2.Unmarshal[tpm2.TPMTSignature](a.Signature)
	if err != nil || signature.SigAlg != tpm2.TPMAlgECDSA || !bytes.Equal(tpm2.Marshal(*signature), a.Signature) {
		return bad("its quote carries no signature")
	}
	pair, err := signature.Signature.ECDSA()
	if err != nil || pair.Hash != tpm2.TPMAlgSHA256 {
		return bad("its quote carries no signature")
	}
	sum := sha256.Sum256(a.Quoted)
	if !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(pair.SignatureR.Buffer), new(big.Int).SetBytes(pair.SignatureS.Buffer)) {
		return bad("its quote is not signed by its attestation key")
	}
	quoted, err := tpm2.Unmarshal[tpm2.TPMSAttest](a.Quoted)
	if err != nil || quoted.Magic != tpm2.TPMGeneratedValue || quoted.Type != tpm2.TPMSTAttestQuote {
		return bad("what it signed is no quote")
	}
	if !bytes.Equal(quoted.ExtraData.Buffer, extra[:]) {
		return bad("its quote is of another challenge or for another key")
	}
	info, err := quoted.Attested.Quote()
	if err != nil || !bytes.Equal(tpm2.Marshal(info.PCRSelect), tpm2.Marshal(attestedSelection())) {
		return bad("its quote is of other PCRs")
	}
	digest := sha256.New()
	for _, v := range a.PCRs {
		digest.Write(v[:])
	}
	if !bytes.Equal(info.PCRDigest.Buffer, digest.Sum(nil)) {
		return Measured{}, errOtherPCRs
	}
	return Measured{a.PCRs[0], a.PCRs[1]}, nil
}
