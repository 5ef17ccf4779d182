package wheel

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"
)

func archive(t testing.TB, members map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range members {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte, name string, limit int64) ([]byte, error) {
	w, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	r, err := w.Member(name, limit)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestAMemberIsReadWhole(t *testing.T) {
	want := bytes.Repeat([]byte("weights "), 10_000)
	got, err := read(archive(t, map[string][]byte{"data/part.bin": want}), "data/part.bin", int64(len(want)))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAMemberLongerThanItsLimitIsRefused(t *testing.T) {
	data := archive(t, map[string][]byte{"a": make([]byte, 1000)})
	if _, err := read(data, "a", 999); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestAMemberThatGrowsBeyondWhatItAnnouncesIsRefused(t *testing.T) {
	m := &Member{r: io.NopCloser(bytes.NewReader(make([]byte, 100))), name: "a", left: 99}
	if _, err := io.ReadAll(m); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestAMissingMemberIsNamed(t *testing.T) {
	if _, err := read(archive(t, nil), "a", 1); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestEveryCutWheelIsRefused(t *testing.T) {
	whole := archive(t, map[string][]byte{"a": []byte("content")})
	for n := range whole {
		if _, err := read(whole[:n], "a", 100); !errors.Is(err, ErrFormat) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func FuzzMember(f *testing.F) {
	f.Add(archive(f, map[string][]byte{"a": []byte("content"), "../b": nil}))
	f.Add(archive(f, map[string][]byte{"a": bytes.Repeat([]byte{0}, 5000)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 4096
		got, err := read(data, "a", limit)
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%v is not ErrFormat", err)
		}
		if len(got) > limit {
			t.Errorf("%d bytes came out", len(got))
		}
	})
}
