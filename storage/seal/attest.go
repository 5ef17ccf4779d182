package seal

import (
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

// Attestor proves with a machine's TPM 2.0 which machine it is and how it was
// started. It uses two primary keys of the endorsement hierarchy: the endorsement
// key (EK), which the maker may have certified and which only decrypts, and an
// attestation key (AK), which only signs what the TPM itself says. Both are made
// anew for each call from the endorsement seed, so nothing is stored, and they
// outlive a clear of the TPM. The other side is [NewChallenge] and [CheckQuote].
type Attestor struct{ path string }

// NewAttestor returns the one of the TPM at path (empty: DefaultTPM). It touches
// nothing yet.
func NewAttestor(path string) *Attestor {
	if path == "" {
		path = DefaultTPM
	}
	return &Attestor{path}
}

// attestedPCRs are what a quote is over: the state and keys of Secure Boot, and the
// image that was started.
var attestedPCRs = []uint{7, 11}

// Identity returns the public halves of both keys and the EK's certificates that the
// TPM holds, encoded, for NewChallenge. Errors wrap ErrNoTPM where there is none.
func (a *Attestor) Identity() (b []byte, err error) {
	d, err := openDevice(a.path)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	ek, certificate, err := d.endorsement()
	if err != nil {
		return nil, err
	}
	defer ek.flush()
	ak, err := d.endorsed(attestationTemplate, "attestation key")
	if err != nil {
		return nil, err
	}
	defer ak.flush()
	return encodeIdentity(identity{ek.public, ak.public, certificate})
}

// Answer opens the challenge that NewChallenge made for this TPM and returns a quote
// over what was in it and over key, the public key that is to be bound to this TPM.
// The error wraps ErrAttestation when the challenge is for another TPM.
func (a *Attestor) Answer(challenge []byte, key string) ([]byte, error) {
	c, err := decodeChallenge(challenge)
	if err != nil {
		return nil, err
	}
	return a.quote(key, func(d *device, ak *primaryKey) ([]byte, error) { return d.activate(ak, c) })
}

// Quote returns a fresh quote over nonce, of 16 to 64 bytes, and key, for CheckQuote.
func (a *Attestor) Quote(nonce []byte, key string) ([]byte, error) {
	if err := checkNonce(nonce); err != nil {
		return nil, err
	}
	return a.quote(key, func(*device, *primaryKey) ([]byte, error) { return nonce, nil })
}

// quote returns a quote over key and the nonce that the TPM's attestation key gives.
func (a *Attestor) quote(key string, nonce func(*device, *primaryKey) ([]byte, error)) ([]byte, error) {
	d, err := openDevice(a.path)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	ak, err := d.endorsed(attestationTemplate, "attestation key")
	if err != nil {
		return nil, err
	}
	defer ak.flush()
	over, err := nonce(d, ak)
	if err != nil {
		return nil, err
	}
	return d.quote(ak, over, key)
}

// endorsed makes the primary key of the endorsement hierarchy with this template.
func (d *device) endorsed(template tpm2.TPMTPublic, what string) (*primaryKey, error) {
	made, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)},
		InPublic:      tpm2.New2B(template),
	}.Execute(d)
	if errors.Is(err, tpm2.TPMRCBadAuth) || errors.Is(err, tpm2.TPMRCAuthFail) {
		return nil, fmt.Errorf("TPM %s: %w: its endorsement hierarchy has a password; take it away (`tpm2_changeauth -c endorsement -p OLD`)", d.path, ErrNoTPM)
	} else if err != nil {
		return nil, d.explain("make the "+what, err)
	}
	public, err := made.OutPublic.Contents()
	if err == nil {
		err = isOf(public, template)
	}
	var name *tpm2.TPM2BName
	if err == nil {
		name, err = tpm2.ObjectName(public)
	}
	if err != nil || len(name.Buffer) != nameSize {
		d.flush(made.ObjectHandle)
		return nil, d.explain("make the "+what, errors.Join(err, errors.New("it is not the key that was asked for")))
	}
	return &primaryKey{d, made.ObjectHandle, *public, tpmName(name.Buffer)}, nil
}

// activate has the TPM decrypt a challenge with its EK, which it does only while the
// key that the challenge names is loaded in it (TPM 2.0 Library, Part 1, 24).
func (d *device) activate(ak *primaryKey, c challenge) ([]byte, error) {
	ek, _, err := d.endorsement()
	if err != nil {
		return nil, err
	}
	defer ek.flush()
	session := tpm2.Policy(tpm2.TPMAlgSHA256, nonceSize, func(t transport.TPM, session tpm2.TPMISHPolicy, nonce tpm2.TPM2BNonce) error {
		_, err := tpm2.PolicySecret{
			AuthHandle:    tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)},
			PolicySession: session, NonceTPM: nonce,
		}.Execute(t)
		return err
	}, ek.salted(), tpm2.AESEncryption(128, tpm2.EncryptOut))
	opened, err := tpm2.ActivateCredential{
		ActivateHandle: tpm2.AuthHandle{Handle: ak.handle, Name: tpm2.TPM2BName{Buffer: ak.name[:]}, Auth: tpm2.PasswordAuth(nil)},
		KeyHandle:      tpm2.AuthHandle{Handle: ek.handle, Name: tpm2.TPM2BName{Buffer: ek.name[:]}, Auth: session},
		CredentialBlob: tpm2.TPM2BIDObject{Buffer: c.Blob},
		Secret:         tpm2.TPM2BEncryptedSecret{Buffer: c.Secret},
	}.Execute(d)
	switch {
	case err == nil:
	case d.lost == nil && isRC(err):
		return nil, fmt.Errorf("TPM %s: %w: the challenge is for another TPM or another key: %w", d.path, ErrAttestation, err)
	default:
		return nil, d.explain("open the challenge", err)
	}
	if err := checkNonce(opened.CertInfo.Buffer); err != nil {
		return nil, err
	}
	return opened.CertInfo.Buffer, nil
}

// quote signs the PCRs together with what nonce and key come to.
func (d *device) quote(ak *primaryKey, nonce []byte, key string) ([]byte, error) {
	// A PCR may be extended between the reading and the quote; then both are done again.
	for range 3 {
		var a answer
		for i, n := range attestedPCRs {
			read, err := tpm2.PCRRead{PCRSelectionIn: pcrSelection(n)}.Execute(d)
			if err != nil {
				return nil, d.explain("read a PCR", err)
			}
			if len(read.PCRValues.Digests) != 1 || len(read.PCRValues.Digests[0].Buffer) != 32 {
				return nil, fmt.Errorf("TPM %s: %w: it has no SHA-256 bank of PCRs; switch it on in the firmware's settings", d.path, ErrNoTPM)
			}
			a.PCRs[i] = [32]byte(read.PCRValues.Digests[0].Buffer)
		}
		extra := qualifying(nonce, key)
		quoted, err := tpm2.Quote{
			SignHandle:     tpm2.AuthHandle{Handle: ak.handle, Name: tpm2.TPM2BName{Buffer: ak.name[:]}, Auth: tpm2.PasswordAuth(nil)},
			QualifyingData: tpm2.TPM2BData{Buffer: extra[:]},
			InScheme:       tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
			PCRSelect:      attestedSelection(),
		}.Execute(d)
		if err != nil {
			return nil, d.explain("quote its PCRs", err)
		}
		a.Quoted, a.Signature = quoted.Quoted.Bytes(), tpm2.Marshal(quoted.Signature)
		if _, err = a.check(ak.public, extra); errors.Is(err, errOtherPCRs) {
			continue
		} else if err != nil {
			return nil, d.explain("quote its PCRs", err)
		}
		return encodeAnswer(a)
	}
	return nil, fmt.Errorf("TPM %s: its PCRs change while they are quoted; try again when the machine has started", d.path)
}
