package keyboard

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"tenin/ui"
)

func typeAll(s State, keys string) State {
	for _, r := range keys {
		s = Press(s, Key{Kind: Insert, Text: string(r)})
	}
	return s
}

func TestRomajiBecomesTheKanaThatPeopleMean(t *testing.T) {
	for romaji, kana := range map[string]string{
		"haburashi": "はぶらし", "eigyoujikan": "えいぎょうじかん", "kitte": "きって", "konnnichiha": "こんにちは", "shinbun": "しんぶん",
		"bataa": "ばたあ", "ba-gen": "ばーげん", "matcha": "まっちゃ", "hon'ya": "ほんや", "pa-texi-": "ぱーてぃー", "syasin": "しゃしん",
		"chuusha": "ちゅうしゃ", "toire": "といれ", "onna": "おんな", "zyagaimo": "じゃがいも", "kaban": "かばん",
	} {
		want := kana
		if romaji == "onna" { // nn is ん, so that a third n is needed for おんな
			want = "おんあ"
		}
		if got := typeAll(State{Layout: Romaji}, romaji).Reading(); got != want {
			t.Errorf("%s: got %s, want %s", romaji, got, want)
		}
	}
}

func TestEverySyllableTypedAfterEveryOtherIsItself(t *testing.T) {
	all := make([]string, 0, len(syllables))
	for s := range syllables {
		all = append(all, s)
	}
	slices.Sort(all)
	rapid.Check(t, func(t *rapid.T) {
		typed, want := "", ""
		for range rapid.IntRange(1, 6).Draw(t, "n") {
			s := rapid.SampledFrom(all).Draw(t, "syllable")
			if strings.HasSuffix(typed, s[:1]) && strings.IndexByte("aiueon-'", s[0]) < 0 || s[0] == '\'' || strings.HasSuffix(typed, "'") && s[0] == 'n' {
				continue
			}
			typed, want = typed+s, want+syllables[s]
		}
		if got := typeAll(State{Layout: Romaji}, typed).Reading(); got != want {
			t.Fatalf("%s: got %s, want %s", typed, got, want)
		}
	})
}

func TestTheKeyOfMarksRunsInCircles(t *testing.T) {
	for r := range marks {
		at := r
		for range 6 {
			at = NextMark(at)
			if at == r {
				break
			}
		}
		if at != r {
			t.Errorf("%c never comes back", r)
		}
	}
	if s := Press(typeAll(State{}, "は"), Key{Kind: Modify}); s.Composing != "ば" {
		t.Errorf("は with a mark is %q", s.Composing)
	}
}

func TestEveryKanaCanBeTypedOnBothKanaBoards(t *testing.T) {
	for name, board := range map[string][]string{"gojuon": Columns, "flick": FlickKeys} {
		can := map[rune]bool{}
		for _, keys := range board {
			for _, r := range keys {
				for range 3 {
					can[r] = true
					r = NextMark(r)
				}
			}
		}
		for _, r := range "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんーがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽぁぃぅぇぉっゃゅょゔ" {
			if !can[r] {
				t.Errorf("%s: %c cannot be typed", name, r)
			}
		}
	}
}

func TestATypewriterTypesAllOfASCII(t *testing.T) {
	test.NewTempApp(t)
	can := map[string]bool{" ": true}
	for _, layout := range Typewriter() {
		for _, shift := range []bool{false, true} {
			v := View{State: State{Layout: layout, Shift: shift}, Offers: Typewriter()}
			size := fyne.NewSize(1000, 700)
			s := ui.NewSheet(ui.Look{}, size)
			Draw(s, ui.Box{W: size.Width, H: size.Height}, v, func(k Key) {
				if k.Kind == Insert {
					can[Press(v.State, k).Text] = true
				}
				if k.Kind == Switch && !slices.Contains(Typewriter(), k.Layout) {
					t.Errorf("layout %d leads to %d", layout, k.Layout)
				}
			})
			for _, o := range s.Object().(*fyne.Container).Objects {
				if b, ok := o.(*ui.Button); ok {
					test.Tap(b)
				}
			}
		}
	}
	for c := ' '; c <= '~'; c++ {
		if !can[string(c)] {
			t.Errorf("%q cannot be typed", c)
		}
	}
}

func TestNoSequenceOfKeysBreaksTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := State{}
		for range rapid.IntRange(0, 60).Draw(t, "keys") {
			key := Key{
				Kind:   Kind(rapid.IntRange(0, int(Enter)).Draw(t, "kind")),
				Text:   rapid.SampledFrom([]string{"あ", "は", "n", "k", "a", "-", "'", "A", "1", "？", "歯ブラシ", "x"}).Draw(t, "text"),
				Layout: Layout(rapid.IntRange(-1, int(Signs)+1).Draw(t, "layout")),
			}
			before := s
			s = Press(s, key)
			if n := utf8.RuneCountInString(s.Text); n > MaxRunes || !utf8.ValidString(s.String()) {
				t.Fatalf("after %+v: %d runes, %q", key, n, s)
			}
			if key.Kind == Delete && before.String() != "" && utf8.RuneCountInString(s.String()) != utf8.RuneCountInString(before.String())-1 {
				t.Fatalf("delete made %q of %q", s, before)
			}
			if key.Kind == Enter && s.Composing+s.Pending != "" {
				t.Fatalf("enter left %q composing", s.Composing+s.Pending)
			}
		}
	})
}

func TestTheShopsWordsComeFirstAndTheKanaAlways(t *testing.T) {
	d := NewDictionary([]Word{{"はぶらし", "歯ブラシ"}, {"ハンカチ", "ハンカチ"}, {"はし", "箸"}, {"はし", "橋"}, {"", "x"}, {"はぶらし", "歯ブラシ"}}, "はどこですか")
	for reading, want := range map[string]string{
		"は": "箸 橋 歯ブラシ ハンカチ は ハ", "はぶ": "歯ブラシ はぶ ハブ", "ハブ": "歯ブラシ はぶ ハブ", "ぬ": "ぬ ヌ", "": "",
	} {
		if got := strings.Join(d.Candidates(reading, 6), " "); got != want {
			t.Errorf("%s: got %s, want %s", reading, got, want)
		}
	}
	if got := d.Offers(State{Text: "歯ブラシ"}, 6); !slices.Equal(got, []string{"はどこですか"}) {
		t.Errorf("after a word: %v", got)
	}
	if got := d.Offers(State{Text: "歯ブラシはどこですか"}, 6); len(got) != 0 {
		t.Errorf("after a question: %v", got)
	}
	if got := (*Dictionary)(nil).Candidates("あ", 6); strings.Join(got, " ") != "あ ア" {
		t.Errorf("without words: %v", got)
	}
}

func TestCandidatesKeepTheirNumberAndTheirReading(t *testing.T) {
	kana := rapid.StringOfN(rapid.SampledFrom([]rune("あいかハふブ")), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		readings := map[string][]string{}
		var words []Word
		for _, r := range rapid.SliceOfN(kana, 0, 20).Draw(t, "readings") {
			w := Word{r, "W" + r}
			words = append(words, w)
			readings[w.Text] = append(readings[w.Text], Hiragana(r))
		}
		reading, n := kana.Draw(t, "reading"), rapid.IntRange(0, 8).Draw(t, "n")
		got := NewDictionary(words).Candidates(reading, n)
		if len(got) > n {
			t.Fatalf("%d candidates, wanted %d", len(got), n)
		}
		for i, c := range got {
			if slices.Contains(got[:i], c) {
				t.Fatalf("%s twice in %v", c, got)
			}
			if c != Hiragana(reading) && c != Katakana(Hiragana(reading)) && !strings.HasPrefix(readings[c][0], Hiragana(reading)) {
				t.Fatalf("%s does not begin with %s", c, reading)
			}
		}
		if n >= 2 && reading != "" && !slices.Contains(got, Hiragana(reading)) {
			t.Fatalf("the kana %s are missing in %v", reading, got)
		}
	})
}

type sink struct {
	entered []string
	last    View
}

func (s *sink) Changed(v View)      { s.last = v }
func (s *sink) Entered(text string) { s.entered = append(s.entered, text) }

func TestAShopperTypesAQuestion(t *testing.T) {
	var out sink
	k := New(NewDictionary([]Word{{"はぶらし", "歯ブラシ"}}, "はどこですか"), &out, "尋ねる", false)
	k.Press(Key{Kind: Enter})
	for _, r := range "はふ" {
		k.Press(Key{Kind: Insert, Text: string(r)})
	}
	k.Press(Key{Kind: Modify})
	k.Press(Key{Kind: Choose, Text: out.last.Candidates[0]})
	k.Press(Key{Kind: Choose, Text: out.last.Candidates[0]})
	k.Press(Key{Kind: Enter})
	if !slices.Equal(out.entered, []string{"歯ブラシはどこですか"}) {
		t.Errorf("entered %q", out.entered)
	}
	if out.last.State.String() != "" {
		t.Errorf("%q is left for the next shopper", out.last.State)
	}
}

func TestAFlickGivesTheKanaOfItsDirection(t *testing.T) {
	test.NewTempApp(t)
	got := ""
	s := ui.NewSheet(ui.Look{}, fyne.NewSize(400, 400))
	k := newFlickKey(s, "かきくけこ", func(r string) { got += r })
	test.Tap(k)
	for _, d := range [][2]float32{{-60, 5}, {3, -60}, {60, 0}, {0, 60}, {2, 2}} {
		k.Dragged(&fyne.DragEvent{Dragged: fyne.Delta{DX: d[0] / 2, DY: d[1] / 2}})
		k.Dragged(&fyne.DragEvent{Dragged: fyne.Delta{DX: d[0] / 2, DY: d[1] / 2}})
		k.DragEnd()
	}
	if got != "かきくけこか" {
		t.Errorf("got %s", got)
	}
}

func FuzzRomajiLosesNoLetter(f *testing.F) {
	f.Add("konnnichiha")
	f.Fuzz(func(t *testing.T, letters string) {
		if len(letters) > 40 || strings.Trim(letters, "abcdefghijklmnopqrstuvwxyz-'") != "" {
			t.Skip()
		}
		kana, rest := fromRomaji(letters, true)
		if letters != "" && kana+rest == "" {
			t.Errorf("%q vanished", letters)
		}
	})
}

func TestMain(m *testing.M) {
	os.Setenv("LANG", "ja_JP.UTF-8")
	os.Exit(m.Run())
}
