package verity

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var (
	// ErrNone means that there is no superblock: an empty slot, or something else.
	ErrNone = errors.New("no image")
	// ErrOther means that it is another image.
	ErrOther = errors.New("another image")
	// ErrDamaged means that the image is not what its root hash says.
	ErrDamaged = errors.New("damaged image")
)

// MaxData bounds a file system, so that a damaged superblock asks for no impossible memory.
const MaxData = 1 << 40

const superMagic = "verity\x00\x00"

// Superblock is what stands between the file system and its hashes (cryptsetup's documentation, "Verity superblock").
type Superblock struct {
	UUID [16]byte
	// DataSize is the length of the file system in bytes.
	DataSize int64
	Salt     []byte
}

// ReadSuperblock reads the one at offset at of r. Errors wrap ErrNone, or ErrDamaged for one that the kernel would open
// in another way than images of ours.
func ReadSuperblock(r io.ReaderAt, at int64) (s Superblock, err error) {
	b := make([]byte, 512)
	if n, err := r.ReadAt(b, at); err != nil && (n < len(b) || !errors.Is(err, io.EOF)) {
		if errors.Is(err, io.EOF) {
			return s, fmt.Errorf("%w: it would end behind the end of the partition", ErrNone)
		}
		return s, err
	}
	le := binary.LittleEndian
	if string(b[:8]) != superMagic {
		return s, fmt.Errorf("%w at byte %d", ErrNone, at)
	}
	s.UUID = [16]byte(b[16:32])
	algorithm := string(bytes.TrimRight(b[32:64], "\x00"))
	blocks, salt := le.Uint64(b[72:]), int(le.Uint16(b[80:]))
	switch {
	case le.Uint32(b[8:]) != 1 || le.Uint32(b[12:]) != 1:
		return s, fmt.Errorf("%w: superblock of version %d, hashes of type %d", ErrDamaged, le.Uint32(b[8:]), le.Uint32(b[12:]))
	case algorithm != "sha256":
		return s, fmt.Errorf("%w: its hashes are %q", ErrDamaged, algorithm)
	case le.Uint32(b[64:]) != Block || le.Uint32(b[68:]) != Block:
		return s, fmt.Errorf("%w: its blocks have %d and %d bytes", ErrDamaged, le.Uint32(b[64:]), le.Uint32(b[68:]))
	case blocks < 2 || blocks > MaxData/Block:
		return s, fmt.Errorf("%w: its superblock says %d blocks", ErrDamaged, blocks)
	case salt > 256:
		return s, fmt.Errorf("%w: its superblock says %d bytes of salt", ErrDamaged, salt)
	}
	s.DataSize, s.Salt = int64(blocks)*Block, bytes.Clone(b[88:88+salt])
	return s, nil
}
