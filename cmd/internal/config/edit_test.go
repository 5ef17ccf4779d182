package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnEditChangesItsKeysAndNothingElse(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		change Change
		want   string
	}{
		"a value": {
			"# ours\n[shop]\nname = \"a\" # spoken\n\n[audio]\nmicrophone = \"x\"\n", Change{"shop.name": "緑屋"},
			"# ours\n[shop]\nname = \"緑屋\" # spoken\n\n[audio]\nmicrophone = \"x\"\n"},
		"a comment keeps its column": {
			"[shop]\nname = \"\"         # spoken\n", Change{"shop.name": "abc"},
			"[shop]\nname = \"abc\"      # spoken\n"},
		"a key that is not there": {
			"[shop]\nname = \"a\"\n# the end of the shop\n[audio]\n", Change{"shop.brand": "B"},
			"[shop]\nname = \"a\"\nbrand = \"B\"\n# the end of the shop\n[audio]\n"},
		"a table that is not there": {
			"[shop]\nname = \"a\"", Change{"speech.speed": 1.0, "retention.days": 7},
			"[shop]\nname = \"a\"\n\n[retention]\ndays = 7\n"},
		"a number with a comment": {
			"[retention]\ndays=30#a month\n", Change{"retention.days": 7, "retention.audio": false},
			"[retention]\ndays=7 #a month\naudio = false\n"},
		"no file":      {"", Change{"shop.accent": "#165e83"}, "[shop]\naccent = \"#165e83\"\n"},
		"other lines":  {"[shop]\r\nname = 'a' # x\r\n", Change{"shop.name": `b"\`}, "[shop]\r\nname = \"b\\\"\\\\\" # x\r\n"},
		"a sign in it": {"[shop]\nname = \"a # b\" # c\n", Change{"shop.name": "d"}, "[shop]\nname = \"d\"     # c\n"},
		"a subtable":   {"[sandbox]\nmode = \"off\"\n[sandbox.asr]\nmemory_mb = 900\n", Change{"sandbox.asr.memory_mb": 800}, "[sandbox]\nmode = \"off\"\n[sandbox.asr]\nmemory_mb = 800\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := edit(tc.text, tc.change)
			if err != nil || got != tc.want {
				t.Errorf("%q, %v\nwant %q", got, err, tc.want)
			}
		})
	}
}

func TestWhatCannotBeEditedIsLeftAlone(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		change Change
		want   error
	}{
		"dotted":       {"shop.name = \"a\"\n", Change{"shop.name": "b"}, ErrByHand},
		"inline":       {"shop = { name = \"a\" }\n", Change{"shop.name": "b"}, ErrByHand},
		"many lines":   {"[shop]\nname = \"\"\"\na\"\"\"\n", Change{"shop.name": "b"}, ErrByHand},
		"quoted key":   {"[shop]\n\"name\" = \"a\"\n", Change{"shop.name": "b"}, ErrByHand},
		"unknown":      {"", Change{"shop.nam": "b"}, nil},
		"a table":      {"", Change{"shop": "b"}, nil},
		"wrong type":   {"", Change{"shop.name": 1}, nil},
		"out of range": {"", Change{"retention.days": 0}, nil},
		"no colour":    {"", Change{"shop.accent": "blue"}, nil},
		"broken file":  {"[shop\n", Change{"shop.name": "b"}, nil},
		"two lines":    {"", Change{"shop.name": "a\nb"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := edit(tc.text, tc.change)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestAnEditCanBeUndoneAndDoneAgain(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "tenin.toml")
	if err := Undo("", home); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before any edit: %v", err)
	}
	if err := os.WriteFile(file, []byte("[shop]\nname = \"a\" # ours\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		c, err := Load("", home)
		if err != nil {
			t.Fatal(err)
		}
		return c.Shop.Name
	}
	if err := Edit("", home, Change{"shop.name": "b"}); err != nil || name() != "b" {
		t.Fatalf("%v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	// What changes nothing writes nothing, and leaves what can be undone.
	if err := Edit("", home, Change{"shop.name": "b"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "b", "a"} {
		if err := Undo("", home); err != nil || name() != want {
			t.Fatalf("%q, want %q: %v", name(), want, err)
		}
	}
	files, err := os.ReadDir(home)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
}

func TestAFailedEditLeavesTheFileAsItWas(t *testing.T) {
	if os.Geteuid() == 0 {
		// root writes into any folder: a file in the way of the folder does it.
		file := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Edit("", filepath.Join(file, "home"), Change{"shop.name": "b"}); err == nil {
			t.Fatal("it was written")
		}
		return
	}
	home := t.TempDir()
	if err := os.Chmod(home, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := Edit("", home, Change{"shop.name": "b"}); !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("%v", err)
	}
}

// anyChange draws values that the checks take.
func anyChange(t *rapid.T) Change {
	c := Change{}
	text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \"'\\#[]=緑屋é")), 0, 12, -1)
	add := func(key string, value any) {
		if rapid.Bool().Draw(t, key) {
			c[key] = value
		}
	}
	add("shop.name", text.Draw(t, "name"))
	add("shop.brand", text.Draw(t, "brand"))
	add("answers.hand_off", text.Draw(t, "hand off"))
	add("audio.microphone", text.Draw(t, "microphone"))
	add("retention.days", rapid.IntRange(1, 3650).Draw(t, "days"))
	add("retention.audio", rapid.Bool().Draw(t, "audio"))
	add("speech.speed", rapid.SampledFrom([]float64{0.5, 1, 1.25, 2}).Draw(t, "speed"))
	add("sandbox.voice.memory_mb", rapid.IntRange(64, 65536).Draw(t, "memory"))
	return c
}

func TestEveryEditIsReadBackAndKeepsEveryComment(t *testing.T) {
	comments := func(text string) (list []string) {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				list = append(list, line)
			}
		}
		return list
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", Example, "# ours\n[retention]\n# a week\ndays = 7\n\n[shop]\n"}).Draw(t, "text")
		before := comments(text)
		want := Default()
		if err := want.parse(text); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(t, "edits") {
			change := anyChange(t)
			for key, value := range change {
				if err := set(&want, key, value); err != nil {
					t.Fatal(err)
				}
			}
			edited, err := edit(text, change)
			if err != nil {
				t.Fatalf("%v: %v", change, err)
			}
			text = edited
		}
		got := Default()
		if err := got.parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v\nwant %+v", got, err, want)
		}
		if !slices.Equal(comments(text), before) {
			t.Fatalf("comments were lost:\n%s", text)
		}
	})
}

func FuzzEdit(f *testing.F) {
	f.Add(Example, "緑屋")
	f.Add("[shop]\nname = \"\"\"\n[shop]\n\"\"\"", "x")
	f.Fuzz(func(t *testing.T, text, name string) {
		edited, err := edit(text, Change{"shop.name": name})
		if err != nil {
			return
		}
		c := Default()
		if err := c.parse(edited); err != nil || c.Shop.Name != name {
			t.Fatalf("%q became %q: %v", name, c.Shop.Name, err)
		}
	})
}
