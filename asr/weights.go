package asr

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrWeights wraps every error about a weights file that Whisper cannot use.
var ErrWeights = errors.New("whisper weights cannot be used")

// ggml's file magic ("ggml" as a little-endian word) and the limits that a Whisper file keeps, from whisper.cpp's loader.
const (
	ggmlMagic  = 0x67676d6c
	maxWord    = 1 << 10
	maxVocab   = 60_000
	maxTensors = 10_000
)

// WeightsInfo is what the header of a ggml Whisper file says.
type WeightsInfo struct {
	Vocab, AudioContext, AudioState, AudioLayers int
	TextContext, TextState, TextLayers           int
	Mels                                         int
	Tensors                                      int
	Multilingual                                 bool
}

// CheckWeights walks the ggml file at path from end to end without loading it, so that a missing, cut or foreign file is
// one clear error and never reaches the C++ loader, which may abort the process. Errors wrap ErrWeights.
func CheckWeights(path string) (WeightsInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return WeightsInfo{}, fmt.Errorf("%w: %s is missing: run `tenin models pull`", ErrWeights, path)
	}
	if err != nil {
		return WeightsInfo{}, fmt.Errorf("%w: %w", ErrWeights, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return WeightsInfo{}, fmt.Errorf("%w: %w", ErrWeights, err)
	}
	if !st.Mode().IsRegular() {
		return WeightsInfo{}, fmt.Errorf("%w: %s is not a file", ErrWeights, path)
	}
	info, err := walkWeights(f, st.Size())
	if err != nil {
		return WeightsInfo{}, fmt.Errorf("%w: %s: %w: run `tenin models verify`", ErrWeights, path, err)
	}
	return info, nil
}

// elementBytes gives block bytes and block elements of the ggml types that Whisper files use (ggml.h, enum ggml_type).
var elementBytes = map[int32][2]int64{
	0: {4, 1},   // f32
	1: {2, 1},   // f16
	2: {18, 32}, // q4_0
	3: {20, 32}, // q4_1
	6: {22, 32}, // q5_0
	7: {24, 32}, // q5_1
	8: {34, 32}, // q8_0
}

func walkWeights(r io.ReadSeeker, size int64) (WeightsInfo, error) {
	w := &walker{r: r, br: bufio.NewReaderSize(r, 1<<12), size: size}
	if magic := uint32(w.i32()); w.err != nil || magic != ggmlMagic {
		return WeightsInfo{}, errors.New("not a ggml file")
	}
	var h [11]int32
	for i := range h {
		h[i] = w.i32()
	}
	info := WeightsInfo{
		Vocab: int(h[0]), AudioContext: int(h[1]), AudioState: int(h[2]), AudioLayers: int(h[4]),
		TextContext: int(h[5]), TextState: int(h[6]), TextLayers: int(h[8]), Mels: int(h[9]),
		Multilingual: h[0] >= 51865,
	}
	if w.err == nil && (h[0] < 50_000 || h[0] > maxVocab || h[1] != 1500 || h[2] <= 0 || h[2] > 1<<13 ||
		h[5] <= 0 || h[5] > 1<<12 || (h[9] != 80 && h[9] != 128)) {
		return WeightsInfo{}, errors.New("a ggml file, but not of Whisper")
	}
	mels, fft := w.i32(), w.i32()
	if w.err == nil && (mels != h[9] || fft != 201) {
		return WeightsInfo{}, errors.New("a ggml file, but not of Whisper")
	}
	w.skip(int64(mels) * int64(fft) * 4)
	words := w.i32()
	if w.err == nil && (words < 1 || words > maxVocab) {
		return WeightsInfo{}, errors.New("damaged: the vocabulary is not one")
	}
	for range words {
		n := w.i32()
		if w.err == nil && (n < 0 || n > maxWord) {
			return WeightsInfo{}, errors.New("damaged: a word of the vocabulary is too long")
		}
		w.skip(int64(n))
		if w.err != nil {
			return WeightsInfo{}, w.err
		}
	}
	for w.err == nil && w.at < size {
		if info.Tensors++; info.Tensors > maxTensors {
			return WeightsInfo{}, errors.New("damaged: too many tensors")
		}
		dims, name, kind := w.i32(), w.i32(), w.i32()
		block, known := elementBytes[kind]
		if w.err == nil && (dims < 1 || dims > 4 || name < 1 || name > maxWord || !known) {
			return WeightsInfo{}, fmt.Errorf("damaged: tensor %d has no sense", info.Tensors)
		}
		elements := int64(1)
		for range dims {
			n := w.i32()
			if w.err == nil && (n < 1 || elements > size/int64(n)*block[1]) {
				return WeightsInfo{}, fmt.Errorf("damaged: tensor %d is larger than the file", info.Tensors)
			}
			elements *= int64(n)
		}
		w.skip(int64(name))
		w.skip(elements / block[1] * block[0])
	}
	if w.err != nil {
		return WeightsInfo{}, w.err
	}
	// Each block has 15 tensors in the encoder and 24 in the decoder, and there are 11 beside them.
	if want := 15*info.AudioLayers + 24*info.TextLayers + 11; info.Tensors != want {
		return WeightsInfo{}, fmt.Errorf("cut: %d of %d tensors", info.Tensors, want)
	}
	return info, nil
}

// walker reads words and skips data; after the first error it does nothing.
type walker struct {
	r    io.ReadSeeker
	br   *bufio.Reader
	at   int64
	size int64
	err  error
}

var errCut = errors.New("cut: the file ends too early")

func (w *walker) i32() int32 {
	var b [4]byte
	if w.err != nil {
		return 0
	}
	if _, err := io.ReadFull(w.br, b[:]); err != nil {
		w.err = errCut
		return 0
	}
	w.at += 4
	return int32(binary.LittleEndian.Uint32(b[:]))
}

func (w *walker) skip(n int64) {
	if w.err != nil {
		return
	}
	if n < 0 || n > w.size-w.at {
		w.err = errCut
		return
	}
	w.at += n
	if n <= int64(w.br.Buffered()) {
		w.br.Discard(int(n))
		return
	}
	if _, err := w.r.Seek(w.at, io.SeekStart); err != nil {
		w.err = err
		return
	}
	w.br.Reset(w.r)
}
