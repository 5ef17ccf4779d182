package config

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Seal says what guards the vault's root key.
type Seal struct {
	// Kind is "tpm", "keyfile" or "passphrase"; "auto" means what a vault is sealed with already, and for a new one the TPM
	// where our signed image was started, else a key file.
	Kind string `toml:"kind"`
	// Device is the TPM: a device or the socket of an emulator; empty means the kernel's.
	Device string `toml:"device"`
	// PIN asks for a PIN at every start: on the terminal, or the credential tenin.pin. It counts when a vault is sealed anew.
	PIN bool `toml:"pin"`
	// PCRSignature and PCRPublicKey are the files of the image that signed PCR 11; empty means where systemd-stub's are put.
	PCRSignature string `toml:"pcr_signature"`
	PCRPublicKey string `toml:"pcr_public_key"`
}

// SealKinds are the values of Seal.Kind.
var SealKinds = []string{"auto", "tpm", "keyfile", "passphrase"}

func defaultSeal() Seal { return Seal{Kind: "auto"} }

func (s Seal) check() error {
	if !slices.Contains(SealKinds, s.Kind) {
		return fmt.Errorf("seal.kind is %q: use \"auto\", \"tpm\", \"keyfile\" or \"passphrase\"", s.Kind)
	}
	for key, path := range map[string]string{"device": s.Device, "pcr_signature": s.PCRSignature, "pcr_public_key": s.PCRPublicKey} {
		if path != "" && !filepath.IsAbs(path) {
			return fmt.Errorf("seal.%s is %q: give the whole path, from /", key, path)
		}
	}
	return nil
}
