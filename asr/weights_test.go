package asr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tinyWeights is a whole ggml file with Whisper's shape and one layer on each side.
func tinyWeights() []byte {
	var b bytes.Buffer
	put := func(v ...int32) { binary.Write(&b, binary.LittleEndian, v) }
	put(ggmlMagic, 51865, 1500, 8, 1, 1, 448, 8, 1, 1, 80, 1)
	put(80, 201)
	b.Write(make([]byte, 80*201*4))
	put(2, 1)
	b.WriteString("a")
	put(2)
	b.WriteString("bc")
	for range 15 + 24 + 11 {
		put(2, 4, 1, 3, 5)
		b.WriteString("name")
		b.Write(make([]byte, 3*5*2))
	}
	return b.Bytes()
}

func TestAWholeWeightsFilePasses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.bin")
	os.WriteFile(path, tinyWeights(), 0o600)
	info, err := CheckWeights(path)
	if err != nil || !info.Multilingual || info.Tensors != 50 || info.AudioContext != 1500 {
		t.Errorf("%+v, error %v", info, err)
	}
}

func TestABadWeightsFileIsOneClearLine(t *testing.T) {
	dir := t.TempDir()
	whole := tinyWeights()
	for name, c := range map[string]struct {
		data []byte
		say  string
	}{
		"empty":         {nil, "not a ggml file"},
		"text":          {[]byte("this is not a model at all"), "not a ggml file"},
		"cut in header": {whole[:20], "cut"},
		"cut in words":  {whole[:48+8+80*201*4+5], "cut"},
		"cut in tensor": {whole[:len(whole)-3], "cut"},
		"tensors gone":  {whole[:len(whole)-(20+4+30)], "cut: 49 of 50"},
		"another model": {append(append([]byte{}, whole[:4]...), make([]byte, 100)...), "not of Whisper"},
	} {
		path := filepath.Join(dir, name)
		os.WriteFile(path, c.data, 0o600)
		_, err := OpenWhisper(path, WhisperOptions{})
		if !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenWhisper(filepath.Join(dir, "none"), WhisperOptions{}); !errors.Is(err, ErrWeights) || !strings.Contains(err.Error(), "models pull") {
		t.Errorf("missing: %v", err)
	}
	if _, err := CheckWeights(dir); !errors.Is(err, ErrWeights) {
		t.Errorf("a folder: %v", err)
	}
}

func FuzzWeights(f *testing.F) {
	whole := tinyWeights()
	f.Add(whole)
	f.Add(whole[:100])
	f.Add([]byte("lmgg"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := walkWeights(bytes.NewReader(b), int64(len(b))); err == nil && len(b) < 80*201*4 {
			t.Error("a file without filters passed")
		}
	})
}
