package seal

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/go-tpm/tpm2"
)

// pcrSelection selects one PCR of the SHA-256 bank.
func pcrSelection(n uint) tpm2.TPMLPCRSelection {
	return tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{{
		Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(n),
	}}}
}

// newBinding returns what the next blob is bound to: the same as the one that was
// opened, else what the options say and what PCR 7 holds.
func (t *TPM) newBinding(primary *primaryKey) (*tpmBinding, error) {
	if t.bound != nil {
		if t.bound.primary != primary.name {
			return nil, fmt.Errorf("TPM %s: %w: it is not the one that opened this vault; start again", t.options.Device, ErrWrongKey)
		}
		return t.bound, nil
	}
	b := &tpmBinding{primary: primary.name, pin: t.options.RequirePIN}
	var err error
	if t.options.PublicKey != "" {
		if b.signer, err = readSigner(t.options.PublicKey); err != nil {
			return nil, err
		}
	}
	value, err := primary.readPCR(7)
	if err != nil {
		return nil, err
	}
	b.pcr7 = sha256.Sum256(value)
	return b, nil
}

// digest returns the policy (TPM 2.0 Library, Part 1, 19.7): first the signed
// PCR 11, for PolicyAuthorize forgets what came before it, then PCR 7, then the PIN.
func (b *tpmBinding) digest() ([]byte, error) {
	calculator, err := tpm2.NewPolicyCalculator(tpm2.TPMAlgSHA256)
	if err != nil {
		return nil, err
	}
	if b.signer != nil {
		name, err := tpm2.ObjectName(signerPublic(b.signer))
		if err != nil {
			return nil, err
		}
		if err := (tpm2.PolicyAuthorize{KeySign: *name}).Update(calculator); err != nil {
			return nil, err
		}
	}
	if err := (tpm2.PolicyPCR{Pcrs: pcrSelection(7), PcrDigest: tpm2.TPM2BDigest{Buffer: b.pcr7[:]}}).Update(calculator); err != nil {
		return nil, err
	}
	if b.pin {
		if err := (tpm2.PolicyAuthValue{}).Update(calculator); err != nil {
			return nil, err
		}
	}
	return calculator.Hash().Digest, nil
}

// template returns the public area of the sealed object. Only its policy opens it:
// neither the authorisation value alone nor the owner does. It is exempt from the
// TPM's count of wrong tries only where there is nothing to try.
func (b *tpmBinding) template() (tpm2.TPMTPublic, error) {
	policy, err := b.digest()
	if err != nil {
		return tpm2.TPMTPublic{}, err
	}
	return tpm2.TPMTPublic{
		Type:    tpm2.TPMAlgKeyedHash,
		NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM: true, FixedParent: true, AdminWithPolicy: true, NoDA: !b.pin,
		},
		AuthPolicy: tpm2.TPM2BDigest{Buffer: policy},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgKeyedHash, &tpm2.TPMSKeyedHashParms{}),
		Unique:     tpm2.NewTPMUPublicID(tpm2.TPMAlgKeyedHash, &tpm2.TPM2BDigest{}),
	}, nil
}

// satisfy carries the policy out in a session.
func (t *TPM) satisfy(d *device, session tpm2.TPMHandle, b *tpmBinding) error {
	if b.signer != nil {
		if err := t.authorize(d, session, b.signer); err != nil {
			return err
		}
	}
	_, err := tpm2.PolicyPCR{PolicySession: session, Pcrs: pcrSelection(7), PcrDigest: tpm2.TPM2BDigest{Buffer: b.pcr7[:]}}.Execute(d)
	if errors.Is(err, tpm2.TPMRCValue) {
		return fmt.Errorf("TPM %s: %w: PCR 7 is not what it was when the key was sealed: Secure Boot was switched, its keys or the firmware changed; put that back and start again, or restore a backup",
			d.path, ErrPCR)
	} else if err != nil {
		return d.explain("check PCR 7", err)
	}
	if b.pin {
		if _, err := (tpm2.PolicyAuthValue{PolicySession: session}).Execute(d); err != nil {
			return d.explain("ask for the PIN", err)
		}
	}
	return nil
}

// authorize shows the session a signature over the PCR 11 that it finds.
func (t *TPM) authorize(d *device, session tpm2.TPMHandle, signer *rsa.PublicKey) error {
	if t.options.Signature == "" {
		return fmt.Errorf("TPM %s: %w: the key is bound to a signed PCR 11, and no file of signatures is named; start the image that brings one, or set seal.pcr_signature", d.path, ErrPCR)
	}
	signatures, err := readSignatures(t.options.Signature)
	if err != nil {
		return err
	}
	if _, err := (tpm2.PolicyPCR{PolicySession: session, Pcrs: pcrSelection(11)}).Execute(d); err != nil {
		return d.explain("check PCR 11", err)
	}
	found, err := tpm2.PolicyGetDigest{PolicySession: session}.Execute(d)
	if err != nil {
		return d.explain("check PCR 11", err)
	}
	policy := found.PolicyDigest.Buffer
	signature := signatures.find(signer, policy)
	if signature == nil {
		return fmt.Errorf("TPM %s: %w: %s holds no signature for the PCR 11 of this image and boot phase; start a signed image, and open the vault in the phase it is signed for",
			d.path, ErrPCR, t.options.Signature)
	}
	public := signerPublic(signer)
	name, err := tpm2.ObjectName(public)
	if err != nil {
		return err
	}
	key, err := tpm2.LoadExternal{InPublic: tpm2.New2B(*public), Hierarchy: tpm2.TPMRHOwner}.Execute(d)
	if err != nil {
		return d.explain("load the key that signs PCR 11", err)
	}
	defer d.flush(key.ObjectHandle)
	hash := sha256.Sum256(policy)
	ticket, err := tpm2.VerifySignature{
		KeyHandle: tpm2.NamedHandle{Handle: key.ObjectHandle, Name: *name},
		Digest:    tpm2.TPM2BDigest{Buffer: hash[:]},
		Signature: tpm2.TPMTSignature{
			SigAlg: tpm2.TPMAlgRSASSA,
			Signature: tpm2.NewTPMUSignature(tpm2.TPMAlgRSASSA, &tpm2.TPMSSignatureRSA{
				Hash: tpm2.TPMAlgSHA256, Sig: tpm2.TPM2BPublicKeyRSA{Buffer: bytes.Clone(signature)},
			}),
		},
	}.Execute(d)
	if isRC(err) {
		return fmt.Errorf("TPM %s: %w: the signature in %s was not made by the key that the vault is bound to", d.path, ErrPCR, t.options.Signature)
	} else if err != nil {
		return d.explain("check the signature over PCR 11", err)
	}
	if _, err := (tpm2.PolicyAuthorize{
		PolicySession: session, ApprovedPolicy: found.PolicyDigest, KeySign: *name, CheckTicket: ticket.Validation,
	}).Execute(d); err != nil {
		return d.explain("approve PCR 11", err)
	}
	return nil
}
