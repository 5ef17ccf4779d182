package seal

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/google/go-tpm/tpm2"
)

const (
	tpmKind = "TPM1"

	flagPIN    = 1
	flagSigned = 2

	pinSalt     = 16
	nameSize    = 2 + 32
	maxPrivate  = 512 // bytes; swtpm's are 126 to 190
	maxSigner   = 1024
	tpmBlobTail = 12 + 16 + 4 // nonce, tag, CRC
)

// tpmName is the name of an object in a TPM: the algorithm, 0x000B for SHA-256,
// and the hash of the public area (TPM 2.0 Library, Part 1, 16).
type tpmName [nameSize]byte

// tpmBinding is what a blob is bound to.
type tpmBinding struct {
	primary tpmName        // the storage key that sealed it
	pcr7    [32]byte       // SHA-256 of PCR 7
	signer  *rsa.PublicKey // who signs PCR 11; nil if nobody has to
	pin     bool
}

// tpmBlob is a blob taken apart. On disk, numbers little-endian:
//
//	4      "TPM1"
//	1      flags: 1 a PIN, 2 a signed PCR 11
//	34     name of the storage key
//	32     SHA-256 of PCR 7
//	2, n   with flag 2: the signer's key, PKIX DER
//	4,4,1  with flag 1: Argon2id passes, memory in KiB, lanes
//	16     with flag 1: salt
//	32     unique part of the sealed object's public area
//	2, n   the sealed object's private area, as the TPM wrapped it
//	12     nonce
//	n, 16  the secret under AES-256-GCM and its tag; associated data: all before
//	4      CRC-32 (IEEE) of all before
//
// The TPM holds the GCM key, not the secret, so the whole blob is authenticated.
// The checksum tells damage from another TPM and keeps a flipped bit from costing
// one of the tries that a PIN has.
type tpmBlob struct {
	tpmBinding
	cost    pinCost
	unique  [32]byte
	private []byte

	header, sealed []byte // of a parsed blob
}

// encode returns the blob for secret.
func (h *tpmBlob) encode(secret, key, extra Secret) ([]byte, error) {
	flags := byte(0)
	if h.pin {
		flags |= flagPIN
	}
	if h.signer != nil {
		flags |= flagSigned
	}
	b := append([]byte(tpmKind), flags)
	b = append(b, h.primary[:]...)
	b = append(b, h.pcr7[:]...)
	if h.signer != nil {
		der, err := x509.MarshalPKIXPublicKey(h.signer)
		if err != nil {
			return nil, err
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(len(der)))
		b = append(b, der...)
	}
	if h.pin {
		b = binary.LittleEndian.AppendUint32(b, h.cost.passes)
		b = binary.LittleEndian.AppendUint32(b, h.cost.memory)
		b = append(b, h.cost.lanes)
		b = append(b, h.cost.salt[:]...)
	}
	b = append(b, h.unique[:]...)
	if len(h.private) > maxPrivate {
		return nil, fmt.Errorf("TPM: a sealed object of %d bytes, the most is %d", len(h.private), maxPrivate)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(h.private)))
	b = append(b, h.private...)
	mixed, err := mixKeys(key, extra)
	if err != nil {
		return nil, err
	}
	defer mixed.Destroy()
	aead, err := newAEAD(mixed.Bytes())
	if err != nil {
		return nil, err
	}
	b = aead.Seal(b, nil, secret.Bytes(), bytes.Clone(b))
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b)), nil
}

// open returns the secret of a parsed blob.
func (h *tpmBlob) open(key, extra Secret) (Secret, error) {
	mixed, err := mixKeys(key, extra)
	if err != nil {
		return Secret{}, err
	}
	defer mixed.Destroy()
	aead, err := newAEAD(mixed.Bytes())
	if err != nil {
		return Secret{}, err
	}
	b, err := aead.Open(nil, nil, h.sealed, h.header)
	if err != nil {
		return Secret{}, fmt.Errorf("sealed root key: %w: it was changed; restore it from a backup", ErrDamaged)
	}
	return TakeSecret(b), nil
}

// parseTPMBlob takes apart what encode made and accepts nothing else.
func parseTPMBlob(blob []byte) (*tpmBlob, error) {
	if err := checkKind(blob, tpmKind); err != nil {
		return nil, err
	}
	bad := func(what string) (*tpmBlob, error) {
		return nil, fmt.Errorf("sealed root key: %w: %s; restore it from a backup", ErrDamaged, what)
	}
	end := len(blob) - 4
	if end < kindSize+1 || binary.LittleEndian.Uint32(blob[end:]) != crc32.ChecksumIEEE(blob[:end]) {
		return bad("it is cut or was changed")
	}
	r := reader{blob[kindSize:end], true}
	h := &tpmBlob{}
	flags := r.take(1)[0]
	if flags&^(flagPIN|flagSigned) != 0 {
		return bad("unknown flags")
	}
	h.primary = tpmName(r.take(nameSize))
	h.pcr7 = [32]byte(r.take(32))
	if flags&flagSigned != 0 {
		der := r.sized(maxSigner)
		key, err := x509.ParsePKIXPublicKey(der)
		signer, ok := key.(*rsa.PublicKey)
		if err != nil || !ok || checkSigner(signer) != nil {
			return bad("the key that signs PCR 11 is none")
		}
		if again, err := x509.MarshalPKIXPublicKey(signer); err != nil || !bytes.Equal(again, der) {
			return bad("the key that signs PCR 11 is none")
		}
		h.signer = signer
	}
	if flags&flagPIN != 0 {
		h.pin = true
		h.cost.passes = binary.LittleEndian.Uint32(r.take(4))
		h.cost.memory = binary.LittleEndian.Uint32(r.take(4))
		h.cost.lanes = r.take(1)[0]
		h.cost.salt = [pinSalt]byte(r.take(pinSalt))
		if c := h.cost; c.passes < 1 || c.passes > maxPasses || c.lanes < 1 || c.memory < 8*uint32(c.lanes) || c.memory > maxMemoryKiB {
			return bad("impossible cost of the PIN")
		}
	}
	h.unique = [32]byte(r.take(32))
	h.private = bytes.Clone(r.sized(maxPrivate))
	if n := len(r.rest) - (tpmBlobTail - 4); !r.ok || len(h.private) == 0 || n < 1 || n > MaxSecret {
		return bad("lengths do not add up")
	}
	if h.primary[0] != 0 || h.primary[1] != byte(tpm2.TPMAlgSHA256) {
		return bad("it names no storage key")
	}
	at := end - len(r.rest)
	h.header, h.sealed = bytes.Clone(blob[:at]), bytes.Clone(blob[at:end])
	return h, nil
}

// reader cuts pieces off. Past the end it gives zeros and remembers it.
type reader struct {
	rest []byte
	ok   bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.ok = nil, false
		return make([]byte, n)
	}
	piece := r.rest[:n]
	r.rest = r.rest[n:]
	return piece
}

func (r *reader) sized(limit int) []byte {
	n := int(binary.LittleEndian.Uint16(r.take(2)))
	if n > limit || n > len(r.rest) {
		r.rest, r.ok = nil, false
		return nil
	}
	return r.take(n)
}
