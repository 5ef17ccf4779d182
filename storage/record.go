package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"

	"tenin/storage/seal"
)

// class is the place of a sealed record in the database. It is part of what is
// authenticated, so a record does not open in another place.
type class byte

const (
	classState  class = 1 // the vault's own record, seq 0
	classHead   class = 2 // a session's count of entries, rewritten with each
	classEntry  class = 3 // a session's meta, turns and sound, by sequence
	classOutbox class = 4 // an outbox payload; the id stands in the session's place
	classStaff  class = 5 // the staff accounts, seq 0

	classNote       class = 6 // a note, by the hash of its name
	classAccess     class = 7 // a line of the log of accesses, by sequence
	classAccessHead class = 8 // the count of those lines, seq 0
)

// kind is what a record holds. It lies inside the ciphertext, where neither an
// observer sees it nor anybody changes it.
type kind byte

const (
	kindState kind = iota + 1
	kindHead
	kindMeta
	kindTurn
	kindSound
	kindPayload
	kindStaff
	kindNote
	kindAccess
	kindAccessHead
)

const (
	recordVersion = 1
	recordHeader  = 1          // version
	frameHeader   = 1 + 4      // kind, length
	gcmOverhead   = 12 + 16    // nonce, tag
	minPadded     = 256        // the smallest frame
	maxRecord     = 256 * 1024 // the longest payload
	keySize       = 32
)

// place is where a record belongs.
type place struct {
	class class
	vault ID
	owner ID // session or outbox id, or a note's key; zero for what there is one of
	seq   uint32
}

// ad returns the associated data: all that must match for a record to open.
func (p place) ad() []byte {
	b := append(make([]byte, 0, 64), "tenin vault record"...)
	b = append(b, recordVersion, byte(p.class))
	b = append(b, p.vault[:]...)
	b = append(b, p.owner[:]...)
	return binary.BigEndian.AppendUint32(b, p.seq)
}

func newAEAD(key seal.Secret) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil {
		return nil, err
	}
	// The library draws 96 random bits for every message. See DESIGN.md on why
	// this and not a counter.
	return cipher.NewGCMWithRandomNonce(block)
}

// sealRecord returns the stored form of payload at p.
func sealRecord(aead cipher.AEAD, p place, k kind, payload []byte) ([]byte, error) {
	if len(payload) > maxRecord {
		return nil, fmt.Errorf("%w: %d bytes, the most is %d; split or shorten it", ErrTooLarge, len(payload), maxRecord)
	}
	frame := appendFrame(make([]byte, 0, paddedSize(len(payload))), k, payload)
	out := make([]byte, recordHeader, recordHeader+len(frame)+gcmOverhead)
	out[0] = recordVersion
	out = aead.Seal(out, nil, frame, p.ad())
	clear(frame)
	return out, nil
}

// openRecord returns the payload of the record stored at p, in a new slice.
func openRecord(aead cipher.AEAD, p place, want kind, stored []byte) ([]byte, error) {
	k, payload, err := openAny(aead, p, stored)
	if err != nil {
		return nil, err
	}
	if k != want {
		return nil, damaged("a record is of another kind than its place")
	}
	return payload, nil
}

func openAny(aead cipher.AEAD, p place, stored []byte) (kind, []byte, error) {
	if len(stored) < recordHeader+gcmOverhead+minPadded {
		return 0, nil, damaged("a record is missing or cut")
	}
	// A newer format is announced by the vault's version field, which is read
	// first; another number here can only be damage.
	if stored[0] != recordVersion {
		return 0, nil, damaged("a record has an unknown version")
	}
	frame, err := aead.Open(nil, nil, stored[recordHeader:], p.ad())
	if err != nil {
		return 0, nil, damaged("a record was changed or is not in its place")
	}
	return parseFrame(frame)
}

// appendFrame appends kind, u32 length, payload and zeros up to paddedSize.
func appendFrame(b []byte, k kind, payload []byte) []byte {
	start := len(b)
	b = append(b, byte(k))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	b = append(b, payload...)
	return append(b, make([]byte, paddedSize(len(payload))-(len(b)-start))...)
}

// parseFrame takes apart what appendFrame made and accepts nothing else. The
// payload is a part of b.
func parseFrame(b []byte) (kind, []byte, error) {
	if len(b) < frameHeader {
		return 0, nil, damaged("a record is cut")
	}
	k, n := kind(b[0]), binary.LittleEndian.Uint32(b[1:])
	// A kind that this program does not know may be a newer one's; whoever reads a record knows which kinds belong there.
	if k < kindState || n > maxRecord || len(b) != paddedSize(int(n)) {
		return 0, nil, damaged("a record has an impossible form")
	}
	payload, rest := b[frameHeader:frameHeader+n], b[frameHeader+n:]
	for _, c := range rest {
		if c != 0 {
			return 0, nil, damaged("a record has bytes after its end")
		}
	}
	return k, payload, nil
}

// paddedSize returns the length of the frame around n bytes: the next power of
// two below 4 KiB and the next multiple of 4 KiB above, so that a length tells
// an observer little. A full chunk of sound and a short one look the same,
// because sound is filled up before it comes here.
func paddedSize(n int) int {
	n += frameHeader
	switch {
	case n <= minPadded:
		return minPadded
	case n <= 4096:
		return 1 << bits.Len(uint(n-1))
	}
	return (n + 4095) &^ 4095
}
