package llama

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// tinyGGUF is a file of one f32 tensor with values values.
func tinyGGUF(values int) []byte {
	var b bytes.Buffer
	le := binary.LittleEndian
	text := func(s string) {
		_ = binary.Write(&b, le, uint64(len(s)))
		b.WriteString(s)
	}
	put := func(v any) { _ = binary.Write(&b, le, v) }
	b.WriteString("GGUF")
	put(uint32(3))
	put(uint64(1))
	put(uint64(4))
	text("general.architecture")
	put(uint32(valString))
	text("bert")
	text("bert.context_length")
	put(uint32(valU32))
	put(uint32(512))
	text("bert.embedding_length")
	put(uint32(valU32))
	put(uint32(384))
	text("tokenizer.ggml.tokens")
	put(uint32(valArray))
	put(uint32(valString))
	put(uint64(2))
	text("a")
	text("営業")
	text("w")
	put(uint32(1))
	put(uint64(values))
	put(uint32(0))
	put(uint64(0))
	for b.Len()%32 != 0 {
		b.WriteByte(0)
	}
	b.Write(make([]byte, 4*values))
	return b.Bytes()
}

func inspectBytes(b []byte) (FileInfo, error) { return ReadHeader(bytes.NewReader(b), int64(len(b))) }

func TestAHeaderTellsWhatTheFileIs(t *testing.T) {
	file := tinyGGUF(5)
	info, err := inspectBytes(file)
	if err != nil {
		t.Fatal(err)
	}
	want := FileInfo{Version: 3, Architecture: "bert", Tensors: 1, ContextLength: 512, Dim: 384, Bytes: int64(len(file))}
	if info != want {
		t.Errorf("got %+v, want %+v", info, want)
	}
}

func TestAFileCutAnywhereIsToldFromAForeignOne(t *testing.T) {
	file := tinyGGUF(5)
	for n := 4; n < len(file); n++ {
		if _, err := inspectBytes(file[:n]); !errors.Is(err, ErrCut) {
			t.Fatalf("cut at %d of %d: %v", n, len(file), err)
		}
	}
	for n := 0; n < 4; n++ {
		if _, err := inspectBytes(file[:n]); !errors.Is(err, ErrNotGGUF) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestAForeignFileIsRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"a web page": []byte("<!DOCTYPE html><html>not found</html>"),
		"zeros":      make([]byte, 64),
	} {
		if _, err := inspectBytes(data); !errors.Is(err, ErrNotGGUF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	file := tinyGGUF(1)
	file[4] = 9
	if _, err := inspectBytes(file); !errors.Is(err, ErrUnsupported) {
		t.Errorf("version 9: %v", err)
	}
}

func TestAMissingFileAndAFolderAreNamed(t *testing.T) {
	dir := t.TempDir()
	if _, err := New(filepath.Join(dir, "none.gguf")); !errors.Is(err, ErrMissing) {
		t.Errorf("missing: %v", err)
	}
	if _, err := New(dir); !errors.Is(err, ErrNotGGUF) {
		t.Errorf("folder: %v", err)
	}
	cut := filepath.Join(dir, "cut.gguf")
	if err := os.WriteFile(cut, tinyGGUF(9)[:200], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(cut); !errors.Is(err, ErrCut) {
		t.Errorf("cut: %v", err)
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add(tinyGGUF(1))
	f.Add(tinyGGUF(5)[:100])
	f.Add([]byte("GGUF\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := inspectBytes(data)
		if err == nil && info.Bytes > int64(len(data)) {
			t.Errorf("%d bytes needed, %d there", info.Bytes, len(data))
		}
		for _, known := range []error{ErrNotGGUF, ErrCut, ErrUnsupported} {
			if errors.Is(err, known) {
				return
			}
		}
		if err != nil {
			t.Errorf("an error without a name: %v", err)
		}
	})
}
