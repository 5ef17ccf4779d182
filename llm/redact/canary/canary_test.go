package canary

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const seed = 20261122

func TestTheSameSeedInventsTheSameShoppersAndNoTwoShareAMark(t *testing.T) {
	sessions := Sessions(seed, 200)
	again := Sessions(seed, 200)
	owner := map[string]int{}
	for i, s := range sessions {
		if s.Text != again[i].Text || len(s.Marks) != 4 {
			t.Fatalf("session %d: %+v", i, s)
		}
		for _, mark := range s.Marks {
			if other, had := owner[mark]; had {
				t.Errorf("%q is of %d and %d", mark, other, i)
			}
			owner[mark] = i
			if !strings.Contains(s.Text, mark) || len(mark) < shortest {
				t.Errorf("mark %q of %q", mark, s.Text)
			}
		}
	}
	for i, s := range sessions {
		for mark, of := range owner {
			if of != i && strings.Contains(s.Text, mark) {
				t.Errorf("%q of %d stands in %d", mark, of, i)
			}
		}
	}
}

func search(sessions []Session) *Search {
	s := NewSearch()
	for _, session := range sessions {
		s.AddSession(session)
	}
	return s
}

func TestEveryMarkIsFoundInEveryFormWhereverItStands(t *testing.T) {
	sessions := Sessions(seed, 40)
	s := search(sessions)
	planted := 0
	for _, session := range sessions {
		for _, mark := range session.Marks {
			for _, form := range Forms() {
				for _, written := range form.write(mark) {
					if len(written) < shortest || form == Register && len(written) < 16 {
						continue
					}
					if form.folds() {
						written = bytes.Map(func(r rune) rune {
							if 'a' <= r && r <= 'z' {
								r -= 'a' - 'A'
							}
							return r
						}, written)
					}
					hay := slices.Concat(bytes.Repeat([]byte{'.', 0}, planted%7), written, []byte("…"))
					is := func(f Find) bool { return f.Form == form && f.Text == mark && f.Offset == int64(planted%7*2) }
					if finds := s.Bytes("hay", hay); !slices.ContainsFunc(finds, is) {
						t.Errorf("%q as %s is not found in %q: %v", mark, form, hay, finds)
					}
					planted++
				}
			}
		}
	}
	if planted < 2000 {
		t.Errorf("%d were planted", planted)
	}
}

func TestBase64IsFoundAtEachAlignment(t *testing.T) {
	text := Sessions(seed, 1)[0].Marks[1]
	s := NewSearch()
	s.Add(text)
	for before := range 6 {
		for after := range 4 {
			all := []byte(strings.Repeat("x", before) + text + strings.Repeat("y", after))
			for _, form := range []Form{Base64, Base64u} {
				encoded := form.write(string(all))[0]
				if finds := s.Bytes("hay", encoded); len(finds) == 0 {
					t.Errorf("%d before, %d after: not found in %s", before, after, encoded)
				}
			}
		}
	}
}

func TestAFileLongerThanABufferIsSearchedAcrossItsSeams(t *testing.T) {
	text := Sessions(seed, 1)[0].Text
	s := NewSearch()
	s.Add(text)
	for _, at := range []int{1<<20 - 1, 1<<20 - len(text), 1 << 20, 2<<20 - 5, 3 << 20} {
		hay := bytes.Repeat([]byte{'-'}, 4<<20)
		copy(hay[at:], text)
		finds, err := s.Reader("hay", iotest.HalfReader(bytes.NewReader(hay)))
		if err != nil || len(finds) != 1 || finds[0].Offset != int64(at) || finds[0].Form != Plain {
			t.Errorf("at %d: %v, %v", at, finds, err)
		}
	}
}

func TestATreeIsSearchedInFilesNamesAndLinks(t *testing.T) {
	sessions := Sessions(seed, 6)
	s := search(sessions)
	dir := t.TempDir()
	for i, session := range sessions[:3] {
		mark := session.Marks[0]
		path := filepath.Join(dir, "f")
		var err error
		switch i {
		case 0:
			err = os.WriteFile(path, []byte("…"+mark), 0o600)
		case 1:
			err = os.Mkdir(filepath.Join(dir, mark), 0o700)
		case 2:
			err = os.Symlink(mark, filepath.Join(dir, "l"))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	finds, size, err := s.Tree(dir)
	if err != nil || len(finds) != 3 || size == 0 {
		t.Errorf("%v, %d bytes, %v", finds, size, err)
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := search(Sessions(seed, 200))
	others := Sessions(seed+1, 200)
	for _, o := range others {
		for _, f := range s.Bytes("others", []byte(o.Text)) {
			if !strings.Contains(o.Text, f.Text) {
				t.Error(f)
			}
		}
	}
	dictionary, err := os.ReadFile("../../reading/lexicon.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if finds := s.Bytes("dictionary", dictionary); len(finds) != 0 {
		t.Error(finds)
	}
}
