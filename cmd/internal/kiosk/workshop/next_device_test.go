package workshop

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

// flashedInside is a walker behind the open lock of a device, at a step that was looked at.
func flashedInside(t *testing.T, step technician.Step, screen technician.Screen) *walker {
	t.Helper()
	w := &walker{t: t}
	w.step(Opened{})
	w.step(Guard{Run: w.under.Run, Device: true})
	w.touch(technician.OpenStep{Step: step})
	w.step(Found{w.under.Run, screen})
	return w
}

func TestANewDeviceBeginsWithItsSteps(t *testing.T) {
	for name, test := range map[string]struct {
		guard Guard
		want  technician.Screen
	}{
		"a new device":                  {Guard{Device: true}, technician.SetUp{}},
		"a device that is set up again": {Guard{Device: true, Lock: Lock{Guarded: true}}, technician.PIN{}},
		"a device that does not open":   {Guard{Device: true, Lock: Lock{Guarded: true, Shut: true}}, technician.PIN{Refusal: technician.PINShut}},
		"a PC":                          {Guard{}, technician.Menu{}},
	} {
		w := &walker{t: t}
		w.step(Opened{})
		test.guard.Run = w.under.Run
		w.step(test.guard)
		got := w.state.screen
		if pin, ok := got.(technician.PIN); ok { // without what the keypad holds
			got = technician.PIN{Refusal: pin.Refusal}
		}
		if _, ok := got.(technician.SetUp); ok {
			got = technician.SetUp{}
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s begins with %T %+v", name, got, got)
		}
	}
	// The rest is one touch behind them.
	w := flashedInside(t, technician.StepTurn, technician.Turn{})
	w.touch(technician.Back{}, technician.Back{})
	if _, ok := w.state.screen.(technician.Menu); !ok {
		t.Errorf("%T lies behind the steps", w.state.screen)
	}
}

// tasks are what effects want done.
func tasks(effects []Effect) (all []string) {
	for _, e := range effects {
		if d, ok := e.(Do); ok {
			all = append(all, fmt.Sprintf("%T", d.Task))
		}
	}
	return all
}

// askedAboutTurn is a device whose picture was turned by 90 degrees, and asks.
func askedAboutTurn(t *testing.T) *walker {
	t.Helper()
	w := flashedInside(t, technician.StepTurn, technician.Turn{})
	w.touch(technician.ChooseTurn{Degrees: 90})
	if s, _ := w.state.screen.(technician.Turn); s.Phase != technician.TurnTries || w.under.Task != (Task)(TryTurn{90}) {
		t.Fatalf("%+v while %#v is done", w.state.screen, w.under.Task)
	}
	w.step(Found{w.under.Run, technician.Turn{Result: good, Shown: 90}})
	if s, _ := w.state.screen.(technician.Turn); s.Phase != technician.TurnAsks || s.Left != technician.TurnSeconds {
		t.Fatalf("nobody is asked: %+v", w.state.screen)
	}
	return w
}

func TestATurnIsKeptOnlyByWhoSaysYes(t *testing.T) {
	w := askedAboutTurn(t)
	w.touch(technician.Answer{Yes: true})
	if w.under.Task != (Task)(KeepTurn{90}) {
		t.Fatalf("%#v is done", w.under.Task)
	}
	w.step(Found{w.under.Run, technician.Turn{Result: good, Kept: 90, Shown: 90}})
	if s, _ := w.state.screen.(technician.Turn); s.Phase != technician.TurnIdle || s.Result != good || s.Shown != 90 {
		t.Fatalf("%+v", w.state.screen)
	}
	if effects := w.step(Touch{technician.Leave{}}); slices.Contains(tasks(effects), "workshop.TurnBack") {
		t.Error("what was kept is turned back")
	}
}

func TestATurnThatNobodyTouchesIsTakenBackAfterItsSeconds(t *testing.T) {
	w := askedAboutTurn(t)
	for left := technician.TurnSeconds; left > 0; left-- {
		if s, _ := w.state.screen.(technician.Turn); s.Phase != technician.TurnAsks || s.Left != left {
			t.Fatalf("with %d s left: %+v", left, w.state.screen)
		}
		w.step(Tick{})
	}
	if _, ok := w.under.Task.(TurnBack); !ok {
		t.Fatalf("%#v is done", w.under.Task)
	}
	w.step(Found{w.under.Run, technician.Turn{Result: technician.Result{Mark: technician.Fair}}})
	s, _ := w.state.screen.(technician.Turn)
	if s.Phase != technician.TurnIdle || s.Result.Problem != technician.TurnUnkept || s.Shown != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestATurnIsTakenBackWhicheverWayTheScreenIsLeft(t *testing.T) {
	for _, e := range []Event{Touch{technician.Back{}}, Touch{technician.Leave{}}, Touch{technician.Answer{}}} {
		w := askedAboutTurn(t)
		if effects := w.step(e); !slices.Contains(tasks(effects), "workshop.TurnBack") {
			t.Errorf("%#v leaves the picture turned: %v", e, tasks(effects))
		}
	}
	// Also while it is being turned.
	w := flashedInside(t, technician.StepTurn, technician.Turn{})
	w.touch(technician.ChooseTurn{Degrees: 180})
	if effects := w.step(Touch{technician.Back{}}); !slices.Contains(tasks(effects), "workshop.TurnBack") {
		t.Errorf("left while it is turned: %v", tasks(effects))
	}
}

func TestAPictureThatIsRightIsKeptWithoutATrial(t *testing.T) {
	for _, e := range []technician.Event{technician.ChooseTurn{Degrees: 270}, technician.Test{}} {
		w := flashedInside(t, technician.StepTurn, technician.Turn{Kept: 270, Shown: 270})
		w.touch(e)
		if w.under.Task != (Task)(KeepTurn{270}) {
			t.Errorf("%#v: %#v is done", e, w.under.Task)
		}
	}
}

func TestACableWithDHCPTakesOneTouch(t *testing.T) {
	w := flashedInside(t, technician.StepNetwork, technician.Network{})
	w.touch(technician.Test{})
	if _, ok := w.under.Task.(SetNetwork); !ok {
		t.Fatalf("%#v is done", w.under.Task)
	}
	w.step(Found{w.under.Run, technician.Network{Result: good, Links: []technician.Link{{Name: "enp1s0", Carrier: true, Addresses: []string{"192.0.2.10/24"}}}}})
	if s, _ := w.state.screen.(technician.Network); s.Result != good || len(s.Links) != 1 {
		t.Fatalf("%+v", w.state.screen)
	}
	w.touch(technician.Next{})
	if w.state.at != technician.StepShop {
		t.Errorf("the next step is %d", w.state.at)
	}
}

func TestAMistakeIsToldWhereItWasTyped(t *testing.T) {
	w := flashedInside(t, technician.StepNetwork, technician.Network{})
	w.touch(technician.ChooseFixed{Fixed: true}, technician.Test{})
	if r := w.state.results[technician.StepNetwork]; r.Problem != technician.NetworkAddress || w.under.Task != nil {
		t.Fatalf("a fixed address that is not there: %+v, %#v", r, w.under.Task)
	}
	for _, field := range []struct {
		field       technician.Field
		wrong, good string
		problem     technician.Problem
	}{
		{technician.FieldAddress, "192.0.2.10", "192.0.2.10/24", technician.NetworkAddress},
		{technician.FieldGateway, "198.51.100.1", "192.0.2.1", technician.NetworkGateway},
		{technician.FieldDNS, "192.0.2.53 dns", "192.0.2.53,192.0.2.54", technician.NetworkDNS},
		{technician.FieldProxy, "proxy:3128", "http://proxy:3128", technician.NetworkProxy},
	} {
		w.touch(technician.EditField{Field: field.field}, technician.Typed{Key: keyboard.Key{Kind: keyboard.Clear}})
		w.write(field.wrong)
		if e, _ := w.state.screen.(technician.Edit); e.Field != field.field || e.Problem != field.problem {
			t.Fatalf("%q: %+v", field.wrong, w.state.screen)
		}
		w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Clear}})
		w.write(field.good)
		if s, ok := w.state.screen.(technician.Network); !ok || s.Result.Mark != technician.Undone {
			t.Fatalf("%q: %+v", field.good, w.state.screen)
		}
	}
	// The address moves to another network: the gateway is wrong then, and is named on the step.
	w.touch(technician.EditField{Field: technician.FieldAddress}, technician.Typed{Key: keyboard.Key{Kind: keyboard.Clear}})
	w.write("198.51.100.7/24")
	if s, _ := w.state.screen.(technician.Network); s.Result.Problem != technician.NetworkGateway || !strings.HasPrefix(s.Result.Detail, "network.gateway ") {
		t.Fatalf("%+v", w.state.screen)
	}
	w.touch(technician.Test{})
	if w.under.Task != nil {
		t.Errorf("it is saved with its mistake: %#v", w.under.Task)
	}
}

func TestAPassphraseIsDotsUntilItIsShownAndInNoViewAfterIt(t *testing.T) {
	const phrase = "correct-horse"
	w := flashedInside(t, technician.StepNetwork, technician.Network{})
	w.touch(technician.ChooseRadio{Radio: true}, technician.EditField{Field: technician.FieldNetworkName})
	w.write("shop")
	w.touch(technician.EditField{Field: technician.FieldPassphrase})
	letter := func(text string) {
		for _, r := range text {
			w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
		}
	}
	letter("short")
	w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
	if e, _ := w.state.screen.(technician.Edit); e.Problem != technician.NetworkPassphrase {
		t.Fatalf("%+v", w.state.screen)
	}
	w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Clear}})
	letter(phrase)
	if e, _ := w.state.screen.(technician.Edit); !e.Hidden || e.Board.State.Text != strings.Repeat(dot, len(phrase)) || strings.Contains(fmt.Sprintf("%#v", w.state.view()), phrase) {
		t.Fatalf("it is shown: %+v", w.state.screen)
	}
	w.touch(technician.ToggleHidden{})
	if e, _ := w.state.screen.(technician.Edit); e.Hidden || e.Board.State.Text != phrase {
		t.Fatalf("it is not shown: %+v", w.state.screen)
	}
	w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
	nowhere := func(when string) {
		t.Helper()
		if all := fmt.Sprintf("%#v %+v %v %#v", w.state, w.state, w.state.facts, w.state.view()); strings.Contains(all, phrase) {
			t.Errorf("%s it prints", when)
		}
	}
	nowhere("after it was typed")
	if s, _ := w.state.screen.(technician.Network); s.Passphrase != technician.PassphraseTyped {
		t.Fatalf("%+v", w.state.screen)
	}
	w.touch(technician.EditField{Field: technician.FieldPassphrase})
	if e, _ := w.state.screen.(technician.Edit); e.Board.State.Text != "" {
		t.Error("it is shown again")
	}
	w.touch(technician.Back{}, technician.OpenStep{Step: technician.StepNetwork}, technician.Test{})
	set, ok := w.under.Task.(SetNetwork)
	if !ok || string(set.Passphrase.Bytes()) != phrase || strings.Contains(fmt.Sprintf("%#v %+v %v", set, set, set), phrase) {
		t.Fatalf("%#v is done", w.under.Task)
	}
	effects := w.step(Found{w.under.Run, technician.Network{Result: good, Radio: true, Name: "shop", Passphrase: technician.PassphraseKept}})
	if !slices.Contains(tasks(effects), "workshop.DropPassphrase") || w.state.secret.Len() > 0 {
		t.Errorf("it is kept after it was saved: %v", tasks(effects))
	}
	nowhere("after it was saved")
}

func TestAPassphraseThatIsNotSavedIsWipedWhenTheScreensAreLeft(t *testing.T) {
	w := flashedInside(t, technician.StepNetwork, technician.Network{Radio: true, Name: "shop"})
	w.touch(technician.EditField{Field: technician.FieldPassphrase})
	w.write("correct-horse")
	secret := w.state.secret
	for _, e := range w.step(Touch{technician.Leave{}}) {
		if d, ok := e.(Do); ok {
			(&bencher{bench: &bench{}, tell: func(Event) {}}).do(t.Context(), d)
		}
	}
	if strings.Contains(string(secret.Bytes()), "horse") {
		t.Error("it is still there")
	}
}

func TestAHubThatDoesNotAnswerLeadsBackToTheNetwork(t *testing.T) {
	w := flashedInside(t, technician.StepHub, technician.Hub{})
	w.touch(technician.Test{})
	w.step(Found{w.under.Run, technician.Hub{Result: technician.Result{Mark: technician.Bad, Problem: technician.HubNetwork}}})
	w.touch(technician.OpenStep{Step: technician.StepShop})
	if w.state.at != technician.StepHub {
		t.Error("a step leads to any other")
	}
	w.touch(technician.OpenStep{Step: technician.StepNetwork})
	if w.state.at != technician.StepNetwork {
		t.Errorf("step %d is shown", w.state.at)
	}
}

func TestAMachineThatWasNotFlashedHasNoStepsOfADevice(t *testing.T) {
	w := inside(t)
	w.touch(technician.Open{Page: technician.PageSetUp})
	if s, _ := w.state.screen.(technician.SetUp); len(s.Rows) != len(technician.StepsOf(false)) || s.Rows[0].Step != technician.StepShop {
		t.Fatalf("%+v", w.state.screen)
	}
	for _, step := range []technician.Step{technician.StepTurn, technician.StepNetwork} {
		w.touch(technician.OpenStep{Step: step})
		if _, ok := w.state.screen.(technician.SetUp); !ok {
			t.Errorf("step %d is opened: %T", step, w.state.screen)
		}
	}
}
