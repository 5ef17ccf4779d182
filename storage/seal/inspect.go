package seal

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
)

// Kind is a sort of sealer, by the word that settings and commands use.
type Kind string

// The kinds.
const (
	KindKeyFile    Kind = "keyfile"
	KindPassphrase Kind = "passphrase"
	KindTPM        Kind = "tpm"
)

// Info is what a blob tells without its key.
type Info struct {
	Kind Kind
	// PIN says that opening it takes a PIN.
	PIN bool
	// PCRs are those that have to hold what they held.
	PCRs []int
	// SignedPCRs are those that have to hold what somebody signed, and Signer the
	// SHA-256 of the PKCS #1 form of that key, in hex; empty without.
	SignedPCRs []int
	Signer     string
	// PCR7 is SHA-256 of the value that PCR 7 has to hold, for a TPM's blob.
	PCR7 [32]byte
}

// Inspect reads a blob without opening it. Errors wrap ErrDamaged.
func Inspect(blob []byte) (Info, error) {
	if len(blob) >= kindSize {
		switch string(blob[:kindSize]) {
		case keyFileKind:
			return Info{Kind: KindKeyFile}, nil
		case passphraseKind:
			return Info{Kind: KindPassphrase}, nil
		case tpmKind:
			h, err := parseTPMBlob(blob)
			if err != nil {
				return Info{}, err
			}
			i := Info{Kind: KindTPM, PIN: h.pin, PCRs: []int{7}, PCR7: h.pcr7}
			if h.signer != nil {
				sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(h.signer))
				i.SignedPCRs, i.Signer = []int{11}, hex.EncodeToString(sum[:])
			}
			return i, nil
		}
	}
	return Info{}, fmt.Errorf("sealed root key: %w: unknown seal; it was damaged or made by a newer tenin", ErrDamaged)
}

// Describe says what a blob of this form protects against and, plainly, what it
// does not. where is the key file or the TPM.
func (i Info) Describe(where string) string {
	switch i.Kind {
	case KindKeyFile:
		return NewKeyFile(where).Describe()
	case KindPassphrase:
		return NewPassphrase(Secret{}).Describe()
	}
	bound := []string{"to PCR 7 (Secure Boot)"}
	if len(i.SignedPCRs) > 0 {
		bound = append(bound, "to a signed PCR 11 (our image)")
	}
	if i.PIN {
		bound = append(bound, "to a PIN")
	}
	text := "The vault's root key is sealed by the TPM " + where + ", bound " + strings.Join(bound, " and ") + ". "
	if len(i.SignedPCRs) == 0 {
		text += "WARNING: this guards against a stolen disk, not a stolen machine: without our signed image " +
			"whoever takes the whole machine can start another system on it"
		if i.PIN {
			text += ", and has then only the PIN to guess, of which the TPM counts the tries"
		}
		text += ". "
	}
	return text + "Whoever becomes this user or root while tenin runs can read every session."
}
