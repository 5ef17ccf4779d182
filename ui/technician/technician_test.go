package technician

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"pgregory.net/rapid"

	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/uitest"
)

func TestEveryPhraseExistsInBothLanguages(t *testing.T) {
	for _, l := range Languages() {
		v := reflect.ValueOf(In(l))
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			for _, text := range texts(v.Field(i)) {
				if text == "" {
					t.Errorf("%s lacks a part of %s", l.Name(), name)
				}
			}
			if len(texts(v.Field(i))) != len(texts(reflect.ValueOf(In(1-l)).Field(i))) {
				t.Errorf("%s has not as many %s as the other language", l.Name(), name)
			}
		}
		w := In(l)
		for _, p := range Problems() {
			if w.Problems[p][0] == "" || w.Problems[p][1] == "" {
				t.Errorf("%s does not say what is wrong, or what to do, for problem %d", l.Name(), p)
			}
		}
		missing := func(what string, ok bool) {
			if !ok {
				t.Errorf("%s lacks a phrase for %s", l.Name(), what)
			}
		}
		for _, s := range Steps() {
			missing("a step", w.Steps[s][1] != "")
		}
		for _, p := range Parts() {
			missing("a part", w.Parts[p][2] != "")
		}
		for _, f := range Fields() {
			missing("a field", w.Fields[f][1] != "")
		}
		for _, p := range Pages() {
			missing("a page", w.Pages[p][1] != "")
		}
		for _, k := range []Passphrase{PassphraseNone, PassphraseTyped, PassphraseKept} {
			missing("a passphrase", w.Passphrases[k] != "")
		}
		for _, k := range ItemKinds() {
			missing("an item", w.Items[k] != "")
		}
		for _, k := range Threats() {
			missing("a threat", w.Threats[k] != "")
		}
		for _, k := range Refusals() {
			missing("a refusal", w.Refusals[k] != "")
		}
	}
}

// texts are all strings in a field of Phrases.
func texts(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			all = append(all, texts(v.MapIndex(k))...)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			all = append(all, texts(v.Index(i))...)
		}
	}
	return all
}

func TestEveryPhraseCanBeDrawn(t *testing.T) {
	if !ui.HasFonts() {
		t.Skip("the screens' fonts are not part of a program without the tag engines")
	}
	for _, l := range Languages() {
		if m := ui.Undrawable(fmt.Sprint(In(l), locksIn(l, 1234567890))); m != "" {
			t.Errorf("%s: the font has no %q", l.Name(), m)
		}
	}
}

// touches taps every button of a picture, presses every area, and returns what arrived.
func touches(v View, l ui.Look, size fyne.Size) []string {
	var got []string
	o := Draw(v, l, size, func(e Event) { got = append(got, fmt.Sprintf("%T%v", e, e)) })
	for _, thing := range uitest.Things(o, size) {
		switch b := thing.Object.(type) {
		case *ui.Button:
			test.Tap(b)
		case *area:
			b.MouseDown(&desktop.MouseEvent{})
			b.MouseUp(&desktop.MouseEvent{})
		}
	}
	return got
}

func TestEveryButtonOfEveryScreenSaysSomething(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		buttons := 0
		for _, thing := range uitest.Things(Draw(v.View, v.Look, v.Size, func(Event) {}), v.Size) {
			switch thing.Object.(type) {
			case *ui.Button, *area:
				buttons++
			}
		}
		if got := touches(v.View, v.Look, v.Size); len(got) < buttons {
			t.Errorf("%s: %d buttons sent %d events", v.Name, buttons, len(got))
		}
	}
}

func TestEveryScreenCanBeLeftUnlessItCanNoLongerBeStopped(t *testing.T) {
	uitest.App(t)
	for _, v := range variants() {
		switch s := v.View.Screen.(type) {
		case Wipe:
			if s.Phase >= WipeRuns {
				continue
			}
		case Power:
			if s.Phase == PowerGoes {
				continue
			}
		}
		got := strings.Join(touches(v.View, v.Look, v.Size), " ")
		if !strings.Contains(got, "Leave") && !strings.Contains(got, "Back") {
			t.Errorf("%s: there is no way out", v.Name)
		}
		if v.View.Left > 0 && !strings.Contains(got, "StillHere") {
			t.Errorf("%s counts and cannot be stopped", v.Name)
		}
	}
}

func TestATargetsTouchArrivesWhereItsMarkIs(t *testing.T) {
	uitest.App(t)
	for _, size := range []fyne.Size{uitest.Portrait, uitest.Landscape} {
		for i := range TargetCount {
			x, y := TargetAt(i)
			at := fyne.NewPos(x*size.Width, y*size.Height)
			var got []Touched
			o := Draw(View{Screen: Targets{Next: i}}, ui.Look{}, size, func(e Event) { got = append(got, e.(Touched)) })
			for _, thing := range uitest.Things(o, size) {
				a, ok := thing.Object.(*area)
				if b := thing.Box; ok && at.X >= b.X && at.X < b.X+b.W && at.Y >= b.Y && at.Y < b.Y+b.H {
					a.MouseDown(&desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at.SubtractXY(b.X, b.Y)}})
				}
			}
			if len(got) != 1 || max(got[0].X-x, x-got[0].X) > 0.001 || max(got[0].Y-y, y-got[0].Y) > 0.001 {
				t.Errorf("target %d at %v: %v", i, at, got)
			}
		}
	}
}

func TestTheRecoveryKeyIsOnNoScreenButTheOneThatShowsIt(t *testing.T) {
	uitest.App(t)
	for _, phase := range []RecoveryPhase{RecoveryBefore, RecoveryShown, RecoveryKept} {
		o := Draw(View{Screen: Recovery{Phase: phase, Groups: []string{"ABCDE", "FGHJK"}}}, ui.Look{}, uitest.Portrait, func(Event) {})
		if seen := strings.Contains(test.RenderObjectToMarkup(o), "FGHJK"); seen != (phase == RecoveryShown) {
			t.Errorf("in phase %d the key is shown: %t", phase, seen)
		}
	}
}

func TestEveryOfferedAccentCanBeRead(t *testing.T) {
	for _, rgb := range Accents() {
		if r := ui.AccentRatio(rgb); r < ui.LeastContrast {
			t.Errorf("#%06X has %.2f:1", rgb, r)
		}
	}
}

func TestTheNearestAccentCanBeReadAndOneThatCanBeReadStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rgb := rapid.Uint32Range(0, 0xffffff).Draw(t, "rgb")
		near := ui.NearestAccent(rgb)
		if ui.AccentRatio(near) < ui.LeastContrast {
			t.Fatalf("#%06X became #%06X with %.2f:1", rgb, near, ui.AccentRatio(near))
		}
		if ui.AccentRatio(rgb) >= ui.LeastContrast && near != rgb {
			t.Fatalf("#%06X was changed to #%06X", rgb, near)
		}
	})
}

func TestOneViewGivesOnePicture(t *testing.T) {
	uitest.App(t)
	for _, s := range states(Japanese) {
		a := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		b := test.RenderObjectToMarkup(Draw(s.View, ui.Look{}, uitest.Portrait, func(Event) {}))
		if a != b {
			t.Errorf("%s was drawn differently the second time", s.Name)
		}
	}
}

func TestNoViewBreaksAScreen(t *testing.T) {
	uitest.App(t)
	text := rapid.StringOfN(rapid.SampledFrom([]rune("あ漢カa1 。.？\n𠮷")), 0, 80, -1)
	rapid.Check(t, func(t *rapid.T) {
		words := text.Draw(t, "text")
		n := rapid.IntRange(-3, 200).Draw(t, "n")
		r := Result{Mark(n), Problem(n), words}
		rows := slices.Repeat([]Row{{Step(n), r}}, max(0, n%15))
		screens := []Screen{
			PIN{PINPurpose(n), Who(n % 2), n, n, PINRefusal(n), n}, Menu{Mark(n), Mark(n)}, SetUp{rows}, Shop{r, words, words, Speaks(n)},
			Brand{r, words, uint32(n), []uint32{1, 2, 3}, float32(n), uint32(n)}, Clock{r, words, Source(n), []Refusal{Refusal(n)}},
			Panel{r, n, n, float32(n), n, n, float32(n)}, Targets{n, n}, Microphone{r, MicrophonePhase(n % 5), words, float32(n), float32(-n), float32(n), words},
			Loudspeaker{r, LoudspeakerPhase(n % 5), words, words}, Echo{r, float32(n), float32(n), EchoVerdict(n)}, Hub{r, words, n > 50, words, words, true, float32(n)},
			Sealing{r, Seal(n), true, false, []Threat{Threat(n)}, nil}, Recovery{r, RecoveryPhase(n % 3), slices.Repeat([]string{words}, max(0, n%20))},
			Access{r, n, n, n}, Finish{r, rows}, Edit{Field(n), keyboard.View{}, Problem(n), words, n%2 == 0, n%3 == 0, n, n}, Health{[]Line{{Part(n), Mark(n), words}}, words},
			Bundle{r, []Item{{ItemKind(n), n}}, []Place{{words, n}}, n, words}, Wipe{r, WipePhase(n % 5), words, words, true, n, n}, Power{r, PowerPhase(n % 3), PowerKind(n)}, nil,
			Turn{r, TurnPhase(n % 5), n, n, n}, Network{r, n%2 == 0, n%3 == 0, words, words, words, words, words, Passphrase(n), words, slices.Repeat([]Link{{words, n%2 == 0, n%3 == 0, []string{words, words}}}, max(0, n%5))},
		}
		v := View{Language: Language(rapid.IntRange(0, 1).Draw(t, "language")), Kiosk: words, Left: n, Screen: rapid.SampledFrom(screens).Draw(t, "screen")}
		Draw(v, ui.Look{BigText: rapid.Bool().Draw(t, "big")}, rapid.SampledFrom([]fyne.Size{uitest.Portrait, uitest.Landscape}).Draw(t, "size"), func(Event) {})
	})
}

func TestAPassphraseIsOnNoScreenUnlessItIsTypedAndShown(t *testing.T) {
	uitest.App(t)
	for _, s := range []Screen{
		Network{Radio: true, Name: "shop", Passphrase: PassphraseTyped},
		Edit{Field: FieldPassphrase, Secret: true, Hidden: true, Board: keyboard.View{State: keyboard.State{Layout: keyboard.Latin, Text: "•••••••"}, Offers: keyboard.Typewriter()}},
	} {
		if m := test.RenderObjectToMarkup(Draw(View{Screen: s}, ui.Look{}, uitest.Portrait, func(Event) {})); strings.Contains(m, "horse") {
			t.Errorf("%T shows it", s)
		}
	}
}

func TestADirectionIsDrawnAsThePanelWouldLookFromHere(t *testing.T) {
	uitest.App(t)
	// The head is above the shoulders in the one that looks upright, whatever the picture is turned by now.
	for _, shown := range Turns() {
		var up []int
		for _, degrees := range Turns() {
			p := &page{Sheet: ui.NewSheet(ui.Look{}, uitest.Portrait), send: func(Event) {}, w: In(English)}
			p.direction(ui.Box{W: 300, H: 500}, degrees, shown)
			// The last two that are drawn are the head and the shoulders.
			objects := p.Object().(*fyne.Container).Objects
			head, shoulders := objects[len(objects)-2], objects[len(objects)-1]
			if head.Position().Y+head.Size().Height <= shoulders.Position().Y+1 {
				up = append(up, degrees)
			}
		}
		if !slices.Equal(up, []int{shown}) {
			t.Errorf("turned by %d, upright are %v", shown, up)
		}
	}
}

func TestStepsAreCountedAmongThoseThatTheMachineHas(t *testing.T) {
	for device, want := range map[bool]string{false: "Step 8 of 12", true: "Step 10 of 14"} {
		p := &page{view: View{Device: device}, w: In(English)}
		if got := p.stepLine(StepHub); got != want {
			t.Errorf("on a device %t: %s", device, got)
		}
	}
	if slices.Contains(StepsOf(false), StepTurn) || slices.Contains(StepsOf(false), StepNetwork) || len(StepsOf(true)) != len(Steps()) {
		t.Error("a machine that was not flashed has a device's steps")
	}
}
