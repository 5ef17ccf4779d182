package staff

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"tenin/ui"
	"tenin/ui/shopper"
	"tenin/ui/uitest"
)

func TestEveryPhraseExistsInBothLanguages(t *testing.T) {
	for _, l := range []Language{Japanese, English} {
		v := reflect.ValueOf(In(l))
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			switch f.Kind() {
			case reflect.String:
				if f.String() == "" {
					t.Errorf("language %d lacks %s", l, name)
				}
			case reflect.Map:
				if other := reflect.ValueOf(In(1 - l)).Field(i); f.Len() != other.Len() {
					t.Errorf("language %d has %d of %s, the other %d", l, f.Len(), name, other.Len())
				}
				for _, k := range f.MapKeys() {
					if f.MapIndex(k).String() == "" {
						t.Errorf("language %d lacks %s %v", l, name, k)
					}
				}
			}
		}
	}
}

func TestEveryPhraseCanBeDrawn(t *testing.T) {
	if !ui.HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	for _, l := range []Language{Japanese, English} {
		text := fmt.Sprint(In(l), locksIn(l, 12), waitPIN(l, 200), waited(l, 200), onTheWay(l, ""), spoken(l, Korean), length(l, Conversation{Turns: 2, Seconds: 3}), pageOf(l, 1, 2, 3))
		if m := ui.Undrawable(text); m != "" {
			t.Errorf("language %d: the font has no %q", l, m)
		}
	}
}

// touches taps every button of a picture and returns what arrived.
func touches(v View, l ui.Look, size fyne.Size) (got []string, buttons int) {
	o := Draw(v, l, size, func(e Event) { got = append(got, fmt.Sprintf("%T%v", e, e)) })
	for _, thing := range uitest.Things(o, size) {
		if b, ok := thing.Object.(*ui.Button); ok {
			buttons++
			test.Tap(b)
		}
	}
	return got, buttons
}

func TestEveryButtonOfEveryScreenSaysSomething(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		if got, buttons := touches(v.View, v.Look, v.Size); len(got) != buttons {
			t.Errorf("%s: %d buttons sent %d events", v.Name, buttons, len(got))
		}
	}
}

func TestTheLockIsOnEveryScreenThatIsOpen(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		if _, pad := v.View.Screen.(Lock); pad {
			continue
		}
		want := "LockNow"
		if v.View.Locked {
			want = "Unlock"
		}
		got, _ := touches(v.View, v.Look, v.Size)
		if !strings.Contains(strings.Join(got, " "), want) {
			t.Errorf("%s: no button locks it", v.Name)
		}
	}
}

func TestWhoeverWaitsIsHandledInOneTouchAndSeenOnEveryScreen(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		got, _ := touches(v.View, v.Look, v.Size)
		all := strings.Join(got, " ")
		if s, ok := v.View.Screen.(Help); ok && len(s.Calls) > 0 && !strings.Contains(all, "Handled") {
			t.Errorf("%s: no button handles the call", v.Name)
		}
		if _, pad := v.View.Screen.(Lock); !pad && !strings.Contains(all, "GoTo{0}") {
			t.Errorf("%s: no button leads to the calls", v.Name)
		}
	}
}

func TestAPadThatMayNotOpenTheCallsDoesNotLeadThere(t *testing.T) {
	uitest.App(t)
	got, _ := touches(View{Waiting: 2, Screen: Lock{}}, ui.Look{}, uitest.Portrait)
	if all := strings.Join(got, " "); strings.Contains(all, "GoTo") {
		t.Errorf("the locked pad sends %s", all)
	}
}

func TestNothingIsPublishedThatNobodyListenedTo(t *testing.T) {
	uitest.App(t)
	for _, s := range []Answering{{}, {Sentences: []string{"はい。"}}, {Sentences: []string{"はい。"}, Tried: true, Problem: "長すぎます"}, {Tried: true}, {Sentences: []string{"はい。"}, Tried: true, Playing: true}} {
		for _, size := range []fyne.Size{uitest.Portrait, uitest.Landscape} {
			if got, _ := touches(View{Screen: s}, ui.Look{}, size); strings.Contains(strings.Join(got, " "), "Publish") {
				t.Errorf("%+v can be published", s)
			}
		}
	}
}

func TestAConversationIsNotOpenedWithoutAReason(t *testing.T) {
	uitest.App(t)
	for _, c := range []struct {
		screen Reason
		opens  bool
	}{{Reason{}, false}, {Reason{Words: "傘"}, false}, {Reason{Why: Other}, false}, {Reason{Why: Other, Words: "傘"}, true}, {Reason{Why: Complaint}, true}} {
		got, _ := touches(View{Screen: c.screen}, ui.Look{}, uitest.Portrait)
		if opens := strings.Contains(strings.Join(got, " "), "ReadConversation"); opens != c.opens {
			t.Errorf("%+v: opens %v", c.screen, opens)
		}
	}
}

func TestEverySettingShowsWhatShoppersSee(t *testing.T) {
	for _, s := range AllSettings() {
		v, _ := Seen(s, "店", "お知らせ", "修理", shopper.Japanese)
		if v.Screen == nil || v.Shop != "店" {
			t.Errorf("setting %d shows nothing", s)
		}
	}
	if v, _ := Seen(Notice, "店", "お知らせ", "", shopper.Japanese); v.Screen.(shopper.Attract).Notice != "お知らせ" {
		t.Error("the notice is not on the first screen")
	}
}

func TestOneViewGivesOnePicture(t *testing.T) {
	uitest.App(t)
	for _, s := range states(Japanese)[6:20] {
		a := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		b := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		if a != b {
			t.Errorf("%s was drawn differently the second time", s.Name)
		}
	}
}

// A screen crosses to the process that draws it as JSON.
func TestEveryScreenIsTheSameAfterItWasWrittenAsJSON(t *testing.T) {
	for _, s := range append(states(Japanese), states(English)...) {
		data, err := json.Marshal(s.View.Screen)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(s.View.Screen))
		if err := json.Unmarshal(data, back.Interface()); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.Elem().Interface(), s.View.Screen) {
			t.Errorf("%s came back as %+v", s.Name, back.Elem())
		}
	}
}

func TestNoViewBreaksAScreen(t *testing.T) {
	uitest.App(t)
	text := rapid.StringOfN(rapid.SampledFrom([]rune("あ漢カa1 。.？\n")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		words := text.Draw(t, "text")
		n := rapid.IntRange(-3, 200).Draw(t, "n")
		many := make([]string, rapid.IntRange(0, 20).Draw(t, "many"))
		for i := range many {
			many[i] = words
		}
		spelled := make([]Word, len(many))
		for i := range spelled {
			spelled[i] = Word{words, words, i%2 == 0}
		}
		screens := []Screen{
			Lock{Names: many, Name: words, From: n, Digits: n, Keys: PINKeys(n), Wait: n}, Lock{Names: many, From: n},
			Help{Calls: []Call{{ID: words, Kiosk: words, Topic: words, Spoken: Language(n), Waited: n}}, From: n},
			Today{Day: words, Questions: n, Topics: []Topic{{words, n, n + 1}, {words, -n, n}}, Hours: [24]int{3: n}, From: n},
			Unanswered{Questions: []Question{{Text: words, When: words, Times: n}}, From: n},
			Answering{Question: words, Sentences: many, Words: spelled, From: n, Similar: []Approved{{words, words, words}}, Problem: words},
			Conversations{List: []Conversation{{When: words, Topic: words, Turns: n}}, Topics: many, Choosing: n%2 == 0, From: n},
			Reason{Why: Why(n), Words: words}, Transcript{Turns: []Turn{{words, words, true, n}, {words, words, false, n}}, Playing: n, From: n},
			Settings{Shown: Setting(n % 6), Notice: words, Topics: []TopicSwitch{{words, true}}, From: n}, Typing{Field: Field(n), About: words}, nil,
		}
		v := View{Language: Language(rapid.IntRange(0, 3).Draw(t, "language")), Shop: words, Who: words, Left: n, Waiting: n, Note: words,
			Screen: rapid.SampledFrom(screens).Draw(t, "screen")}
		Draw(v, ui.Look{BigText: rapid.Bool().Draw(t, "big")}, rapid.SampledFrom([]fyne.Size{uitest.Portrait, uitest.Landscape}).Draw(t, "size"), func(Event) {})
	})
}

func TestScrollingThroughTheReadingsReachesEachOfThem(t *testing.T) {
	uitest.App(t)
	words := make([]Word, 90)
	for i := range words {
		words[i] = Word{Text: fmt.Sprint("語", i), Reading: "ゴ"}
	}
	for _, size := range []fyne.Size{uitest.Portrait, uitest.Landscape} {
		seen := map[string]bool{}
		for from, steps := 0, 0; steps < 200; steps++ {
			got, _ := touches(View{Screen: Answering{Sentences: []string{"語。"}, Words: words, From: from}}, ui.Look{}, size)
			next := from
			for _, e := range got {
				if strings.Contains(e, "FixReading") {
					seen[e] = true
				}
				var to int
				if _, err := fmt.Sscanf(e, "staff.ShowFrom{%d}", &to); err == nil {
					next = max(next, to)
				}
			}
			if next == from {
				break
			}
			from = next
		}
		if len(seen) != len(words) {
			t.Errorf("%v: %d of %d words can be reached", size, len(seen), len(words))
		}
	}
}
