package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"

	"tenin/storage/seal"
)

const (
	keyringMagic   = "TENINKEY"
	keyringHead    = 8 + 2 + 2 + 4    // magic, version, oldest reader, crc
	keyringLimit   = 32 << 20         // bytes; about 500,000 sessions
	sealedLimit    = 4096             // bytes of what a Sealer may return
	keyEntrySize   = 16 + 32 + 1 + 16 // id, key, flags, pin
	keyBodyFixed   = 16 + 8 + 32 + 32
	counterIDLimit = 64 // bytes of what a Counter may return as an id
	boxLimit       = 256

	flagClosed = 1 // the session takes no more records and pin holds
)

// pin is the authentication tag of a closed session's head: the keyring knows by
// it the last state of the session, so an older copy of its records is found out.
type pin [16]byte

type keyEntry struct {
	key    seal.Secret
	closed bool
	pin    pin
}

// keyring is the keys of everything in the database. generation counts its
// rewrites; the database has the same number, so that files from different
// times are found out.
type keyring struct {
	vault      ID
	generation uint64
	state      seal.Secret // key of the database's own record
	outbox     seal.Secret
	sessions   map[ID]keyEntry

	// rootMade is when root was made, in seconds since 1970; 0 is not known.
	rootMade uint64
	// counter names the number outside the disk that counts this vault; empty: none
	// does. counted is what it stands at once this keyring is complete, countedAt
	// the generation that was counted last.
	counter            []byte
	counted, countedAt uint64

	// recovery is the public half of the recovery key, and recoveryMade when it was made, in seconds since 1970; empty:
	// there is none.
	recovery     []byte
	recoveryMade uint64

	// schema is the format that it was read in, and tail what a newer program has added behind the sessions: it stays there.
	schema Schema
	tail   []byte

	root   seal.Secret // encrypts all of the above
	sealed []byte      // root, as the sealer wrapped it
	box    []byte      // root, for the recovery key; empty: there is none
}

func newKeyring() *keyring {
	return &keyring{
		vault: newID(), generation: 1,
		state: seal.Random(keySize), outbox: seal.Random(keySize),
		sessions: map[ID]keyEntry{}, schema: written,
	}
}

// next returns a copy to change and write, with the keys shared.
func (k *keyring) next() *keyring {
	n := *k
	n.sessions = maps.Clone(k.sessions)
	n.schema = k.schema.keep()
	n.generation++
	return &n
}

// renew gives the keyring a new root key, so that what was encrypted under the
// old one, older keyrings with deleted keys among it, is not opened by it.
func (k *keyring) renew(sealer seal.Sealer) error {
	root := seal.Random(keySize)
	sealed, err := sealer.Seal(root)
	if err != nil {
		return err
	}
	if len(sealed) == 0 || len(sealed) > sealedLimit {
		return fmt.Errorf("the seal returned %d bytes, the most is %d", len(sealed), sealedLimit)
	}
	k.box = nil
	if len(k.recovery) > 0 {
		if k.box, err = seal.WrapForRecovery(k.recovery, root); err != nil {
			return err
		}
	}
	k.root, k.sealed, k.rootMade = root, sealed, uint64(max(time.Now().Unix(), 0))
	return nil
}

// destroy wipes every key.
func (k *keyring) destroy() {
	for _, e := range k.sessions {
		e.key.Destroy()
	}
	k.state.Destroy()
	k.outbox.Destroy()
	k.root.Destroy()
}

// encode returns the keyring's file.
func (k *keyring) encode() ([]byte, error) {
	size := keyBodyFixed + 8 + 1 + 4 + len(k.sessions)*keyEntrySize
	if len(k.counter) > 0 {
		size += len(k.counter) + 8 + 8
	}
	size++
	if len(k.recovery) > 0 {
		size += len(k.recovery) + 8
	}
	size += len(k.tail)
	body := make([]byte, 0, size)
	defer func() { clear(body[:cap(body)]) }()
	body = append(body, k.vault[:]...)
	body = binary.LittleEndian.AppendUint64(body, k.generation)
	body = append(body, k.state.Bytes()...)
	body = append(body, k.outbox.Bytes()...)
	body = binary.LittleEndian.AppendUint64(body, k.rootMade)
	body = append(body, byte(len(k.counter)))
	if len(k.counter) > 0 {
		body = append(body, k.counter...)
		body = binary.LittleEndian.AppendUint64(body, k.counted)
		body = binary.LittleEndian.AppendUint64(body, k.countedAt)
	}
	body = append(body, byte(len(k.recovery)))
	if len(k.recovery) > 0 {
		body = append(body, k.recovery...)
		body = binary.LittleEndian.AppendUint64(body, k.recoveryMade)
	}
	body = binary.LittleEndian.AppendUint32(body, uint32(len(k.sessions)))
	ids := slices.SortedFunc(maps.Keys(k.sessions), func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		e := k.sessions[id]
		flags := byte(0)
		if e.closed {
			flags = flagClosed
		}
		body = append(body, id[:]...)
		body = append(body, e.key.Bytes()...)
		body = append(body, flags)
		body = append(body, e.pin[:]...)
	}
	body = append(body, k.tail...)
	if len(body) != size {
		return nil, errors.New("keyring: a key was already destroyed")
	}

	out := append(make([]byte, 0, keyringHead+2+len(k.sealed)+2+len(k.box)+4+size+gcmOverhead+sha256.Size), keyringMagic...)
	out = binary.LittleEndian.AppendUint16(out, uint16(k.schema.keep().Version))
	out = binary.LittleEndian.AppendUint16(out, uint16(k.schema.keep().Oldest))
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(k.sealed)))
	out = append(out, k.sealed...)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(k.box)))
	out = append(out, k.box...)
	out = binary.LittleEndian.AppendUint32(out, uint32(size+gcmOverhead))
	aead, err := newAEAD(k.root)
	if err != nil {
		return nil, err
	}
	out = aead.Seal(out, nil, body, bytes.Clone(out))
	sum := sha256.Sum256(out)
	out = append(out, sum[:]...)
	if len(out) > keyringLimit {
		return nil, fmt.Errorf("keyring: %w: too many sessions; erase old ones", ErrTooLarge)
	}
	return out, nil
}

// keyringParts is a keyring file taken apart but not yet opened.
type keyringParts struct {
	schema           Schema
	ad, sealed, body []byte
	// box is the root key for the recovery key; empty: there is none.
	box []byte
}

// parseKeyring takes the file apart. The checksum tells damage from a wrong key;
// it is the encryption that tells a change made on purpose.
func parseKeyring(file []byte) (parts keyringParts, err error) {
	if parts.schema, err = keyringSchema(file); err == nil {
		err = parts.schema.check()
	}
	if err != nil {
		return parts, err
	}
	if len(file) < keyringHead+sha256.Size {
		return parts, damaged("it is cut; restore it from a backup")
	}
	content, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(content); !bytes.Equal(want[:], sum) {
		return parts, damaged("it is cut or was changed; restore it from a backup")
	}
	rest := content[keyringHead:]
	if parts.sealed, rest, err = cutSized(rest, 2, sealedLimit); err != nil {
		return parts, err
	}
	if parts.schema.Version > 2 {
		if parts.box, rest, err = cutSized(rest, 2, boxLimit); err != nil {
			return parts, err
		}
	}
	bodyStart := len(content) - len(rest) + 4
	if parts.body, rest, err = cutSized(rest, 4, keyringLimit); err != nil {
		return parts, err
	}
	if len(rest) != 0 || len(parts.sealed) == 0 {
		return parts, damaged("lengths do not add up; restore it from a backup")
	}
	parts.ad = content[:bodyStart]
	return parts, nil
}

// cutSized takes a length of width 2 or 4 bytes and as many bytes off b.
func cutSized(b []byte, width int, limit uint32) (part, rest []byte, err error) {
	if len(b) < width {
		return nil, nil, damaged("it is cut; restore it from a backup")
	}
	n := uint32(binary.LittleEndian.Uint16(b))
	if width == 4 {
		n = binary.LittleEndian.Uint32(b)
	}
	if n > limit || int(n) > len(b)-width {
		return nil, nil, damaged("lengths do not add up; restore it from a backup")
	}
	return b[width : width+int(n)], b[width+int(n):], nil
}

// openKeyring decrypts file with the root key that sealer gives back.
func openKeyring(file []byte, sealer seal.Sealer) (*keyring, error) {
	return openKeyringBy(file, func(parts keyringParts) (seal.Secret, error) { return sealer.Unseal(parts.sealed) })
}

func openKeyringBy(file []byte, unseal func(keyringParts) (seal.Secret, error)) (*keyring, error) {
	parts, err := parseKeyring(file)
	if err != nil {
		return nil, err
	}
	root, err := unseal(parts)
	if err != nil {
		return nil, err
	}
	if root.Len() != keySize {
		root.Destroy()
		return nil, damaged("the root key has a wrong length")
	}
	aead, err := newAEAD(root)
	if err != nil {
		return nil, err
	}
	body, err := aead.Open(nil, nil, parts.body, parts.ad)
	if err != nil {
		root.Destroy()
		return nil, damaged("it was put together from two; restore it from a backup")
	}
	defer clear(body)
	k, err := parseKeyBody(body, parts.schema)
	if err != nil {
		root.Destroy()
		return nil, err
	}
	if (len(k.recovery) == 0) != (len(parts.box) == 0) {
		root.Destroy()
		return nil, damaged("its recovery key was taken away; restore it from a backup")
	}
	k.root, k.sealed, k.box = root, bytes.Clone(parts.sealed), bytes.Clone(parts.box)
	return k, nil
}

// parseKeyBody reads the decrypted part and accepts only what encode writes, or
// wrote as version 1, which knew neither the root key's age nor a counter, or as
// version 2, which knew no recovery key. Behind what a newer program wrote may
// stand more, which is kept as it is.
func parseKeyBody(b []byte, schema Schema) (*keyring, error) {
	version := schema.Version
	cut := damaged("its keys are cut")
	if len(b) < keyBodyFixed {
		return nil, cut
	}
	k := &keyring{vault: ID(b[:16]), generation: binary.LittleEndian.Uint64(b[16:]), sessions: map[ID]keyEntry{}, schema: schema}
	rest := b[keyBodyFixed:]
	if version > 1 {
		if len(rest) < 9 {
			return nil, cut
		}
		n := int(rest[8])
		k.rootMade, rest = binary.LittleEndian.Uint64(rest), rest[9:]
		if n > counterIDLimit || n > 0 && len(rest) < n+16 {
			return nil, cut
		}
		if n > 0 {
			k.counter = bytes.Clone(rest[:n])
			k.counted, k.countedAt = binary.LittleEndian.Uint64(rest[n:]), binary.LittleEndian.Uint64(rest[n+8:])
			if rest = rest[n+16:]; k.countedAt > k.generation || k.counted == 0 {
				return nil, damaged("its count is impossible")
			}
		}
	}
	if version > 2 {
		if len(rest) < 1 {
			return nil, cut
		}
		n := int(rest[0])
		if rest = rest[1:]; n != 0 && n != seal.RecoveryPublic || n > 0 && len(rest) < n+8 {
			return nil, cut
		}
		if n > 0 {
			k.recovery, k.recoveryMade = bytes.Clone(rest[:n]), binary.LittleEndian.Uint64(rest[n:])
			rest = rest[n+8:]
		}
	}
	if len(rest) < 4 {
		return nil, cut
	}
	n := binary.LittleEndian.Uint32(rest)
	rest = rest[4:]
	if k.generation == 0 || uint64(len(rest)) < uint64(n)*keyEntrySize {
		return nil, cut
	}
	if tail := rest[uint64(n)*keyEntrySize:]; len(tail) > 0 {
		if !schema.newer() {
			return nil, cut
		}
		k.tail, rest = bytes.Clone(tail), rest[:uint64(n)*keyEntrySize]
	}
	var last ID
	for i := 0; len(rest) > 0; i, rest = i+1, rest[keyEntrySize:] {
		id, flags, p := ID(rest[:16]), rest[48], pin(rest[49:65])
		if (i > 0 && bytes.Compare(last[:], id[:]) >= 0) || flags&^flagClosed != 0 || (flags == 0 && p != pin{}) {
			return nil, damaged("its keys are out of order")
		}
		last = id
		k.sessions[id] = keyEntry{seal.NewSecret(rest[16:48]), flags == flagClosed, p}
	}
	k.state, k.outbox = seal.NewSecret(b[24:56]), seal.NewSecret(b[56:88])
	return k, nil
}
