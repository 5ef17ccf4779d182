// Package ct2 reads the model.bin of a CTranslate2 model.
//
// The layout, all little endian: a u32 version, a string naming the model's
// specification, a u32 revision, a u32 count of variables; for each a string
// name, a u8 rank, rank u32 dimensions, a u8 type, a u32 number of bytes and
// the data; then a u32 count of aliases, two strings each. A string is a u16
// length that counts its closing NUL, then the bytes.
package ct2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrFormat is wrapped by every error of [Parse] and of the accessors.
var ErrFormat = errors.New("not a readable CTranslate2 model")

// Type is the element type of a [Variable], as numbered in the file.
type Type uint8

// The element types of CTranslate2.
const (
	Float32 Type = iota
	Int8
	Int16
	Int32
	Float16
)

// Size returns the bytes of one element, 0 for an unknown type.
func (t Type) Size() int {
	switch t {
	case Float32, Int32:
		return 4
	case Int16, Float16:
		return 2
	case Int8:
		return 1
	}
	return 0
}

// maxRank bounds the number of dimensions; Whisper's largest is 3.
const maxRank = 8

// Variable is one named array. Data aliases the slice given to [Parse].
type Variable struct {
	Shape []int // outermost first; empty for a scalar
	Type  Type
	Data  []byte // little endian, len = elements × Type.Size()
}

// Len returns the number of elements.
func (v Variable) Len() int { return len(v.Data) / v.Type.Size() }

// Model is a parsed model.bin.
type Model struct {
	Version   uint32
	Spec      string // "WhisperSpec"
	Revision  uint32
	Variables map[string]Variable
	Aliases   map[string]string // alias → name of the variable that it stands for
}

// Parse reads a whole model.bin. Nothing is copied, and nothing is allocated
// for a count or length that the data itself does not hold. Its errors wrap
// [ErrFormat].
func Parse(data []byte) (*Model, error) {
	c := cursor{rest: data}
	m := &Model{Variables: map[string]Variable{}, Aliases: map[string]string{}}
	m.Version = c.u32()
	if c.err == nil && m.Version != 6 {
		return nil, fmt.Errorf("%w: version %d, want 6", ErrFormat, m.Version)
	}
	m.Spec, m.Revision = c.str(), c.u32()
	for n := c.u32(); n > 0 && c.err == nil; n-- {
		name := c.str()
		v, err := c.variable()
		if err != nil {
			return nil, fmt.Errorf("%w: variable %q: %v", ErrFormat, name, err)
		}
		if _, twice := m.Variables[name]; twice {
			return nil, fmt.Errorf("%w: variable %q appears twice", ErrFormat, name)
		}
		m.Variables[name] = v
	}
	for n := c.u32(); n > 0 && c.err == nil; n-- {
		alias := c.str()
		m.Aliases[alias] = c.str()
	}
	if c.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, c.err)
	}
	if len(c.rest) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after the end", ErrFormat, len(c.rest))
	}
	return m, nil
}

// Tensor returns the variable of that name if it has that type and shape.
// Its errors wrap [ErrFormat].
func (m *Model) Tensor(name string, t Type, shape ...int) (Variable, error) {
	v, ok := m.Variables[name]
	if !ok {
		return v, fmt.Errorf("%w: variable %q is missing", ErrFormat, name)
	}
	same := v.Type == t && len(v.Shape) == len(shape)
	for i := 0; same && i < len(shape); i++ {
		same = v.Shape[i] == shape[i]
	}
	if !same {
		return v, fmt.Errorf("%w: variable %q is %v of type %d, want %v of type %d", ErrFormat, name, v.Shape, v.Type, shape, t)
	}
	return v, nil
}

type cursor struct {
	rest []byte
	err  error
}

var errCut = errors.New("it ends too soon")

func (c *cursor) take(n uint64) []byte {
	if c.err != nil || n > uint64(len(c.rest)) {
		if c.err == nil {
			c.err = errCut
		}
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u8() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) str() string {
	b := c.take(2)
	if b == nil {
		return ""
	}
	s := c.take(uint64(binary.LittleEndian.Uint16(b)))
	if c.err == nil && (len(s) == 0 || s[len(s)-1] != 0) {
		c.err = errors.New("a string has no closing NUL")
	}
	if c.err != nil {
		return ""
	}
	return string(s[:len(s)-1])
}

func (c *cursor) variable() (Variable, error) {
	var v Variable
	rank := c.u8()
	if rank > maxRank {
		return v, fmt.Errorf("%d dimensions, at most %d are read", rank, maxRank)
	}
	elements := uint64(1)
	for range rank {
		d := c.u32()
		v.Shape = append(v.Shape, int(d))
		if d != 0 && elements > math.MaxUint32/uint64(d) {
			return v, fmt.Errorf("shape %v is too large", v.Shape)
		}
		elements *= uint64(d)
	}
	v.Type = Type(c.u8())
	if c.err == nil && v.Type.Size() == 0 {
		return v, fmt.Errorf("unknown element type %d", v.Type)
	}
	size := uint64(c.u32())
	if c.err == nil && size != elements*uint64(v.Type.Size()) {
		return v, fmt.Errorf("%d bytes do not fit shape %v", size, v.Shape)
	}
	v.Data = c.take(size)
	return v, c.err
}
