package canary

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// shortest is the least bytes that are looked for: fewer could be anything.
const shortest = 8

// A Search looks for many texts at once. It is safe for several goroutines after the last text was added.
type Search struct {
	patterns []pattern
	begins   map[uint64][]int32 // first eight bytes, folded → patterns
	sieve    [1 << 16]uint64    // a bit for each hash of first bytes: most places are passed over without a look at the map
	longest  int
}

type pattern struct {
	bytes []byte // folded
	form  Form
	text  string
	exact []byte // nil where case means nothing
}

// A Find is a place where a text stands.
type Find struct {
	Where  string // file or name
	Offset int64
	Form   Form
	Text   string // the canary as it was added
}

// String is the find as one line.
func (f Find) String() string {
	return fmt.Sprintf("%s holds %q as %s at byte %d", f.Where, f.Text, f.Form, f.Offset)
}

// NewSearch returns one that looks for nothing yet.
func NewSearch() *Search { return &Search{begins: map[uint64][]int32{}} }

// AddSession looks for the marks of s and for all of its text.
func (s *Search) AddSession(session Session) {
	s.Add(session.Text)
	for _, mark := range session.Marks {
		s.Add(mark)
	}
}

// Add looks for text in every form in which it has eight bytes or more.
func (s *Search) Add(text string) {
	for _, form := range Forms() {
		for _, p := range form.write(text) {
			s.add(p, form, text)
		}
	}
}

// AddBytes looks for bytes as they are, under a name.
func (s *Search) AddBytes(name string, b []byte) {
	if len(b) >= shortest {
		s.insert(pattern{bytes: folded(b), form: "bytes", text: name, exact: b})
	}
}

func (s *Search) add(b []byte, form Form, text string) {
	// Eight bytes in a register are sixteen digits, unless text ends before them: zeros are everywhere.
	if len(b) < shortest || form == Register && len(b) < len("0x")+14 {
		return
	}
	p := pattern{bytes: folded(b), form: form, text: text}
	if !form.folds() {
		p.exact = b
	}
	s.insert(p)
}

func (s *Search) insert(p pattern) {
	key := uint64(0)
	for _, c := range p.bytes[:shortest] {
		key = key<<8 | uint64(c)
	}
	s.begins[key] = append(s.begins[key], int32(len(s.patterns)))
	h := sieveHash(key)
	s.sieve[h>>6] |= 1 << (h & 63)
	s.patterns = append(s.patterns, p)
	s.longest = max(s.longest, len(p.bytes))
}

// sieveHash mixes eight bytes down to 22 bits (multiplicative hashing, Knuth 6.4).
func sieveHash(key uint64) uint64 { return key * 0x9E3779B97F4A7C15 >> 42 }

func folded(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = fold(c)
	}
	return out
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// Bytes searches b. It returns every text in each form once.
func (s *Search) Bytes(where string, b []byte) []Find {
	finds, _ := s.Reader(where, bytes.NewReader(b))
	return finds
}

// Reader searches what r brings, to its end.
func (s *Search) Reader(where string, r io.Reader) ([]Find, error) {
	type found struct {
		form Form
		text string
	}
	var finds []Find
	seen := map[found]bool{}
	const step = 1 << 20
	buffer := make([]byte, 0, step+s.longest)
	begin := int64(0) // of buffer in r
	for end := false; !end; {
		n, err := io.ReadFull(r, buffer[len(buffer):len(buffer)+step])
		if end = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !end {
			return finds, err
		}
		buffer = buffer[:len(buffer)+n]
		s.scan(buffer, func(at int, p *pattern) {
			if k := (found{p.form, p.text}); !seen[k] {
				seen[k] = true
				finds = append(finds, Find{where, begin + int64(at), p.form, p.text})
			}
		})
		// What a pattern could begin in is looked at again with what follows.
		keep := min(len(buffer), max(s.longest-1, 0))
		begin += int64(len(buffer) - keep)
		buffer = buffer[:copy(buffer, buffer[len(buffer)-keep:])]
	}
	return finds, nil
}

// scan calls hit for each pattern that stands in b as a whole.
func (s *Search) scan(b []byte, hit func(at int, p *pattern)) {
	key := uint64(0)
	for i, c := range b {
		key = key<<8 | uint64(fold(c))
		if h := sieveHash(key); i < shortest-1 || s.sieve[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		at := i - (shortest - 1)
		for _, n := range s.begins[key] {
			p := &s.patterns[n]
			if at+len(p.bytes) > len(b) {
				continue
			}
			piece := b[at : at+len(p.bytes)]
			if p.exact != nil && bytes.Equal(piece, p.exact) || p.exact == nil && bytes.Equal(folded(piece), p.bytes) {
				hit(at, p)
			}
		}
	}
}

// File searches the content of one file.
func (s *Search) File(path string) ([]Find, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return s.Reader(path, f)
}

// Tree searches every file below dir, and the names and links of all that is there. Files that vanish meanwhile, sockets
// and devices are passed over. It returns how many bytes it looked through, so that a caller sees that there were some.
func (s *Search) Tree(dir string) (finds []Find, size int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		finds = append(finds, s.Bytes("the name of "+path, []byte(entry.Name()))...)
		if entry.Type()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(path)
			finds = append(finds, s.Bytes("the link "+path, []byte(to))...)
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		inside, err := s.File(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		finds = append(finds, inside...)
		if info, statErr := entry.Info(); statErr == nil {
			size += info.Size()
		}
		return err
	})
	return finds, size, err
}
