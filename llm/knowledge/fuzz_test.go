package knowledge

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkImport holds for any bytes: no panic, an error on one line or a batch
// whose every item the store would take, and which is read back as it is.
func checkImport(t *testing.T, data []byte) {
	b, r, err := Import(context.Background(), "fuzz", bytes.NewReader(data))
	if err != nil {
		if strings.Contains(err.Error(), "\n") {
			t.Fatalf("more than a line: %q", err)
		}
		return
	}
	if err := checkBatch(b); err != nil {
		t.Fatal(err)
	}
	if r.Taken != (Counts{len(b.Entries), len(b.Products)}) {
		t.Fatalf("the report counts %+v", r.Taken)
	}
	for _, p := range append(r.Refused, r.Warnings...) {
		if strings.Contains(p.Reason, "\n") || !utf8.ValidString(p.Reason) {
			t.Fatalf("reason %q", p.Reason)
		}
	}
	again, r, err := Import(context.Background(), "fuzz", strings.NewReader(jsonl(b)))
	if err != nil || len(r.Refused) > 0 {
		t.Fatalf("the export is not taken: %v %s", err, r)
	}
	if !reflect.DeepEqual(again.Entries, b.Entries) || !reflect.DeepEqual(again.Products, b.Products) {
		t.Fatalf("the export differs\n%+v\n%+v", again, b)
	}
}

func FuzzImportText(f *testing.F) {
	for _, s := range []string{answersCSV, "商品名\t売場\n鉛筆\t6階\n", `{"question":"q","answer":"a","variants":["b"]}`, `[{"name":"鉛筆","price":1e3,"stock":-1}]`, "sep=;\n質問;回答\n\"a\nb\";c\n", "\ufeff質問,回答\n", "\xff\xfe質"} {
		f.Add([]byte(s))
	}
	for _, name := range []string{"faq-sjis.csv", "bad-rows.csv", "bad-products.csv"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkImport(t, data) })
}

func FuzzImportWorkbook(f *testing.F) {
	f.Add(workbook(f, map[string][][]any{"S": {{"質問", "回答", "カテゴリ"}, {"q", "a", "c"}, {"q2", "a2", nil}}}, nil))
	f.Fuzz(func(t *testing.T, data []byte) { checkImport(t, data) })
}

func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"2026-04-01", "令和8年4月1日", "R8.4.1", "46113", "2026/4/1(水) 10:00"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, serial string) {
		day, err := parseDay(text, serial, false)
		if err != nil || day.IsZero() {
			return
		}
		again, err := parseDay(formatDay(day), "", false)
		if err != nil || !again.Equal(day) {
			t.Fatalf("%q: %v, then %v %v", text, day, again, err)
		}
	})
}

func FuzzVectorFile(f *testing.F) {
	f.Add([]byte(vectorMagic))
	f.Add(appendVector([]byte(vectorMagic), vectorKey{1}, []uint16{0x3C00, 1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "v")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := OpenVectorCache(path)
		if err != nil {
			return
		}
		if err := c.Put("m", "t", []float32{1}); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		again, err := OpenVectorCache(path)
		if err != nil || again.Len() != c.Len() {
			t.Fatalf("%v: %d vectors, want %d", err, again.Len(), c.Len())
		}
	})
}

func FuzzStorePages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "knowledge.db")
	s := openStore(f, path)
	if _, err := s.Apply(Batch{Entries: []Entry{hours}}); err != nil {
		f.Fatal(err)
	}
	s.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), byte(0))
	f.Add(uint32(4096), byte(1))
	f.Fuzz(func(t *testing.T, at uint32, mask byte) {
		changed := bytes.Clone(data)
		changed[int(at)%len(changed)] ^= mask
		path := filepath.Join(t.TempDir(), "k.db")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			return
		}
		defer s.Close()
		if e, err := s.Entries(); err != nil || !reflect.DeepEqual(e, []Entry{hours}) {
			t.Fatalf("%+v %v", e, err)
		}
	})
}
