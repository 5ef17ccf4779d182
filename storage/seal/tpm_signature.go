package seal

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/google/go-tpm/tpm2"
)

const maxSignatureFile = 256 << 10

// pcrSignature is one signature of the file that systemd-measure(1) writes.
type pcrSignature struct {
	PCRs        []uint `json:"pcrs"`
	Fingerprint string `json:"pkfp"` // SHA-256 of the key's PKCS #1 DER, in hex
	Policy      string `json:"pol"`  // what is signed: the policy digest after PolicyPCR, in hex
	Signature   string `json:"sig"`  // RSASSA-PKCS1-v1_5 with SHA-256, in base64
}

// pcrSignatures is that file: a list for each bank.
type pcrSignatures map[string][]pcrSignature

func readSignatures(path string) (pcrSignatures, error) {
	b, err := readBounded(path, maxSignatureFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("signatures of PCR 11: %w: %s is missing; start the image that brings it", ErrPCR, path)
	} else if err != nil {
		return nil, fmt.Errorf("signatures of PCR 11: %w", err)
	}
	s, err := parseSignatures(b)
	if err != nil {
		return nil, fmt.Errorf("signatures of PCR 11: %w: %s cannot be read; start the image that brings it again", ErrPCR, path)
	}
	return s, nil
}

func parseSignatures(b []byte) (s pcrSignatures, err error) {
	decoder := json.NewDecoder(bytes.NewReader(b))
	if err := decoder.Decode(&s); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return s, nil
}

// find returns the signer's signature over policy, or nil. That it is one is for
// the TPM to say.
func (s pcrSignatures) find(signer *rsa.PublicKey, policy []byte) []byte {
	fingerprint := sha256.Sum256(x509.MarshalPKCS1PublicKey(signer))
	for _, entry := range s["sha256"] {
		key, err1 := hex.DecodeString(entry.Fingerprint)
		signed, err2 := hex.DecodeString(entry.Policy)
		signature, err3 := base64.StdEncoding.DecodeString(entry.Signature)
		if errors.Join(err1, err2, err3) != nil || len(signature) != signer.Size() || !slices.Equal(entry.PCRs, []uint{11}) {
			continue
		}
		if subtle.ConstantTimeCompare(key, fingerprint[:])&subtle.ConstantTimeCompare(signed, policy) == 1 {
			return signature
		}
	}
	return nil
}

// readSigner reads the PEM file of the key that signs PCR 11.
func readSigner(path string) (*rsa.PublicKey, error) {
	b, err := readBounded(path, 64<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("key that signs PCR 11: %w: %s is missing; start the image that brings it", ErrPCR, path)
	} else if err != nil {
		return nil, fmt.Errorf("key that signs PCR 11: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("key that signs PCR 11: %w: %s is no PEM file of a public key", ErrPCR, path)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	signer, ok := key.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("key that signs PCR 11: %w: %s holds no RSA key", ErrPCR, path)
	}
	if err := checkSigner(signer); err != nil {
		return nil, fmt.Errorf("key that signs PCR 11: %w: %s: %w", ErrPCR, path, err)
	}
	return signer, nil
}

// checkSigner accepts the keys that every PC's TPM verifies.
func checkSigner(key *rsa.PublicKey) error {
	if key.N.BitLen() != 2048 || key.E != 65537 {
		return errors.New("use an RSA key of 2048 bits with the exponent 65537")
	}
	return nil
}

// signerPublic returns the key as a TPM loads it.
func signerPublic(key *rsa.PublicKey) *tpm2.TPMTPublic {
	return &tpm2.TPMTPublic{
		Type:             tpm2.TPMAlgRSA,
		NameAlg:          tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{SignEncrypt: true, UserWithAuth: true},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgRSA, &tpm2.TPMSRSAParms{
			Symmetric: tpm2.TPMTSymDefObject{Algorithm: tpm2.TPMAlgNull},
			Scheme:    tpm2.TPMTRSAScheme{Scheme: tpm2.TPMAlgNull},
			KeyBits:   2048,
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgRSA, &tpm2.TPM2BPublicKeyRSA{Buffer: key.N.FillBytes(make([]byte, 256))}),
	}
}

// readBounded reads a file that should be small.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return b, err
}
