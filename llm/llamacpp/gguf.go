package llama

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
)

// FileInfo is what a GGUF header says about its file.
type FileInfo struct {
	Version       uint32
	Architecture  string // general.architecture: "gemma3", "bert" …
	Name          string // general.name, may be empty
	Tensors       int
	ContextLength int   // ARCH.context_length in tokens, 0 if unsaid
	Dim           int   // ARCH.embedding_length, 0 if unsaid
	Bytes         int64 // bytes that the file needs to hold all tensors
}

// Inspect reads the header of the GGUF file at path and checks that all tensors
// fit into the file. Its errors wrap ErrMissing, ErrNotGGUF, ErrCut or
// ErrUnsupported. It works without the engine and reads no weights.
func Inspect(path string) (FileInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return FileInfo{}, fmt.Errorf("open %s: %w", path, ErrMissing)
	}
	if err != nil {
		return FileInfo{}, fmt.Errorf("open model: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return FileInfo{}, fmt.Errorf("open model: %w", err)
	}
	if !st.Mode().IsRegular() {
		return FileInfo{}, fmt.Errorf("open %s: %w: not a regular file", path, ErrNotGGUF)
	}
	info, err := ReadHeader(f, st.Size())
	if err != nil {
		return info, fmt.Errorf("open %s: %w", path, err)
	}
	return info, nil
}

// ReadHeader reads a GGUF header (the layout is written down in ggml's gguf.h)
// from the first bytes of a file that has size bytes. Errors as for Inspect.
func ReadHeader(r io.Reader, size int64) (FileInfo, error) {
	h := headerReader{r: bufio.NewReaderSize(r, 1<<16), left: uint64(max(size, 0))}
	info := h.header()
	if h.err != nil {
		return FileInfo{}, h.err
	}
	if info.Bytes > size {
		return info, fmt.Errorf("%w: %d of %d bytes are there; fetch it again", ErrCut, size, info.Bytes)
	}
	return info, nil
}

// headerReader keeps the first error and the bytes left in the file, so that no
// count in a broken header makes it allocate or loop beyond the file's size.
type headerReader struct {
	r    *bufio.Reader
	left uint64
	read uint64
	err  error
}

func (h *headerReader) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

func (h *headerReader) bytes(n uint64) []byte {
	if h.err != nil {
		return nil
	}
	if n > h.left {
		h.fail(fmt.Errorf("%w: its header does not end; fetch it again", ErrCut))
		return nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(h.r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: its header does not end; fetch it again", ErrCut)
		}
		h.fail(err)
		return nil
	}
	h.left -= n
	h.read += n
	return b
}

func (h *headerReader) skip(n uint64) {
	const step = 1 << 20
	for n > 0 && h.err == nil {
		k := min(n, step)
		if n > h.left {
			h.fail(fmt.Errorf("%w: its header does not end; fetch it again", ErrCut))
			return
		}
		got, err := h.r.Discard(int(k))
		h.left -= uint64(got)
		h.read += uint64(got)
		n -= uint64(got)
		if err != nil {
			h.fail(fmt.Errorf("%w: its header does not end; fetch it again", ErrCut))
		}
	}
}

func (h *headerReader) u32() uint32 {
	if b := h.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (h *headerReader) u64() uint64 {
	if b := h.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// maxName is far above every key and name in use (ggml allows 64 bytes for
// tensors, 65,535 for keys).
const maxName = 1 << 16

func (h *headerReader) text() string {
	n := h.u64()
	if h.err == nil && n > maxName && n > h.left {
		h.fail(fmt.Errorf("%w: its header does not end; fetch it again", ErrCut))
	} else if h.err == nil && n > maxName {
		h.fail(fmt.Errorf("%w: a name of %d bytes", ErrNotGGUF, n))
	}
	return string(h.bytes(n))
}

// GGUF value types (enum gguf_type).
const (
	valU8, valI8, valU16, valI16, valU32, valI32, valF32, valBool = 0, 1, 2, 3, 4, 5, 6, 7
	valString, valArray, valU64, valI64, valF64                   = 8, 9, 10, 11, 12
)

func scalarSize(kind uint32) uint64 {
	switch kind {
	case valU8, valI8, valBool:
		return 1
	case valU16, valI16:
		return 2
	case valU32, valI32, valF32:
		return 4
	case valU64, valI64, valF64:
		return 8
	}
	return 0
}

func (h *headerReader) skipValue(kind uint32) {
	switch {
	case kind == valString:
		h.skip(h.u64())
	case kind == valArray:
		elem, n := h.u32(), h.u64()
		switch size := scalarSize(elem); {
		case h.err != nil:
		case elem == valString:
			for i := uint64(0); i < n && h.err == nil; i++ {
				h.skip(h.u64())
			}
		case size == 0:
			h.fail(fmt.Errorf("%w: array of unknown type %d", ErrNotGGUF, elem))
		case n > h.left/size:
			h.fail(fmt.Errorf("%w: its header does not end; fetch it again", ErrCut))
		default:
			h.skip(n * size)
		}
	case scalarSize(kind) > 0:
		h.skip(scalarSize(kind))
	case h.err == nil:
		h.fail(fmt.Errorf("%w: value of unknown type %d", ErrNotGGUF, kind))
	}
}

func (h *headerReader) header() FileInfo {
	var info FileInfo
	if h.left < 4 {
		h.fail(fmt.Errorf("%w: it has %d bytes", ErrNotGGUF, h.left))
		return info
	}
	if magic := h.bytes(4); h.err != nil || string(magic) != "GGUF" {
		h.fail(fmt.Errorf("%w: it starts with %q", ErrNotGGUF, magic))
		return info
	}
	info.Version = h.u32()
	switch {
	case h.err != nil:
		return info
	case info.Version&0xffff == 0:
		h.fail(fmt.Errorf("%w: big-endian GGUF", ErrUnsupported))
		return info
	case info.Version < 2 || info.Version > 3:
		h.fail(fmt.Errorf("%w: GGUF version %d, known are 2 and 3", ErrUnsupported, info.Version))
		return info
	}
	tensors, values := h.u64(), h.u64()
	alignment := h.values(values, &info)
	end := h.tensors(tensors)
	if h.err != nil {
		return info
	}
	info.Tensors = int(tensors)
	start := (h.read + alignment - 1) / alignment * alignment
	if end > math.MaxInt64-start {
		h.fail(fmt.Errorf("%w: tensors beyond any file", ErrNotGGUF))
		return info
	}
	info.Bytes = int64(start + end)
	if tensors == 0 {
		info.Bytes = int64(h.read)
	}
	return info
}

// values reads the key-value pairs and returns the alignment of the tensor data.
func (h *headerReader) values(n uint64, info *FileInfo) uint64 {
	alignment := uint64(32)
	for i := uint64(0); i < n && h.err == nil; i++ {
		key, kind := h.text(), h.u32()
		switch {
		case kind == valString && key == "general.architecture":
			info.Architecture = h.text()
		case kind == valString && key == "general.name":
			info.Name = h.text()
		case kind == valU32 && key == "general.alignment":
			alignment = uint64(h.u32())
			if h.err == nil && (alignment == 0 || alignment&(alignment-1) != 0 || alignment > 1<<20) {
				h.fail(fmt.Errorf("%w: alignment %d", ErrNotGGUF, alignment))
			}
		case kind == valU32 && info.Architecture != "" && key == info.Architecture+".context_length":
			info.ContextLength = int(h.u32())
		case kind == valU32 && info.Architecture != "" && key == info.Architecture+".embedding_length":
			info.Dim = int(h.u32())
		default:
			h.skipValue(kind)
		}
	}
	return alignment
}

// tensors reads the tensor list and returns where the last one ends, counted
// from the start of the tensor data.
func (h *headerReader) tensors(n uint64) uint64 {
	var end uint64
	for i := uint64(0); i < n && h.err == nil; i++ {
		name, dims := h.text(), h.u32()
		if h.err == nil && dims > 4 {
			h.fail(fmt.Errorf("%w: tensor %q has %d dimensions", ErrNotGGUF, name, dims))
			return 0
		}
		count := uint64(1)
		for d := uint32(0); d < dims; d++ {
			size := h.u64()
			if h.err == nil && size > 0 && count > math.MaxInt64/size {
				h.fail(fmt.Errorf("%w: tensor %q is larger than any file", ErrNotGGUF, name))
				return 0
			}
			count *= size
		}
		kind, offset := h.u32(), h.u64()
		if h.err != nil {
			return 0
		}
		t, known := tensorTypes[kind]
		if !known {
			h.fail(fmt.Errorf("%w: tensor %q has the unknown type %d", ErrUnsupported, name, kind))
			return 0
		}
		blocks := (count + t.Values - 1) / t.Values
		if offset > math.MaxInt64 || blocks > (math.MaxInt64-offset)/t.Bytes {
			h.fail(fmt.Errorf("%w: tensor %q is larger than any file", ErrNotGGUF, name))
			return 0
		}
		end = max(end, offset+blocks*t.Bytes)
	}
	return end
}
