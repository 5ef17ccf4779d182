package knowledge

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// A VectorCache keeps embeddings in a file so that each text is embedded once
// for each model, however often the program starts.
//
// Values are stored as IEEE 754 half precision. On normalised vectors of 384
// dimensions the cosine between a vector and its stored form is above 0.9999999
// (worst of 1,000 measured: 1 - 6e-8), far less than the 0.0001 that the
// model's own quantisation costs, at half the size.
//
// The file only grows: a header, then records with a checksum each. Whatever
// does not check out, and all behind it, is dropped when the file is opened: it
// is embedded again. Several processes may have the same file open.
type VectorCache struct {
	path string

	mu      sync.Mutex
	vectors map[vectorKey][]uint16
	used    map[vectorKey]bool
	pending []vectorKey
	// whole is where the last good record ends, size how large the file was
	// found: the bytes between are damaged.
	whole, size int64
}

type vectorKey [sha256.Size]byte

const (
	vectorMagic = "tenin vectors 1\n"
	// maxDimensions is beyond any model of sentence embeddings in use.
	maxDimensions = 1 << 14
)

// OpenVectorCache reads the cache at path. A file that is not there is an empty
// cache; it is made by the first Flush. A file that is no cache is an error, so
// that a wrong path does not overwrite something else.
func OpenVectorCache(path string) (*VectorCache, error) {
	c := &VectorCache{path: path, vectors: map[vectorKey][]uint16{}, used: map[vectorKey]bool{}}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open vector cache: %w", err)
	}
	c.size = int64(len(data))
	// What is shorter than the header is what is left of a first write.
	if len(data) < len(vectorMagic) && bytes.HasPrefix([]byte(vectorMagic), data) {
		return c, nil
	}
	if !bytes.HasPrefix(data, []byte(vectorMagic)) {
		return nil, fmt.Errorf("open vector cache %s: not a vector cache; remove it to build a new one", path)
	}
	c.whole = int64(len(vectorMagic))
	for {
		key, values, n := decodeVector(data[c.whole:])
		if n == 0 {
			return c, nil
		}
		c.vectors[key] = values
		c.whole += int64(n)
	}
}

// A record: 32 bytes key, u16 dimensions, the values, CRC-32C over all before.
func appendVector(b []byte, key vectorKey, values []uint16) []byte {
	start := len(b)
	b = append(b, key[:]...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// decodeVector returns n = 0 when data does not begin with a whole record.
func decodeVector(data []byte) (key vectorKey, values []uint16, n int) {
	head := len(key) + 2
	if len(data) < head {
		return key, nil, 0
	}
	dim := int(binary.LittleEndian.Uint16(data[len(key):]))
	n = head + 2*dim + 4
	if dim == 0 || dim > maxDimensions || len(data) < n {
		return key, nil, 0
	}
	if crc32.Checksum(data[:n-4], castagnoli) != binary.LittleEndian.Uint32(data[n-4:]) {
		return key, nil, 0
	}
	copy(key[:], data)
	values = make([]uint16, dim)
	for i := range values {
		values[i] = binary.LittleEndian.Uint16(data[head+2*i:])
	}
	return key, values, n
}

func keyOfVector(model, text string) vectorKey {
	h := sha256.New()
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(model)))
	h.Write(length[:])
	io.WriteString(h, model)
	io.WriteString(h, text)
	return vectorKey(h.Sum(nil))
}

// Get returns the vector of a text by a model (its name and version, or the
// hash of its weights), and whether there is one.
func (c *VectorCache) Get(model, text string) ([]float32, bool) {
	key := keyOfVector(model, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	half, ok := c.vectors[key]
	if !ok {
		return nil, false
	}
	c.used[key] = true
	out := make([]float32, len(half))
	for i, h := range half {
		out[i] = halfToFloat(h)
	}
	return out, true
}

// Put keeps a vector until the next Flush writes it. Its values must be finite
// and at most 65,504 in size, as those of normalised vectors are; others, and
// vectors without values, are an error.
func (c *VectorCache) Put(model, text string, vector []float32) error {
	if len(vector) == 0 || len(vector) > maxDimensions {
		return fmt.Errorf("vector of %d dimensions, want 1 to %d", len(vector), maxDimensions)
	}
	half := make([]uint16, len(vector))
	for i, v := range vector {
		if half[i] = floatToHalf(v); half[i]&0x7C00 == 0x7C00 {
			return fmt.Errorf("vector value %d is %g, too large to keep", i, v)
		}
	}
	key := keyOfVector(model, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vectors[key] = half
	c.used[key] = true
	c.pending = append(c.pending, key)
	return nil
}

// Len is the number of vectors.
func (c *VectorCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.vectors)
}

// Flush writes what was put since the last one to the disk. After an error the
// vectors are still there to be written again.
func (c *VectorCache) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) == 0 {
		return nil
	}
	if err := c.flush(); err != nil {
		return fmt.Errorf("write vector cache: %w", err)
	}
	c.pending = nil
	return nil
}

func (c *VectorCache) flush() (err error) {
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // closing gives the lock back
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	// The damaged tail is cut off, unless another process has written since:
	// then it has cut the tail itself.
	end := info.Size()
	if end == c.size && c.whole < end {
		if err := f.Truncate(c.whole); err != nil {
			return err
		}
		end = c.whole
	}
	var buf []byte
	if end == 0 {
		buf = append(buf, vectorMagic...)
	}
	for _, key := range c.pending {
		buf = appendVector(buf, key, c.vectors[key])
	}
	if _, err := f.Write(buf); err != nil {
		// A part of a record in the middle would hide all behind it.
		return errors.Join(err, f.Truncate(end))
	}
	if err := f.Sync(); err != nil {
		return err
	}
	c.whole, c.size = end+int64(len(buf)), end+int64(len(buf))
	return nil
}

// Compact rewrites the file with the vectors that were put or asked for since
// it was opened: those of changed texts and of former models go.
func (c *VectorCache) Compact() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	buf := []byte(vectorMagic)
	for key := range c.used {
		buf = appendVector(buf, key, c.vectors[key])
	}
	if err := replaceFile(c.path, buf); err != nil {
		return fmt.Errorf("compact vector cache: %w", err)
	}
	for key := range c.vectors {
		if !c.used[key] {
			delete(c.vectors, key)
		}
	}
	c.pending = nil
	c.whole, c.size = int64(len(buf)), int64(len(buf))
	return nil
}

func replaceFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing left to remove
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// floatToHalf rounds to the nearest half, ties to even (IEEE 754-2019, 4.3.1).
func floatToHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	exponent, fraction := int(b>>23&0xFF), b&0x7FFFFF
	if exponent == 0xFF {
		if fraction != 0 {
			return sign | 0x7E00
		}
		return sign | 0x7C00
	}
	e := exponent - 127 + 15
	switch {
	case e >= 0x1F:
		return sign | 0x7C00
	case e <= 0:
		// Below the smallest normal half the hidden bit becomes visible.
		shift := uint(14 - e)
		if shift > 24 {
			return sign
		}
		return sign | uint16(roundShift(fraction|0x800000, shift))
	}
	// Rounding up may carry into the exponent, which is the next number.
	return sign | uint16(uint32(e)<<10+roundShift(fraction, 13))
}

func roundShift(v uint32, shift uint) uint32 {
	half := uint32(1) << (shift - 1)
	out, rest := v>>shift, v&(1<<shift-1)
	if rest > half || rest == half && out&1 == 1 {
		out++
	}
	return out
}

func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1F), uint32(h&0x3FF)
	switch exponent {
	case 0:
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1F:
		return math.Float32frombits(sign | 0x7F800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
