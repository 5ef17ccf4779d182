package shopper

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"tenin/ui"
	"tenin/ui/uitest"
)

func TestEveryPhraseExistsInBothLanguages(t *testing.T) {
	for _, l := range []Language{Japanese, English} {
		v := reflect.ValueOf(In(l))
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if f.Kind() == reflect.String && f.String() == "" || f.Kind() == reflect.Slice && f.Len() == 0 {
				t.Errorf("%s lacks %s", l.Name(), name)
			}
		}
		for _, r := range Reasons() {
			if pair := In(l).Reasons[r]; pair[0] == "" || pair[1] == "" {
				t.Errorf("%s does not say what is wrong, or what to do, for reason %d", l.Name(), r)
			}
		}
	}
	for _, l := range []Language{Chinese, Korean} {
		v := reflect.ValueOf(FixedIn(l))
		for i := range v.NumField() {
			if v.Field(i).String() == "" {
				t.Errorf("%s lacks %s", l.Name(), v.Type().Field(i).Name)
			}
		}
	}
}

// touches taps every button of a picture and returns what arrived.
func touches(v View, l ui.Look, size fyne.Size) []string {
	var got []string
	o := Draw(v, l, size, func(e Event) { got = append(got, fmt.Sprintf("%T%v", e, e)) })
	for _, thing := range uitest.Things(o, size) {
		if b, ok := thing.Object.(*ui.Button); ok {
			test.Tap(b)
		}
	}
	return got
}

func TestEveryButtonOfEveryScreenSaysSomething(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		buttons := 0
		for _, thing := range uitest.Things(Draw(v.View, v.Look, v.Size, func(Event) {}), v.Size) {
			if _, ok := thing.Object.(*ui.Button); ok {
				buttons++
			}
		}
		if got := touches(v.View, v.Look, v.Size); len(got) != buttons {
			t.Errorf("%s: %d buttons sent %d events", v.Name, buttons, len(got))
		}
	}
}

func TestHelpIsOneTouchAwayOnEveryScreenThatServes(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		switch s := v.View.Screen.(type) {
		case Staff, Resetting, Closed:
			continue
		default:
			_ = s
		}
		got := strings.Join(touches(v.View, v.Look, v.Size), " ")
		if !strings.Contains(got, "CallStaff") {
			t.Errorf("%s: no button calls staff", v.Name)
		}
		if !strings.Contains(got, "ChooseLanguage{0}") || !strings.Contains(got, "ChooseLanguage{3}") {
			t.Errorf("%s: the language cannot be changed", v.Name)
		}
	}
}

func TestTheVoiceCanAlwaysBeStoppedByATouch(t *testing.T) {
	uitest.App(t)
	for _, size := range []fyne.Size{uitest.Portrait, uitest.Landscape} {
		v := View{Shop: "店", Screen: Answer{Text: "はい。", Speaking: true}}
		if got := strings.Join(touches(v, ui.Look{}, size), " "); !strings.Contains(got, "Interrupt") {
			t.Errorf("nothing stops the voice: %s", got)
		}
	}
}

func TestTheCountIsVisibleAndCanBeStopped(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		if v.View.Left == 0 {
			continue
		}
		if got := strings.Join(touches(v.View, v.Look, v.Size), " "); !strings.Contains(got, "StillHere") {
			t.Errorf("%s counts and cannot be stopped", v.Name)
		}
	}
}

func TestOneViewGivesOnePicture(t *testing.T) {
	uitest.App(t)
	for _, s := range states(Japanese)[:12] {
		a := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		b := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		if a != b {
			t.Errorf("%s was drawn differently the second time", s.Name)
		}
	}
}

func TestNoViewBreaksAScreen(t *testing.T) {
	uitest.App(t)
	text := rapid.StringOfN(rapid.SampledFrom([]rune("あ漢カa1 。.？\n")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		words := text.Draw(t, "text")
		n := rapid.IntRange(-3, 200).Draw(t, "n")
		screens := []Screen{
			Attract{Examples: []string{words}, Slide: n, Notice: words}, Consent{Points: []string{words, words}},
			Listening{Words: words, Firm: n, Level: float32(n)}, Thinking{Words: words, Beat: n},
			Answer{Text: words, Speaking: true, Heard: n, From: n, Related: []string{words}, HasMap: true},
			Detail{Title: words, Text: words, From: n}, Clarify{Heard: words, Choices: []string{words, words, words, words}},
			Staff{Waited: n, Topic: words}, Message{Text: words}, Receipt{Code: words, Days: n}, Trouble{Reason(n)}, Closed{words},
			Place{Name: words, Where: words, Map: Map{Areas: []Area{{Name: words, W: 0.2, H: 0.2}}}}, nil,
		}
		v := View{Language: Language(rapid.IntRange(0, 3).Draw(t, "language")), Shop: words, Left: n,
			Screen: rapid.SampledFrom(screens).Draw(t, "screen")}
		Draw(v, ui.Look{BigText: rapid.Bool().Draw(t, "big")}, rapid.SampledFrom([]fyne.Size{uitest.Portrait, uitest.Landscape}).Draw(t, "size"), func(Event) {})
	})
}

func TestSentencesEndWhereTheyEnd(t *testing.T) {
	for text, want := range map[string]string{
		"はい。ございます。":                                   "はい。|ございます。",
		"「どうぞ。」と申します。":                                "「どうぞ。」と申します。",
		"We open at 10 a.m. and close late. Come in!": "We open at 10 a.m. and close late.|Come in!",
		"3.5 litres.": "3.5 litres.",
		"一行\n二行":      "一行|二行",
		"":            "",
	} {
		if got := strings.Join(Sentences(text), "|"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTheMarkedSentenceIsTheOneThatIsSpoken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("あいう。！ a.\n")), 1, 50, -1).Draw(t, "text")
		s := Sentences(text)
		last := -1
		for heard := range len([]rune(text)) + 2 {
			at := sentenceAt(text, s, heard)
			if len(s) == 0 {
				if at != -1 {
					t.Fatalf("sentence %d of none", at)
				}
				continue
			}
			if at < last || at < 0 || at >= len(s) {
				t.Fatalf("%q at %d: sentence %d after %d of %d", text, heard, at, last, len(s))
			}
			last = at
		}
		if len(s) > 0 && last != len(s)-1 {
			t.Fatalf("%q: the end is in sentence %d of %d", text, last, len(s))
		}
	})
}
