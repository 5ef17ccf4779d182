package workshop

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

// walker applies events and remembers, on its own account, what must have happened before what.
type walker struct {
	t     interface{ Fatalf(string, ...any) }
	state State
	under Do // the last task that was begun and not cancelled; Task is nil when none is

	passed     [steps]bool // the step's test has ended well since it was begun
	tried      bool        // the picture is turned, and is neither kept nor turned back
	touches    int         // targets that were touched since the panel was looked at
	pending    bool        // the Bench has a recovery key that nobody has checked
	secrets    []string    // groups of keys that were shown
	entered    bool
	rightTyped bool // the wipe's number was typed and entered
	heldTicks  int
	held       bool
	wipes      int
	closed     int
}

func (w *walker) step(e Event) []Effect {
	before := w.state
	w.before(e)
	var effects []Effect
	w.state, effects = Next(w.state, e)
	for _, f := range effects {
		switch f := f.(type) {
		case Cancel:
			w.under = Do{}
		case Close:
			w.closed++
			w.rightTyped, w.held, w.entered = false, false, false
			w.passed = [steps]bool{}
		case Do:
			w.begun(e, f)
		}
	}
	w.holds(before, e)
	return effects
}

// taskStep is the step whose test a task is; ok is false for other tasks.
func taskStep(t Task) (technician.Step, bool) {
	switch t.(type) {
	case TryTurn, KeepTurn, TurnBack:
		return technician.StepTurn, true
	case SetNetwork:
		return technician.StepNetwork, true
	case SaveShop:
		return technician.StepShop, true
	case SaveBrand:
		return technician.StepBrand, true
	case LookAtClock, SetClock, ConfirmClock:
		return technician.StepClock, true
	case LookAtPanel:
		return technician.StepPanel, true
	case Listen:
		return technician.StepMicrophone, true
	case PlayTone, Speak:
		return technician.StepLoudspeaker, true
	case MeasureEcho:
		return technician.StepEcho, true
	case AskHub, JoinHub:
		return technician.StepHub, true
	case Seal:
		return technician.StepSealing, true
	case MakeRecovery, ConfirmRecovery:
		return technician.StepRecovery, true
	case CountAccess:
		return technician.StepAccess, true
	case CompleteSetUp:
		return technician.StepFinish, true
	}
	return 0, false
}

func (w *walker) before(e Event) {
	mine := func(run int) bool { return w.under.Task != nil && w.under.Run == run }
	switch e := e.(type) {
	case Found:
		if step, ok := taskStep(w.under.Task); ok && mine(e.Run) {
			n := next{State: State{at: step}}
			w.passed[step] = n.resultOf(e.Screen).Mark == technician.Good
			switch w.under.Task.(type) {
			case TryTurn, TurnBack:
				w.passed[step] = false // nobody has said that it is right
			case KeepTurn:
				w.tried = w.tried && !n.resultOf(e.Screen).Done()
			}
		}
	case Done:
		if step, ok := taskStep(w.under.Task); ok && mine(e.Run) {
			w.passed[step] = e.Result.Mark == technician.Good
			if _, confirm := w.under.Task.(ConfirmRecovery); confirm && w.passed[step] {
				w.pending = false
			}
		}
	case Made:
		if mine(e.Run) {
			w.secrets = append(w.secrets, e.Groups...)
		}
	case Guard:
		w.entered = w.entered || mine(e.Run) && !e.Guarded
	case Entered:
		w.entered = w.entered || mine(e.Run) && e.Entry.Refusal == technician.PINFine && e.Entry.Problem == technician.NoProblem
	case Tick:
		if w.held {
			w.heldTicks++
		}
	case Touch:
		wipe, inWipe := w.state.screen.(technician.Wipe)
		switch e.Event.(type) {
		case technician.Enter:
			if inWipe && wipe.Phase == technician.WipeTypes {
				w.rightTyped = wipe.Typed == wipe.Challenge && wipe.Challenge != ""
			}
		case technician.HoldDown:
			w.held, w.heldTicks = inWipe && wipe.Phase == technician.WipeHolds, 0
		case technician.Back, technician.Leave:
			w.rightTyped, w.held = false, false
		case technician.Touched:
			w.touches++
		}
	}
	switch e := e.(type) {
	case Found, Done, Made, Guard, Entered, Challenged:
		if run := runOf(e); mine(run) {
			w.under = Do{}
		}
	}
}

func taskOf(t Task, step technician.Step) bool {
	of, ok := taskStep(t)
	return ok && of == step
}

func runOf(e Event) int {
	switch e := e.(type) {
	case Found:
		return e.Run
	case Done:
		return e.Run
	case Made:
		return e.Run
	case Guard:
		return e.Run
	case Entered:
		return e.Run
	case Challenged:
		return e.Run
	}
	return 0
}

func (w *walker) begun(e Event, d Do) {
	if d.Run != 0 {
		w.under = d
	}
	if step, ok := taskStep(d.Task); ok {
		w.passed[step] = false
	}
	switch d.Task.(type) {
	case LookAtPanel:
		w.touches = 0
	case MakeRecovery:
		w.pending = true
	case ForgetRecovery:
		w.pending = false
	case TryTurn:
		w.tried = true
	case TurnBack:
		w.tried = false
	case Wipe:
		w.wipes++
		touch, ok := e.(Touch)
		if !ok || touch.Event != (technician.HoldUp{}) || !w.rightTyped || !w.held || w.heldTicks < holdSeconds {
			w.t.Fatalf("a wipe began with the number typed: %t, the button held: %t for %d s, at %#v", w.rightTyped, w.held, w.heldTicks, e)
		}
	}
	if !w.entered {
		switch d.Task.(type) {
		case IsGuarded, CheckPIN, ResetPIN, ForgetRecovery, TurnBack, DropPassphrase:
		default:
			w.t.Fatalf("before the lock was opened: %#v", d.Task)
		}
	}
	if t, ok := e.(Touch); ok && w.held && t.Event == (technician.HoldUp{}) {
		w.held = false
	}
}

// holds checks what must hold after every event.
func (w *walker) holds(before State, e Event) {
	s := w.state
	if t, ok := e.(Touch); ok && t.Event == (technician.HoldUp{}) {
		w.held = false
	}
	if s.entered && !w.entered {
		w.t.Fatalf("the lock was passed by %#v", e)
	}
	if s.open && !s.entered {
		switch screen := s.screen.(type) {
		case technician.PIN:
		case technician.Edit:
			if screen.Field != technician.FieldLostKey {
				w.t.Fatalf("before the lock is open, %+v is shown", screen)
			}
		default:
			w.t.Fatalf("before the lock is open, %T is shown", screen)
		}
	}
	for step, r := range s.results {
		step := technician.Step(step)
		if r.Mark != technician.Good || before.results[step].Mark == technician.Good {
			continue
		}
		if !w.passed[step] {
			w.t.Fatalf("step %d is green without its test, by %#v", step, e)
		}
		touch, touched := e.(Touch)
		switch step {
		case technician.StepMicrophone, technician.StepLoudspeaker:
			if !touched || touch.Event != (technician.Answer{Yes: true}) {
				w.t.Fatalf("step %d is green without a yes, by %#v", step, e)
			}
		case technician.StepPanel:
			if w.touches < technician.TargetCount {
				w.t.Fatalf("the panel is green after %d touches", w.touches)
			}
		case technician.StepFinish:
			for _, row := range s.rows() {
				if !row.Result.Done() {
					w.t.Fatalf("the set-up is complete without step %d", row.Step)
				}
			}
		}
	}
	// fmt writes every field of the State and of what it refers to.
	all := fmt.Sprintf("%#v %#v", s, s.screen)
	for _, f := range s.facts {
		all += fmt.Sprintf("%#v", f)
	}
	shown, ok := s.screen.(technician.Recovery)
	for _, secret := range w.secrets {
		if strings.Contains(all, secret) && !(ok && shown.Phase == technician.RecoveryShown) {
			w.t.Fatalf("a group of a recovery key is in the state on %T, after %#v", s.screen, e)
		}
	}
	if w.pending {
		edit, typing := s.screen.(technician.Edit)
		_, onStep := s.screen.(technician.Recovery)
		if !(onStep && (shown.Phase == technician.RecoveryShown || shown.Result.Mark == technician.Busy)) && !(typing && edit.Field == technician.FieldRecoveryGroup) {
			w.t.Fatalf("a recovery key that nobody checked was not forgotten on %T, after %#v", s.screen, e)
		}
	}
	if turn, ok := s.screen.(technician.Turn); w.tried && !(ok && (turn.Phase == technician.TurnTries || turn.Phase == technician.TurnAsks || turn.Result.Mark == technician.Busy)) {
		w.t.Fatalf("a picture that nobody kept stays turned on %T, after %#v", s.screen, e)
	}
	if !s.device && (s.at == technician.StepTurn && s.screen != nil && taskOf(w.under.Task, technician.StepTurn) || taskOf(w.under.Task, technician.StepNetwork)) {
		w.t.Fatalf("a machine that was not flashed does %#v", w.under.Task)
	}
	if w.under.Task != nil && !s.busy {
		w.t.Fatalf("%T is under way, and nobody waits for it, after %#v", w.under.Task, e)
	}
}

// outcome draws an end for a task.
func outcome(t *rapid.T, d Do, n int) Event {
	r := rapid.SampledFrom([]technician.Result{{Mark: technician.Good}, {Mark: technician.Good}, {Mark: technician.Fair, Problem: technician.SealKeyFile},
		{Mark: technician.Bad, Problem: technician.TestFailed}, {}}).Draw(t, "result")
	switch task := d.Task.(type) {
	case IsGuarded:
		guarded := rapid.Bool().Draw(t, "guarded")
		return Guard{d.Run, Lock{guarded, guarded && rapid.Bool().Draw(t, "shut"), "k"}, rapid.Bool().Draw(t, "device")}
	case CheckPIN, SetPIN:
		return Entered{d.Run, rapid.SampledFrom([]Entry{{}, {}, {Refusal: technician.PINWrong}, {Refusal: technician.PINWait, Wait: 3}, {Refusal: technician.PINEasy}}).Draw(t, "entry")}
	case ResetPIN:
		return Entered{d.Run, rapid.SampledFrom([]Entry{{}, {Problem: technician.RecoveryWrong}, {Refusal: technician.PINEasy}}).Draw(t, "entry")}
	case Peek:
		switch task.Step {
		case technician.StepTurn:
			return Found{d.Run, technician.Turn{Kept: 90, Shown: 90}}
		case technician.StepNetwork:
			return Found{d.Run, technician.Network{}}
		case technician.StepShop:
			return Found{d.Run, technician.Shop{Result: r, Name: "店"}}
		case technician.StepBrand:
			return Found{d.Run, technician.Brand{Result: r}}
		case technician.StepClock:
			return Found{d.Run, technician.Clock{Result: r}}
		case technician.StepHub:
			return Found{d.Run, technician.Hub{Result: r}}
		case technician.StepSealing:
			return Found{d.Run, technician.Sealing{Result: r}}
		case technician.StepAccess:
			return Found{d.Run, technician.Access{Result: r}}
		}
		return Found{d.Run, nil}
	case TryTurn:
		return Found{d.Run, technician.Turn{Result: r, Kept: 90, Shown: task.Degrees}}
	case KeepTurn:
		return Found{d.Run, technician.Turn{Result: r, Kept: task.Degrees, Shown: task.Degrees}}
	case TurnBack:
		return Found{d.Run, technician.Turn{Result: r, Kept: 90, Shown: 90}}
	case SetNetwork:
		task.Network.Result = r
		return Found{d.Run, task.Network}
	case SaveShop:
		return Found{d.Run, technician.Shop{Result: r}}
	case SaveBrand:
		return Found{d.Run, technician.Brand{Result: r}}
	case LookAtClock, SetClock, ConfirmClock:
		return Found{d.Run, technician.Clock{Result: r}}
	case LookAtPanel:
		return Found{d.Run, technician.Panel{Result: r, Width: 1080, Height: 1920}}
	case Listen:
		return Found{d.Run, technician.Microphone{Result: r, Heard: "はい"}}
	case PlayTone, Speak:
		return Found{d.Run, technician.Loudspeaker{Result: r}}
	case MeasureEcho:
		return Found{d.Run, technician.Echo{Result: r}}
	case AskHub, JoinHub:
		return Found{d.Run, technician.Hub{Result: r}}
	case Seal:
		return Found{d.Run, technician.Sealing{Result: r}}
	case MakeRecovery:
		var groups []string
		for i := range seal.RecoveryGroups {
			groups = append(groups, fmt.Sprintf("SECRET%d/%d", n, i))
		}
		return Made{d.Run, groups, [2]int{2, 5}, technician.Result{}}
	case CountAccess:
		return Found{d.Run, technician.Access{Result: r, Technicians: 1}}
	case LookAtHealth:
		return Found{d.Run, technician.Health{At: "now", Lines: []technician.Line{{Mark: r.Mark}}}}
	case ListBundle, WriteBundle:
		return Found{d.Run, technician.Bundle{Result: r, Places: []technician.Place{{Name: "usb"}}}}
	case MakeChallenge:
		return Challenged{d.Run, "42"}
	}
	return Done{d.Run, r}
}

// likely are touches that mean something on a screen.
func likely(s technician.Screen) []technician.Event {
	typed := []technician.Event{
		technician.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: "a"}}, technician.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: "1"}},
		technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}}, technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}},
	}
	tests := []technician.Event{technician.Test{}, technician.Test{}, technician.Next{}, technician.Answer{Yes: true}, technician.Answer{Yes: true}, technician.Answer{}, technician.Without{}, technician.Confirm{}}
	switch s := s.(type) {
	case technician.PIN:
		return []technician.Event{technician.Digit{N: 1}, technician.Digit{N: 1}, technician.Digit{N: 1}, technician.Enter{}, technician.Rub{}, technician.LostPIN{}}
	case technician.Menu:
		return []technician.Event{technician.Open{Page: technician.PageSetUp}, technician.Open{Page: technician.PageSetUp}, technician.Open{Page: technician.PageWipe}, technician.Open{Page: technician.PagePIN},
			technician.Open{Page: technician.PageHealth}, technician.Open{Page: technician.PageBundle}, technician.Open{Page: technician.PagePower}}
	case technician.SetUp:
		var all []technician.Event
		for _, step := range technician.Steps() {
			all = append(all, technician.OpenStep{Step: step})
		}
		return all
	case technician.Edit:
		return typed
	case technician.Targets:
		x, y := technician.TargetAt(s.Next)
		return []technician.Event{technician.Touched{X: x, Y: y}, technician.Touched{X: x + 0.01, Y: y}, technician.Touched{X: 0.3, Y: 0.3}}
	case technician.Wipe:
		return []technician.Event{technician.Confirm{}, technician.Digit{N: 4}, technician.Digit{N: 2}, technician.Enter{}, technician.HoldDown{}, technician.HoldDown{}, technician.HoldUp{}}
	case technician.Recovery:
		return append(tests, technician.WrittenDown{}, technician.WrittenDown{})
	case technician.Power:
		return []technician.Event{technician.ChoosePower{What: technician.PowerOff}, technician.Confirm{}}
	case technician.Bundle:
		return []technician.Event{technician.ChoosePlace{}, technician.Confirm{}, technician.Test{}}
	case technician.Turn:
		return append(tests, technician.ChooseTurn{Degrees: 180}, technician.ChooseTurn{Degrees: 90}, technician.ChooseTurn{Degrees: 0}, technician.ChooseTurn{Degrees: 45})
	case technician.Shop, technician.Brand, technician.Clock, technician.Hub, technician.Network:
		tests = append(tests, technician.ChooseRadio{Radio: true}, technician.ChooseRadio{}, technician.ChooseFixed{Fixed: true}, technician.ChooseFixed{})
		for _, f := range technician.Fields() {
			tests = append(tests, technician.EditField{Field: f})
		}
		return append(tests, technician.ChooseAccent{RGB: 0xffee00}, technician.ChooseAccent{RGB: 0x112233}, technician.ChooseSpeaks{Speaks: technician.SpeaksEnglish}, technician.Test{}, technician.Test{})
	}
	return tests
}

// anything are touches wherever they come.
var anything = []technician.Event{
	technician.Back{}, technician.Leave{}, technician.Next{}, technician.Test{}, technician.Answer{Yes: true}, technician.Confirm{}, technician.WrittenDown{}, technician.Without{},
	technician.HoldDown{}, technician.HoldUp{}, technician.Enter{}, technician.Digit{N: 4}, technician.LostPIN{}, technician.ToggleBigText{}, technician.StillHere{},
	technician.Open{Page: technician.PageWipe}, technician.OpenStep{Step: technician.StepRecovery}, technician.OpenStep{Step: -1}, technician.Open{Page: 99},
	technician.ToggleHidden{}, technician.ChooseTurn{Degrees: 270}, technician.ChooseRadio{Radio: true}, technician.OpenStep{Step: technician.StepNetwork}, technician.OpenStep{Step: technician.StepTurn},
	technician.EditField{Field: technician.FieldRecoveryGroup}, technician.Touched{X: 0.5, Y: 0.5}, technician.ChoosePlace{Index: -1}, technician.ChooseLanguage{Language: technician.English},
}

func TestWhateverIsTouchedNothingIsGreenUntestedNoKeyStaysAndNothingIsWipedByChance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &walker{t: t}
		w.step(Opened{})
		for i := range rapid.IntRange(1, 300).Draw(t, "events") {
			var e Event
			switch choice := rapid.IntRange(0, 19).Draw(t, "kind"); {
			case choice < 8 && w.under.Task != nil:
				e = outcome(t, w.under, i)
			case choice < 15:
				e = Touch{rapid.SampledFrom(likely(w.state.screen)).Draw(t, "touch")}
			case choice < 18:
				e = Tick{}
			case choice < 19 || i > 250:
				e = Touch{rapid.SampledFrom(anything).Draw(t, "any")}
			default:
				// The end of a task that is over.
				stale := outcome(t, Do{Run: max(0, w.state.run-1), Task: rapid.SampledFrom([]Task{Listen{}, MakeChallenge{}, CheckPIN{}, IsGuarded{}, MeasureEcho{}}).Draw(t, "stale")}, i)
				if runOf(stale) == w.under.Run && w.under.Task != nil {
					continue
				}
				e = stale
			}
			w.step(e)
			if !w.state.open {
				w.step(Opened{Language: technician.Language(i % 2)})
			}
		}
	})
}

// inside is a walker behind an open lock.
func inside(t *testing.T) *walker {
	w := &walker{t: t}
	w.step(Opened{})
	w.step(Guard{Run: w.under.Run})
	return w
}

func (w *walker) touch(all ...technician.Event) {
	for _, e := range all {
		w.step(Touch{e})
	}
}

func (w *walker) wiping() {
	w.touch(technician.Open{Page: technician.PageWipe}, technician.Confirm{})
	w.step(Challenged{w.under.Run, "4827"})
	for _, d := range "4827" {
		w.touch(technician.Digit{N: int(d - '0')})
	}
	w.touch(technician.Enter{})
}

func TestAWipeBeginsWhenItsNumberWasTypedAndTheFingerIsLiftedAfterHolding(t *testing.T) {
	w := inside(t)
	w.wiping()
	w.touch(technician.HoldDown{})
	for range holdSeconds {
		w.step(Tick{})
	}
	if w.wipes != 0 {
		t.Fatal("it began while the finger was down")
	}
	w.touch(technician.HoldUp{})
	if w.wipes != 1 {
		t.Fatal("it did not begin")
	}
	w.touch(technician.Back{}, technician.Leave{})
	if s, ok := w.state.screen.(technician.Wipe); !ok || s.Phase != technician.WipeRuns {
		t.Fatal("a wipe that runs was left")
	}
}

func TestAWipeDoesNotBeginWhenTheFingerIsLiftedTooSoonOrSlidAway(t *testing.T) {
	w := inside(t)
	w.wiping()
	w.touch(technician.HoldDown{})
	w.step(Tick{})
	w.touch(technician.HoldUp{})
	// A finger that slid away has no end: the next one begins anew.
	w.touch(technician.HoldDown{})
	for range 3 * holdSeconds {
		w.step(Tick{})
	}
	w.touch(technician.HoldDown{}, technician.HoldUp{})
	if w.wipes != 0 {
		t.Fatal("it began")
	}
}

func TestAWrongNumberDoesNotLeadToTheButton(t *testing.T) {
	w := inside(t)
	w.touch(technician.Open{Page: technician.PageWipe}, technician.Confirm{})
	w.step(Challenged{w.under.Run, "4827"})
	w.touch(technician.Digit{N: 4}, technician.Enter{}, technician.HoldDown{})
	s, _ := w.state.screen.(technician.Wipe)
	if s.Phase != technician.WipeTypes || !s.Differs || s.Typed != "" {
		t.Fatalf("%+v", s)
	}
}

func (w *walker) recovery(groups ...string) {
	w.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepRecovery}, technician.Test{})
	w.step(Made{w.under.Run, groups, [2]int{2, 1}, technician.Result{}})
}

func (w *walker) write(text string) {
	for _, r := range text {
		w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	w.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
}

func TestTheRecoveryKeyIsShownOnceAndTwoGroupsAreTypedBackInTheOrderThatIsAsked(t *testing.T) {
	w := inside(t)
	w.recovery("QQQQ", "ZZZZ")
	if s, _ := w.state.screen.(technician.Recovery); len(s.Groups) != 2 {
		t.Fatalf("it is not shown: %+v", w.state.screen)
	}
	w.touch(technician.WrittenDown{})
	if e, _ := w.state.screen.(technician.Edit); e.Group != 2 || e.Groups != 2 {
		t.Fatalf("the second group is not asked for: %+v", w.state.screen)
	}
	w.secrets = nil // what the technician types is theirs
	w.write("zzzz")
	if e, _ := w.state.screen.(technician.Edit); e.Group != 1 || strings.Contains(fmt.Sprintf("%+v", e), "zzzz") {
		t.Fatalf("the first group is not asked for next: %+v", w.state.screen)
	}
	w.write("qqqq")
	if got, want := w.under.Task, (Task)(ConfirmRecovery{"zzzz", "qqqq"}); got != want {
		t.Fatalf("got %#v", got)
	}
	w.secrets = []string{"zzzz", "qqqq", "ZZZZ", "QQQQ"}
	w.step(Done{w.under.Run, technician.Result{Mark: technician.Good}})
	if s, _ := w.state.screen.(technician.Recovery); s.Phase != technician.RecoveryKept || w.state.results[technician.StepRecovery].Mark != technician.Good {
		t.Fatalf("the step is not done: %+v", w.state.screen)
	}
}

func TestARecoveryKeyThatWasTypedWronglyIsVoid(t *testing.T) {
	w := inside(t)
	w.recovery("QQQQ", "ZZZZ")
	w.touch(technician.WrittenDown{})
	w.write("a")
	w.write("b")
	w.step(Done{w.under.Run, technician.Result{Mark: technician.Bad, Problem: technician.RecoveryWrong}})
	if w.pending {
		t.Fatal("it was not forgotten")
	}
	if r := w.state.results[technician.StepRecovery]; r.Mark != technician.Bad || r.Problem != technician.RecoveryWrong {
		t.Fatalf("%+v", r)
	}
}

func TestTheScreensLockThemselvesAndForgetWhatWasShown(t *testing.T) {
	w := inside(t)
	w.recovery("QQQQ", "ZZZZ")
	for range idleSeconds {
		w.step(Tick{})
	}
	if w.closed != 1 || w.state.Open() || w.pending {
		t.Fatalf("closed %d times, open %t, a key pending %t", w.closed, w.state.Open(), w.pending)
	}
}

func TestALostPINTakesTheWholeRecoveryKeyAndThenANewPINTwice(t *testing.T) {
	w := &walker{t: t}
	w.step(Opened{})
	w.step(Guard{Run: w.under.Run, Lock: Lock{Guarded: true}})
	w.touch(technician.LostPIN{})
	for i := range seal.RecoveryGroups {
		if e, _ := w.state.screen.(technician.Edit); e.Group != i+1 {
			t.Fatalf("group %d is not asked for: %+v", i+1, w.state.screen)
		}
		w.write(fmt.Sprintf("%04d", i))
	}
	for range 2 {
		for _, n := range []int{2, 7, 1, 8, 2, 9} {
			w.touch(technician.Digit{N: n})
		}
		w.touch(technician.Enter{})
	}
	if got, want := w.under.Task, (Task)(ResetPIN{"0000-0001-0002-0003-0004-0005-0006-0007", "271829"}); got != want {
		t.Fatalf("got %#v", got)
	}
	w.step(Entered{Run: w.under.Run})
	if _, ok := w.state.screen.(technician.Menu); !ok {
		t.Fatalf("%T is shown", w.state.screen)
	}
}

func TestWhatIsChangedAfterItsTestIsNotGreenAnyMore(t *testing.T) {
	w := inside(t)
	w.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepShop})
	w.step(Found{w.under.Run, technician.Shop{Name: "店"}})
	w.touch(technician.Test{})
	w.step(Found{w.under.Run, technician.Shop{Name: "店", Result: technician.Result{Mark: technician.Good}}})
	if w.state.results[technician.StepShop].Mark != technician.Good {
		t.Fatal("it is not green")
	}
	w.touch(technician.ChooseSpeaks{Speaks: technician.SpeaksEnglish})
	if w.state.results[technician.StepShop].Mark != technician.Undone {
		t.Fatal("it is still green")
	}
}

func TestAPaleAccentIsNotSaved(t *testing.T) {
	w := inside(t)
	w.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepBrand})
	w.step(Found{w.under.Run, technician.Brand{}})
	w.touch(technician.ChooseAccent{RGB: 0xffee00}, technician.Test{})
	if w.under.Task != nil || w.state.results[technician.StepBrand].Problem != technician.AccentTooPale {
		t.Fatalf("%#v is done; %+v", w.under.Task, w.state.results[technician.StepBrand])
	}
	w.touch(technician.ChooseAccent{RGB: ui.NearestAccent(0xffee00)}, technician.Test{})
	if _, ok := w.under.Task.(SaveBrand); !ok {
		t.Fatalf("the near one is not saved: %#v", w.under.Task)
	}
}

func TestARestartThatDoesNotHappenIsTold(t *testing.T) {
	w := inside(t)
	w.touch(technician.Open{Page: technician.PagePower}, technician.ChoosePower{What: technician.PowerRestart}, technician.Confirm{})
	w.step(Done{w.under.Run, technician.Result{Mark: technician.Good}})
	w.touch(technician.Leave{}, technician.Back{})
	if p, _ := w.state.screen.(technician.Power); p.Phase != technician.PowerGoes {
		t.Fatalf("%+v", w.state.screen)
	}
	for range mostGoing {
		w.step(Tick{})
	}
	if p, _ := w.state.screen.(technician.Power); p.Phase != technician.PowerChoose || p.Result.Mark != technician.Bad {
		t.Fatalf("%+v", w.state.screen)
	}
}

func TestTouchesBesideTheirTargetsAreAFaultOfThePanel(t *testing.T) {
	for beside, want := range map[float32]technician.Result{
		0:    {Mark: technician.Good},
		0.03: {Mark: technician.Bad, Problem: technician.TouchShifted}, // 8 mm
		0.4:  {Mark: technician.Bad, Problem: technician.TouchMissed},
	} {
		w := inside(t)
		w.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepPanel}, technician.Test{})
		w.step(Found{w.under.Run, technician.Panel{Result: technician.Result{Mark: technician.Good}, Width: 1080, Height: 1920, DPI: 102}})
		for i := range technician.TargetCount {
			x, y := technician.TargetAt(i)
			w.touch(technician.Touched{X: x + beside, Y: y})
		}
		if got := w.state.results[technician.StepPanel]; got != want {
			t.Errorf("%.2f beside: got %+v, want %+v", beside, got, want)
		}
	}
}
