// Package verity reads what veritysetup(8) makes: a file system, and behind it in the same file the tree of hashes by which
// the kernel checks each block that it reads. It checks whole images without a kernel; it makes none.
package verity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Block is the size of a block of data and of hashes, in bytes.
const Block = 4096

// Image names an image: what a kernel's command line says of it.
type Image struct {
	// Hash is the root hash.
	Hash [32]byte
	// UUID is the superblock's, by which the image is found on a disk.
	UUID [16]byte
	// DataSize is the length of the file system in bytes, and where the superblock is.
	DataSize int64
}

// Parse reads HASH,UUID,BYTES as String writes it, the UUID with or without dashes.
func Parse(text string) (i Image, err error) {
	bad := func(what string) (Image, error) {
		return Image{}, fmt.Errorf("%.200q: %s: it has to be the root hash, the UUID and the size", text, what)
	}
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return bad("not three values")
	}
	hash, err := hex.DecodeString(parts[0])
	if err != nil || len(hash) != len(i.Hash) {
		return bad("no SHA-256")
	}
	uuid, err := ParseUUID(parts[1])
	if err != nil {
		return bad("no UUID")
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || size < 2*Block || size%Block != 0 || size > MaxData {
		return bad("no size in whole blocks")
	}
	return Image{[32]byte(hash), uuid, size}, nil
}

// String writes the form that Parse reads.
func (i Image) String() string {
	return hex.EncodeToString(i.Hash[:]) + "," + FormatUUID(i.UUID) + "," + strconv.FormatInt(i.DataSize, 10)
}

// ParseUUID reads a UUID with or without dashes.
func ParseUUID(text string) (u [16]byte, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(u) {
		return u, errors.New("not a UUID")
	}
	return [16]byte(b), nil
}

// FormatUUID writes a UUID with dashes, as blkid does.
func FormatUUID(u [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// Size returns the length of the whole image in bytes: file system, superblock and hashes.
func (i Image) Size() int64 {
	size := i.DataSize + Block
	for _, blocks := range levels(i.DataSize / Block) {
		size += blocks * Block
	}
	return size
}

// perBlock is how many hashes a block holds.
const perBlock = Block / 32

// levels returns the blocks of each level of the tree, from the one over the data to the single block at the top.
func levels(dataBlocks int64) (blocks []int64) {
	for n := dataBlocks; n > 1; {
		n = (n + perBlock - 1) / perBlock
		blocks = append(blocks, n)
	}
	return blocks
}
