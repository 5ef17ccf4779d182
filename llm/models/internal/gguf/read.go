package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrFormat is wrapped by every error of [Parse].
var ErrFormat = errors.New("not a readable GGUF file")

// maxRank is ggml's own limit (GGML_MAX_DIMS).
const maxRank = 4

// maxNesting bounds arrays of arrays.
const maxNesting = 4

// File is a parsed GGUF file.
type File struct {
	Metadata map[string]any // values as in [KV]; other types of the format as their Go counterpart, arrays as []any
	Tensors  []Tensor       // Data aliases the slice given to [Parse]; nil for a type that is not known here
}

// Parse reads a whole file. Nothing is allocated for a count or length that
// the data itself does not hold. Its errors wrap [ErrFormat].
func Parse(data []byte) (*File, error) {
	d := &decoder{rest: data}
	if string(d.take(4)) != magic {
		return nil, fmt.Errorf("%w: the magic bytes are missing", ErrFormat)
	}
	if v := d.u32(); v != 2 && v != version {
		return nil, fmt.Errorf("%w: version %d, want 2 or 3", ErrFormat, v)
	}
	tensors, entries := d.u64(), d.u64()
	f := &File{Metadata: map[string]any{}}
	for ; entries > 0 && d.err == nil; entries-- {
		key := d.str()
		f.Metadata[key] = d.value(d.u32(), 0)
	}
	type place struct{ offset, size uint64 }
	var places []place
	for ; tensors > 0 && d.err == nil; tensors-- {
		t, offset, size := d.tensor()
		f.Tensors = append(f.Tensors, t)
		places = append(places, place{offset, size})
	}
	if d.err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, d.err)
	}
	step := uint64(alignment)
	if a, ok := f.Metadata["general.alignment"].(uint32); ok && a != 0 {
		step = uint64(a)
	}
	used := uint64(len(data) - len(d.rest))
	start := (used + step - 1) / step * step
	for i, p := range places {
		end := start + p.offset + p.size
		if end < start || end > uint64(len(data)) || p.offset > uint64(len(data)) || p.offset%step != 0 {
			return nil, fmt.Errorf("%w: tensor %q lies outside the file", ErrFormat, f.Tensors[i].Name)
		}
		if p.size > 0 {
			f.Tensors[i].Data = data[start+p.offset : end : end]
		}
	}
	return f, nil
}

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail("it ends too soon")
	}
	if d.err != nil {
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) u64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) str() string { return string(d.take(d.u64())) }

func (d *decoder) tensor() (t Tensor, offset, size uint64) {
	t.Name = d.str()
	rank := d.u32()
	if rank == 0 || rank > maxRank {
		d.fail("tensor %q has %d dimensions", t.Name, rank)
		return t, 0, 0
	}
	n := uint64(1)
	for range rank {
		dim := d.u64()
		if dim == 0 || n > math.MaxInt64/dim {
			d.fail("tensor %q has an impossible shape", t.Name)
			return t, 0, 0
		}
		n *= dim
		t.Shape = append(t.Shape, dim)
	}
	t.Type = Type(d.u32())
	offset = d.u64()
	// A type that is unknown here is listed without its data.
	if t.Type == F32 || t.Type == F16 || t.Type == Q4_0 {
		var err error
		if size, err = t.Type.Bytes(n); err != nil {
			d.fail("tensor %q: %v", t.Name, err)
		}
	}
	return t, offset, size
}

func (d *decoder) value(kind uint32, depth int) any {
	switch kind {
	case typeUint8, typeInt8, typeBool:
		b := d.take(1)
		switch {
		case b == nil:
			return nil
		case kind == typeBool:
			return b[0] != 0
		case kind == typeInt8:
			return int8(b[0])
		}
		return b[0]
	case typeUint16, typeInt16:
		b := d.take(2)
		if b == nil {
			return nil
		}
		v := binary.LittleEndian.Uint16(b)
		if kind == typeInt16 {
			return int16(v)
		}
		return v
	case typeUint32:
		return d.u32()
	case typeInt32:
		return int32(d.u32())
	case typeFloat32:
		return math.Float32frombits(d.u32())
	case typeUint64:
		return d.u64()
	case typeInt64:
		return int64(d.u64())
	case typeFloat64:
		return math.Float64frombits(d.u64())
	case typeString:
		return d.str()
	case typeArray:
		return d.array(depth)
	}
	d.fail("metadata type %d is not known", kind)
	return nil
}

func (d *decoder) array(depth int) any {
	kind, n := d.u32(), d.u64()
	if depth >= maxNesting {
		d.fail("arrays are nested too deep")
		return nil
	}
	switch kind {
	case typeString:
		return gather[string](d, kind, n, depth)
	case typeFloat32:
		return gather[float32](d, kind, n, depth)
	case typeInt32:
		return gather[int32](d, kind, n, depth)
	}
	return gather[any](d, kind, n, depth)
}

// gather grows its slice with what it has read, never by the announced count:
// each element takes at least a byte of the input.
func gather[T any](d *decoder, kind uint32, n uint64, depth int) []T {
	var out []T
	for ; n > 0 && d.err == nil; n-- {
		v, ok := d.value(kind, depth+1).(T)
		if d.err != nil || !ok {
			return out
		}
		out = append(out, v)
	}
	return out
}
