// Package gguf writes and reads GGUF version 3, the container of llama.cpp's
// weights: typed metadata, then tensors. It knows what an embedding model
// needs and no more. The layout is described in ggml's gguf.h and docs/gguf.md.
package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

const (
	magic   = "GGUF"
	version = 3
	// alignment of the tensors' data, from the start of the file and of each other.
	alignment = 32
)

// Type is a tensor's element type, as numbered by ggml.
type Type uint32

// The element types that are written here.
const (
	F32  Type = 0
	F16  Type = 1
	Q4_0 Type = 2 // blocks of 32 weights in 18 bytes: an f16 scale, 16 bytes of nibbles
)

// Bytes returns the length of n elements, or an error for a type that is not
// known here or a number that does not fill whole blocks.
func (t Type) Bytes(n uint64) (uint64, error) {
	block, size := uint64(1), uint64(0)
	switch t {
	case F32:
		size = 4
	case F16:
		size = 2
	case Q4_0:
		block, size = 32, 18
	default:
		return 0, fmt.Errorf("tensor type %d is not known", t)
	}
	if n%block != 0 || n/block > math.MaxInt64/size {
		return 0, fmt.Errorf("%d elements do not fill blocks of type %d", n, t)
	}
	return n / block * size, nil
}

// Metadata types, as numbered in the file.
const (
	typeUint8   = 0
	typeInt8    = 1
	typeUint16  = 2
	typeInt16   = 3
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9
	typeUint64  = 10
	typeInt64   = 11
	typeFloat64 = 12
)

// KV is one metadata entry. Value is a uint32, int32, float32, bool, string,
// []string, []float32 or []int32.
type KV struct {
	Key   string
	Value any
}

// Tensor is one array. Shape is ggml's: the innermost dimension first, so a
// matrix of out rows and in columns is {in, out}. Data is little endian and
// as long as Type.Bytes says.
type Tensor struct {
	Name  string
	Type  Type
	Shape []uint64
	Data  []byte
}

// Write writes one file. The same input gives the same bytes: entries and
// tensors keep their order.
func Write(w io.Writer, metadata []KV, tensors []Tensor) error {
	e := &encoder{w: bufio.NewWriterSize(w, 1<<16)}
	e.raw([]byte(magic))
	e.num(uint32(version))
	e.num(uint64(len(tensors)))
	e.num(uint64(len(metadata)))
	for _, kv := range metadata {
		e.str(kv.Key)
		if err := e.value(kv.Value); err != nil {
			return fmt.Errorf("metadata %s: %w", kv.Key, err)
		}
	}
	offset := uint64(0)
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return err
		}
		e.str(t.Name)
		e.num(uint32(len(t.Shape)))
		for _, d := range t.Shape {
			e.num(d)
		}
		e.num(uint32(t.Type))
		e.num(offset)
		offset = align(offset + uint64(len(t.Data)))
	}
	e.pad()
	for _, t := range tensors {
		e.raw(t.Data)
		e.pad()
	}
	if e.err != nil {
		return e.err
	}
	return e.w.Flush()
}

func (t Tensor) check() error {
	if len(t.Shape) == 0 || len(t.Shape) > maxRank {
		return fmt.Errorf("tensor %s: %d dimensions, want 1 to %d", t.Name, len(t.Shape), maxRank)
	}
	n := uint64(1)
	for _, d := range t.Shape {
		if d == 0 || n > math.MaxInt64/d {
			return fmt.Errorf("tensor %s: shape %v cannot be", t.Name, t.Shape)
		}
		n *= d
	}
	want, err := t.Type.Bytes(n)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	if want != uint64(len(t.Data)) {
		return fmt.Errorf("tensor %s: %d bytes for shape %v, want %d", t.Name, len(t.Data), t.Shape, want)
	}
	return nil
}

func align(n uint64) uint64 { return (n + alignment - 1) / alignment * alignment }

type encoder struct {
	w   *bufio.Writer
	n   uint64
	err error
}

func (e *encoder) raw(b []byte) {
	if e.err == nil {
		_, e.err = e.w.Write(b)
	}
	e.n += uint64(len(b))
}

func (e *encoder) num(v any) {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil && e.err == nil {
		e.err = err
	}
	e.raw(b)
}

func (e *encoder) str(s string) {
	e.num(uint64(len(s)))
	e.raw([]byte(s))
}

func (e *encoder) pad() { e.raw(make([]byte, align(e.n)-e.n)) }

func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case uint32:
		e.num(uint32(typeUint32))
		e.num(v)
	case int32:
		e.num(uint32(typeInt32))
		e.num(v)
	case float32:
		e.num(uint32(typeFloat32))
		e.num(v)
	case bool:
		e.num(uint32(typeBool))
		e.num(v)
	case string:
		e.num(uint32(typeString))
		e.str(v)
	case []string:
		e.array(typeString, len(v))
		for _, s := range v {
			e.str(s)
		}
	case []float32:
		e.array(typeFloat32, len(v))
		e.num(v)
	case []int32:
		e.array(typeInt32, len(v))
		e.num(v)
	default:
		return fmt.Errorf("a %T cannot be written", v)
	}
	return nil
}

func (e *encoder) array(of uint32, n int) {
	e.num(uint32(typeArray))
	e.num(of)
	e.num(uint64(n))
}
