package speech

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A voice is Kokoro's table of styles: for each count of phonemes the vector
// that colours the speech.
type voice [][]float32

const (
	styleRows  = 510
	styleWidth = 256
)

// readVoices reads an .npz file (a zip of .npy arrays, see NumPy's format
// description) that holds every voice of voiceNames.
func readVoices(path string) (map[string]voice, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("voices %s: %w", path, err)
	}
	defer z.Close()
	out := map[string]voice{}
	for _, name := range voiceNames {
		f, err := z.Open(name + ".npy")
		if err != nil {
			return nil, fmt.Errorf("voices %s: voice %s is missing: pull the weights again", path, name)
		}
		shape, values, err := readNPY(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("voices %s: voice %s: %w", path, name, err)
		}
		if len(shape) != 3 || shape[0] != styleRows || shape[1] != 1 || shape[2] != styleWidth {
			return nil, fmt.Errorf("voices %s: voice %s has shape %v, want [%d 1 %d]", path, name, shape, styleRows, styleWidth)
		}
		v := make(voice, styleRows)
		for i := range v {
			v[i] = values[i*styleWidth : (i+1)*styleWidth]
		}
		out[name] = v
	}
	return out, nil
}

var (
	npyDescr = regexp.MustCompile(`'descr':\s*'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape = regexp.MustCompile(`'shape':\s*\(([0-9, ]*)\)`)
)

// maxNPY bounds what a header may ask for: 16 Mi values.
const maxNPY = 1 << 24

// readNPY reads a little-endian float32 array in row-major order.
func readNPY(r io.Reader) (shape []int, values []float32, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, nil, fmt.Errorf("not an .npy array: %w", err)
	}
	if string(head[:6]) != "\x93NUMPY" {
		return nil, nil, errors.New("not an .npy array: wrong magic")
	}
	var length uint32
	if head[6] == 1 {
		var short uint16
		err = binary.Read(r, binary.LittleEndian, &short)
		length = uint32(short)
	} else {
		err = binary.Read(r, binary.LittleEndian, &length)
	}
	if err != nil || length > 1<<16 {
		return nil, nil, errors.New("not an .npy array: broken header")
	}
	header := make([]byte, length)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, nil, fmt.Errorf("not an .npy array: %w", err)
	}
	descr, order, dims := npyDescr.FindSubmatch(header), npyOrder.FindSubmatch(header), npyShape.FindSubmatch(header)
	if descr == nil || order == nil || dims == nil || string(descr[1]) != "<f4" || string(order[1]) != "False" {
		return nil, nil, fmt.Errorf("unsupported array: %q", header)
	}
	total := 1
	for field := range strings.SplitSeq(string(dims[1]), ",") {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 || n > maxNPY || total*n > maxNPY {
			return nil, nil, fmt.Errorf("unsupported shape (%s)", dims[1])
		}
		shape = append(shape, n)
		total *= n
	}
	raw, err := io.ReadAll(io.LimitReader(r, int64(total)*4))
	if err != nil || len(raw) != total*4 {
		return nil, nil, fmt.Errorf("array is cut off: %d of %d bytes", len(raw), total*4)
	}
	values = make([]float32, total)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return shape, values, nil
}
