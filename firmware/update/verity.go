package update

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The superblock of dm-verity (cryptsetup's wiki, DMVerity, "Verity superblock format"): u8[8] signature, u32 version,
// u32 hash type, u8[16] UUID, u8[32] algorithm, u32 data block size, u32 hash block size, u64 data blocks, …
const (
	verityMagic = "verity\x00\x00"
	block       = 4096
)

// verityUUID reads the UUID of the superblock at offset at of r, and "" where there is none.
func verityUUID(r io.ReaderAt, at int64) (string, error) {
	b := make([]byte, block)
	if _, err := r.ReadAt(b, at); err != nil {
		return "", err
	}
	if string(b[:8]) != verityMagic || binary.LittleEndian.Uint32(b[8:]) != 1 {
		return "", nil
	}
	return formatUUID([16]byte(b[16:32])), nil
}

func formatUUID(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// normalUUID returns a UUID as formatUUID writes it.
func normalUUID(s string) (string, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return "", errors.New("it holds no UUID")
	}
	return formatUUID([16]byte(b)), nil
}
