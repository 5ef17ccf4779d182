package verity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// chunk is how much is read at once, in bytes.
const chunk = 1 << 20

// Check reads a whole image at the beginning of r and compares each block with the root hash, as the kernel would if it
// read them all. progress, which may be nil, is told how many bytes of Image.Size were read. Errors wrap ErrNone, ErrOther
// or ErrDamaged, which names the first wrong block and how many there are, or are the reader's.
func Check(ctx context.Context, r io.ReaderAt, want Image, progress func(done int64)) error {
	if progress == nil {
		progress = func(int64) {}
	}
	super, err := ReadSuperblock(r, want.DataSize)
	switch {
	case err != nil:
		return err
	case super.UUID != want.UUID:
		return fmt.Errorf("%w: it is %s instead of %s", ErrOther, FormatUUID(super.UUID), FormatUUID(want.UUID))
	case super.DataSize != want.DataSize:
		return fmt.Errorf("%w: its superblock says %d bytes instead of %d", ErrDamaged, super.DataSize, want.DataSize)
	}
	c := checker{ctx: ctx, r: r, h: sha256.New(), salt: super.Salt, progress: progress}
	return c.check(want)
}

type checker struct {
	ctx      context.Context
	r        io.ReaderAt
	h        hash.Hash
	salt     []byte
	progress func(int64)
	done     int64
}

func (c *checker) check(want Image) error {
	// The levels lie from the top to the one over the data.
	sizes := levels(want.DataSize / Block)
	at := want.DataSize + Block
	above := want.Hash[:]
	for level := len(sizes) - 1; level >= 0; level-- {
		hashes := make([]byte, 0, sizes[level]*Block)
		first, bad, err := c.compare(at, sizes[level]*Block, above, func(b []byte) { hashes = append(hashes, b...) })
		if err != nil {
			return err
		}
		if bad > 0 {
			return fmt.Errorf("%w: its hashes: block at byte %d is not what the %s says", ErrDamaged, first, c.over(level, len(sizes)))
		}
		above = hashes
		at += sizes[level] * Block
	}
	first, bad, err := c.compare(0, want.DataSize, above, func([]byte) {})
	if err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%w: block %d of its file system, at byte %d, was changed (%d of %d blocks in all)", ErrDamaged, first/Block, first, bad, want.DataSize/Block)
	}
	return nil
}

func (c *checker) over(level, count int) string {
	if level == count-1 {
		return "root hash"
	}
	return "hash above it"
}

// compare reads size bytes at offset at and compares each block's hash with the list. It returns where the first wrong
// block is and how many there are.
func (c *checker) compare(at, size int64, list []byte, keep func([]byte)) (first, bad int64, err error) {
	buffer := make([]byte, min(chunk, size))
	var sum [32]byte
	for read := int64(0); read < size; {
		if err := c.ctx.Err(); err != nil {
			return 0, 0, err
		}
		part := buffer[:min(int64(len(buffer)), size-read)]
		if n, err := c.r.ReadAt(part, at+read); n < len(part) {
			if errors.Is(err, io.EOF) {
				return 0, 0, fmt.Errorf("%w: cut at byte %d", ErrDamaged, at+read+int64(n))
			}
			return 0, 0, err
		}
		for b := range len(part) / Block {
			block := part[b*Block:][:Block]
			c.h.Reset()
			c.h.Write(c.salt)
			c.h.Write(block)
			i := (read/Block + int64(b)) * 32
			if !bytes.Equal(c.h.Sum(sum[:0]), list[i:i+32]) {
				if bad == 0 {
					first = at + read + int64(b)*Block
				}
				bad++
			}
		}
		keep(part)
		read += int64(len(part))
		c.done += int64(len(part))
		c.progress(c.done)
	}
	return first, bad, nil
}
