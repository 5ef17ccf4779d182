package office

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/ui/keyboard"
	"tenin/ui/staff"
)

// bench drives Next with a house that answers at once.
type bench struct {
	t      testing.TB
	s      State
	run    *running
	house  *fakeHouse
	chimes int
	held   []Done // what has not been answered yet, while hold is set
	hold   bool
}

func newBench(t testing.TB, terms Terms, names ...string) *bench {
	b := &bench{t: t, house: newFake(names...)}
	b.run = &running{Office: New(b.house, terms, Options{Player: fakePlayer{}}), ctx: context.Background()}
	s, effects := Begin(terms, noon)
	b.s = s
	b.perform(effects)
	b.send(Changed{b.house.state})
	return b
}

func (b *bench) send(e Event) {
	s, effects := Next(b.s, e)
	b.s = s
	b.perform(effects)
}

func (b *bench) perform(effects []Effect) {
	for _, e := range effects {
		switch e.(type) {
		case Silence:
			continue
		case Chime:
			b.chimes++
			continue
		case LockHouse:
			b.run.leave(b.s.before())
			continue
		}
		result, err := b.run.do(context.Background(), e)
		done := Done{b.s.serial, e, result, err}
		if b.hold {
			b.held = append(b.held, done)
			continue
		}
		b.send(done)
	}
}

func (b *bench) release() {
	held := b.held
	b.held, b.hold = nil, false
	for _, d := range held {
		b.send(d)
	}
}

func (b *bench) touch(events ...staff.Event) *bench {
	for _, e := range events {
		b.send(Touched{e})
	}
	return b
}

func (b *bench) pin(pin string) *bench {
	for _, r := range pin {
		b.touch(staff.PINKey{Key: string(r)})
	}
	return b.touch(staff.EnterPIN{})
}

func (b *bench) write(text string) *bench {
	for _, r := range text {
		b.touch(staff.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	return b.touch(staff.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
}

func (b *bench) tick(d time.Duration) *bench {
	b.send(Ticked{b.s.now.Add(d)})
	return b
}

func (b *bench) heard(part string) bool {
	return slices.ContainsFunc(b.house.heard(), func(s string) bool { return strings.Contains(s, part) })
}

func shows[S staff.Screen](b *bench) S {
	b.t.Helper()
	s, ok := b.s.View().Screen.(S)
	if !ok {
		b.t.Fatalf("the screen is %T", b.s.View().Screen)
	}
	return s
}

func TestASecondScreenShowsWhoWaitsBeforeAnyPIN(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	if calls := shows[staff.Help](b).Calls; len(calls) != 1 || calls[0].Topic != "修理" || calls[0].Waited != 60 {
		t.Errorf("%+v", calls)
	}
	if v := b.s.View(); !v.Locked || v.Waiting != 1 || v.Left != 0 {
		t.Errorf("%+v", v)
	}
	b.touch(staff.Take{Call: "c1"}, staff.Handled{Call: "c1"}, staff.Handled{Call: "another"})
	if !b.heard("take c1") || !b.heard("handled c1") || b.heard("another") {
		t.Errorf("asked: %v", b.house.heard())
	}
}

func TestAtTheCounterNothingIsSeenOrDoneWithoutAPIN(t *testing.T) {
	b := newBench(t, Terms{Counter: true}, "佐藤")
	if pad := shows[staff.Lock](b); !pad.Back || pad.Open {
		t.Errorf("%+v", pad)
	}
	b.touch(staff.Handled{Call: "c1"}, staff.GoTo{Tab: staff.HelpTab}, staff.GoTo{Tab: staff.ConversationsTab}, staff.Publish{})
	shows[staff.Lock](b)
	if b.heard("handled") || b.heard("conversations") {
		t.Errorf("asked: %v", b.house.heard())
	}
	b.touch(staff.Leave{})
	if !b.s.Gone() {
		t.Error("the pad cannot be left")
	}
}

func TestAPINLeadsWhereItWasAskedFor(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤", "鈴木")
	b.touch(staff.GoTo{Tab: staff.TodayTab})
	if pad := shows[staff.Lock](b); len(pad.Names) != 2 || !pad.Open {
		t.Errorf("%+v", pad)
	}
	b.pin("482913")
	shows[staff.Lock](b) // nobody said who they are
	b.touch(staff.ChooseName{Name: "山田"}).pin("482913")
	shows[staff.Lock](b) // nobody of that name
	b.touch(staff.ChooseName{Name: "佐藤"}).pin("482913")
	day := shows[staff.Today](b)
	if day.Topics[0] != (staff.Topic{Name: "修理", Questions: 3, HandedOff: 1}) || day.Day != "11月22日（日）" {
		t.Errorf("%+v", day)
	}
	if v := b.s.View(); v.Who != "佐藤" || v.Locked || v.Left != 120 {
		t.Errorf("%+v", v)
	}
}

func TestATechniciansPINAtTheCounterLeadsOutToTheSetUp(t *testing.T) {
	for _, terms := range []Terms{{Counter: true, SetUp: true}, {Counter: true}, {SetUp: true}} {
		b := newBench(t, terms, "佐藤")
		b.touch(staff.GoTo{Tab: staff.TodayTab})
		b.send(Done{b.s.serial, TryPIN{"佐藤", "482913"}, Member{"佐藤", storage.RoleTechnician}, nil})
		out := terms.Counter && terms.SetUp
		if b.s.SetUp() != out || b.s.Gone() != out {
			t.Errorf("%+v: for the set-up %v, gone %v", terms, b.s.SetUp(), b.s.Gone())
		}
		if out && !b.heard("lock") {
			t.Error("the kiosk was not told to forget the PIN")
		}
	}
}

func TestAWrongPINIsSaidAndTooManyAreWaitedFor(t *testing.T) {
	b := newBench(t, Terms{Counter: true}, "佐藤")
	b.pin("000000")
	if pad := shows[staff.Lock](b); !pad.Wrong || pad.Digits != 0 {
		t.Errorf("%+v", pad)
	}
	b.send(Done{b.s.serial, TryPIN{}, Member{}, fmt.Errorf("佐藤: %w: try again in 28s", storage.ErrPINLocked)})
	if pad := shows[staff.Lock](b); pad.Wait != 28 {
		t.Errorf("%+v", pad)
	}
	before := len(b.house.heard())
	b.pin("482913")
	if len(b.house.heard()) != before {
		t.Error("a PIN was tried while none is taken")
	}
	b.tick(10 * time.Second)
	if pad := shows[staff.Lock](b); pad.Wait != 18 {
		t.Errorf("%+v", pad)
	}
	b.touch(staff.Stay{}).tick(19 * time.Second).pin("482913")
	shows[staff.Help](b)
}

func TestTheScreensLockThemselvesAndForgetWhatWasOpen(t *testing.T) {
	b := newBench(t, Terms{Idle: time.Minute}, "佐藤")
	b.touch(staff.GoTo{Tab: staff.ConversationsTab}).pin("482913")
	b.touch(staff.OpenConversation{ID: storage.ID{7}.String()}, staff.ChooseWhy{Why: staff.Complaint}, staff.ReadConversation{})
	shows[staff.Transcript](b)
	b.tick(50 * time.Second)
	if left := b.s.View().Left; left != 10 {
		t.Errorf("%d seconds are left", left)
	}
	b.touch(staff.Stay{}).tick(50 * time.Second)
	shows[staff.Transcript](b)
	b.tick(10 * time.Second)
	shows[staff.Help](b)
	if v := b.s.View(); !v.Locked || v.Who != "" {
		t.Errorf("%+v", v)
	}
	if !b.heard("lock") {
		t.Error("the kiosk was not told")
	}
	if text := fmt.Sprintf("%+v", b.s.at); strings.Contains(text, "傘") {
		t.Error("words are left behind")
	}
}

func TestAtTheCounterTheShoppersScreenComesBackByItself(t *testing.T) {
	b := newBench(t, Terms{Counter: true}, "佐藤")
	b.tick(29 * time.Second)
	if b.s.Gone() {
		t.Error("the pad went at once")
	}
	b.tick(time.Second)
	if !b.s.Gone() {
		t.Error("the pad stays")
	}
	b = newBench(t, Terms{Counter: true, Idle: time.Minute})
	shows[staff.Help](b) // a shop without accounts
	b.tick(time.Minute)
	if !b.s.Gone() {
		t.Error("the staff's screen stays")
	}
}

func TestAnAnswerIsWrittenHeardPublishedAndTakenBack(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	b.touch(staff.GoTo{Tab: staff.UnansweredTab}).pin("482913").touch(staff.WriteAnswer{Question: "g1"})
	if v := shows[staff.Answering](b); v.Question != "傘は直せますか" || len(v.Similar) != 1 {
		t.Errorf("%+v", v)
	}
	b.touch(staff.Publish{}, staff.TrySound{})
	if b.heard("publish") || b.heard("try") {
		t.Error("there is nothing to publish or to hear yet")
	}
	b.touch(staff.EditSentence{At: 0}).write("はい。")
	if v := shows[staff.Answering](b); len(v.Sentences) != 1 || len(v.Words) != 2 || v.Tried {
		t.Errorf("%+v", v)
	}
	b.touch(staff.Publish{})
	if b.heard("preview=false") {
		t.Error("published unheard")
	}
	b.touch(staff.TrySound{})
	if v := shows[staff.Answering](b); !v.Tried || v.Playing {
		t.Errorf("%+v", v)
	}
	b.touch(staff.FixReading{Word: 1}).write("しゅうり")
	if !b.heard("reading 修理=シュウリ") || shows[staff.Answering](b).Tried {
		t.Error("after another reading it is heard again")
	}
	b.touch(staff.EditSentence{At: 1}).write("いちかいです。").touch(staff.TrySound{}, staff.Publish{})
	if !b.heard("publish id= 傘は直せますか → はい。いちかいです。 preview=false") || !shows[staff.Answering](b).Published {
		t.Errorf("asked: %v", b.house.heard())
	}
	b.touch(staff.Undo{})
	if !b.heard("takeback") || shows[staff.Answering](b).Published {
		t.Error("it was not taken back")
	}
}

func TestAnApprovedAnswerThatIsTakenOverGetsAnotherWording(t *testing.T) {
	b := newBench(t, Terms{})
	b.touch(staff.GoTo{Tab: staff.UnansweredTab}, staff.WriteAnswer{Question: "g1"}, staff.UseSimilar{ID: "a1"}, staff.TrySound{}, staff.Publish{})
	if !b.heard("publish id=a1 靴は直せますか → はい。1階で承ります。 preview=false") {
		t.Errorf("asked: %v", b.house.heard())
	}
	b = newBench(t, Terms{})
	b.touch(staff.GoTo{Tab: staff.UnansweredTab}, staff.WriteAnswer{Question: "g1"}, staff.UseSimilar{ID: "a1"}, staff.EditSentence{At: 2}).write("どうぞ。").touch(staff.TrySound{}, staff.Publish{})
	if !b.heard("publish id= 傘は直せますか → はい。1階で承ります。どうぞ。 preview=false") {
		t.Errorf("a changed answer is a new one: %v", b.house.heard())
	}
}

func TestTheKeyboardOffersTheShopsWords(t *testing.T) {
	b := newBench(t, Terms{Words: Dictionary([]kiosk.ShopWord{{Reading: "シュウリ", Text: "修理"}})})
	b.touch(staff.GoTo{Tab: staff.UnansweredTab}, staff.WriteAnswer{Question: "g1"}, staff.EditSentence{})
	for _, r := range "しゅう" {
		b.touch(staff.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	if got := shows[staff.Typing](b).Board.Candidates; len(got) == 0 || got[0] != "修理" {
		t.Errorf("offered: %q", got)
	}
	b.touch(staff.Typed{Key: keyboard.Key{Kind: keyboard.Choose, Text: "修理"}})
	if got := shows[staff.Typing](b).Board.Candidates; !slices.Contains(got, "承ります。") {
		t.Errorf("offered: %q", got)
	}
}

func TestALongStoryIsNotKeptAsAWordingOfAQuestion(t *testing.T) {
	story := strings.Repeat("傘", 300)
	if got := wordings(kiosk.Gap{Question: story, Others: []string{"傘の修理", story}}); !slices.Equal(got, []string{"傘の修理"}) {
		t.Errorf("%q", got)
	}
	if got := wordings(kiosk.Gap{Question: story}); len(got) != 1 || len([]rune(got[0])) != longestWording {
		t.Errorf("%q", got)
	}
	if got := wordings(kiosk.Gap{Question: "傘", Others: slices.Repeat([]string{"直せますか"}, 30)}); len(got) != mostWordings {
		t.Errorf("%d wordings", len(got))
	}
}

func TestAConversationIsOpenedWithItsReasonAndPlayed(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	b.touch(staff.GoTo{Tab: staff.ConversationsTab}).pin("482913").touch(staff.OpenConversation{ID: storage.ID{7}.String()}, staff.ReadConversation{})
	if b.heard("read") {
		t.Error("opened without a reason")
	}
	b.touch(staff.ChooseWhy{Why: staff.Other}, staff.ReadConversation{}, staff.WriteReason{}).write("かさ").touch(staff.ReadConversation{})
	if !b.heard("read 07 because かさ") {
		t.Errorf("asked: %v", b.house.heard())
	}
	v := shows[staff.Transcript](b)
	if want := []staff.Turn{{Question: "傘は直せますか", Answer: "はい。", Seconds: 3}, {Question: "いつまで", Handed: true}}; !reflect.DeepEqual(v.Turns, want) {
		t.Errorf("%+v", v.Turns)
	}
	b.touch(staff.PlayTurn{Turn: 2}, staff.PlayTurn{Turn: 9})
	if b.heard("sound") {
		t.Error("a turn without sound was played")
	}
	b.hold = true
	b.touch(staff.PlayTurn{Turn: 1})
	if shows[staff.Transcript](b).Playing != 1 {
		t.Error("it is not said what is played")
	}
	b.touch(staff.StopSound{})
	if shows[staff.Transcript](b).Playing != 0 {
		t.Error("it goes on")
	}
	b.touch(staff.PlayTurn{Turn: 1})
	b.release() // the end of the first is not taken for that of the second
	if shows[staff.Transcript](b).Playing != 0 {
		t.Error("the end of the second is not seen")
	}
}

func TestSwitchesAreAskedForAndSaid(t *testing.T) {
	b := newBench(t, Terms{Undrawable: func(s string) string {
		if strings.Contains(s, "龘") {
			return "龘"
		}
		return ""
	}})
	b.touch(staff.GoTo{Tab: staff.SettingsTab}, staff.SwitchTopic{Topic: "修理", Off: true}, staff.SwitchTopic{Topic: "怪しい", Off: true})
	if !b.heard("change 修理 off=true") || b.heard("怪しい") {
		t.Errorf("asked: %v", b.house.heard())
	}
	b.touch(staff.ShowSetting{Setting: staff.Notice}, staff.WriteNotice{}).write("ほん")
	if v := shows[staff.Settings](b); v.Notice != "ほん" || v.Shown != staff.Notice {
		t.Errorf("%+v", v)
	}
	b.touch(staff.WriteNotice{}).write("龘")
	if v := b.s.View(); !v.Failed || !strings.Contains(v.Note, "龘") {
		t.Errorf("%+v", v)
	}
	b.house.fail = errBroken
	b.touch(staff.Return{}, staff.Switch{Setting: staff.Pause, On: true})
	if v := b.s.View(); !v.Failed || strings.Contains(v.Note, "disk") || v.Busy {
		t.Errorf("%+v", v)
	}
}

func TestAPINThatTheKioskHasForgottenIsAskedForAgain(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	b.touch(staff.GoTo{Tab: staff.SettingsTab}).pin("482913")
	b.house.in = false
	b.touch(staff.Switch{Setting: staff.Pause, On: true})
	shows[staff.Lock](b)
	if v := b.s.View(); !v.Locked || !v.Failed {
		t.Errorf("%+v", v)
	}
}

func TestAPINThatComesTooLateOpensNothingAndIsForgotten(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	b.touch(staff.GoTo{Tab: staff.SettingsTab})
	b.hold = true
	b.pin("482913").touch(staff.GoTo{Tab: staff.HelpTab})
	b.release()
	shows[staff.Help](b)
	if !b.s.View().Locked || b.house.in {
		t.Error("somebody is in, and nobody sees it")
	}
}

func TestItRingsOnceForACallAndOnceMoreWhenNobodyCame(t *testing.T) {
	b := newBench(t, Terms{}, "佐藤")
	next := situation()
	for _, step := range []struct {
		change func()
		chimes int
	}{
		{func() {}, 1},
		{func() { next.Calls[0].Late = true }, 2},
		{func() {}, 2},
		{func() { next.Calls = append(next.Calls, kiosk.Call{ID: "c2", Taken: noon}) }, 2},
		{func() { next.Calls = append(next.Calls, kiosk.Call{ID: "c3"}) }, 3},
		{func() { next.Calls = next.Calls[:1] }, 3},
		{func() { next.Calls = nil }, 3},
	} {
		step.change()
		next.Calls = slices.Clone(next.Calls)
		b.send(Changed{next})
		if b.chimes != step.chimes {
			t.Fatalf("it rang %d times, want %d", b.chimes, step.chimes)
		}
	}
}

// touches are all a window could send, honest or not.
func touches() *rapid.Generator[staff.Event] {
	n := rapid.IntRange(-2, 12)
	text := rapid.SampledFrom([]string{"", "c1", "g1", "a1", "修理", "佐藤", storage.ID{7}.String(), "4", "x"})
	return rapid.Custom(func(t *rapid.T) staff.Event {
		i, s := n.Draw(t, "n"), text.Draw(t, "s")
		return rapid.SampledFrom([]staff.Event{
			staff.ChooseName{Name: s}, staff.PINKey{Key: s}, staff.ErasePIN{}, staff.EnterPIN{}, staff.TurnKeys{}, staff.LockNow{}, staff.Unlock{}, staff.Leave{}, staff.Stay{},
			staff.GoTo{Tab: staff.Tab(i)}, staff.GoTo{Tab: staff.UnansweredTab}, staff.GoTo{Tab: staff.ConversationsTab}, staff.ShowFrom{From: i}, staff.Return{}, staff.Take{Call: s}, staff.Handled{Call: s},
			staff.WriteAnswer{Question: s}, staff.WriteAnswer{Question: "g1"}, staff.EditSentence{At: i}, staff.Compare{}, staff.UseSimilar{ID: s}, staff.TrySound{}, staff.StopSound{}, staff.FixReading{Word: i}, staff.Publish{}, staff.Undo{},
			staff.ChooseTopic{}, staff.NarrowTo{Topic: s}, staff.OpenConversation{ID: s}, staff.OpenConversation{ID: storage.ID{7}.String()}, staff.ChooseWhy{Why: staff.Why(i)}, staff.WriteReason{}, staff.ReadConversation{}, staff.PlayTurn{Turn: i},
			staff.ShowSetting{Setting: staff.Setting(i)}, staff.Switch{Setting: staff.Setting(i), On: i > 0}, staff.SwitchTopic{Topic: s}, staff.WriteNotice{}, staff.RemoveNotice{},
			staff.ChooseLanguage{Language: staff.Language(i)}, staff.ToggleBigText{}, staff.ToggleContrast{}, staff.Typed{Key: keyboard.Key{Kind: keyboard.Kind(i), Text: s}}, nil,
		}).Draw(t, "event")
	})
}

// offered are touches that the shown screen has buttons for: without them a walk does not get far.
func offered(s State) []staff.Event {
	enter := staff.Typed{Key: keyboard.Key{Kind: keyboard.Enter}}
	letter := staff.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: "か"}}
	switch s.at.(type) {
	case pad:
		return []staff.Event{staff.PINKey{Key: "4"}, staff.EnterPIN{}, staff.EnterPIN{}}
	case unanswered:
		return []staff.Event{staff.WriteAnswer{Question: "g1"}}
	case answering:
		return []staff.Event{staff.EditSentence{}, staff.EditSentence{At: 1}, staff.UseSimilar{ID: "a1"}, staff.FixReading{}, staff.TrySound{}, staff.TrySound{}, staff.StopSound{}, staff.Publish{}, staff.Publish{}, staff.Undo{}}
	case conversations:
		return []staff.Event{staff.OpenConversation{ID: storage.ID{7}.String()}, staff.NarrowTo{Topic: "修理"}}
	case reason:
		return []staff.Event{staff.ChooseWhy{Why: staff.Complaint}, staff.ChooseWhy{Why: staff.Other}, staff.WriteReason{}, staff.ReadConversation{}}
	case transcript:
		return []staff.Event{staff.PlayTurn{Turn: 1}, staff.StopSound{}}
	case settings:
		return []staff.Event{staff.WriteNotice{}, staff.RemoveNotice{}, staff.Switch{Setting: staff.Mute, On: true}, staff.SwitchTopic{Topic: "修理", Off: true}}
	case typing:
		return []staff.Event{letter, letter, enter, enter, staff.Return{}}
	}
	return []staff.Event{staff.GoTo{Tab: staff.UnansweredTab}, staff.GoTo{Tab: staff.ConversationsTab}, staff.GoTo{Tab: staff.SettingsTab}, staff.GoTo{Tab: staff.TodayTab}}
}

func TestWhateverIsTouchedNothingIsAskedThatTheStateDoesNotAllow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counter := rapid.Bool().Draw(t, "counter")
		s, _ := Begin(Terms{Counter: counter}, noon)
		s, _ = Next(s, Done{s.serial, AskStaff{}, Accounts{[]string{"佐藤"}}, nil})
		s, _ = Next(s, Changed{situation()})
		var pending []Done
		heard := "" // what was last spoken, with the readings as they are now
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			var e Event
			switch rapid.IntRange(0, 10).Draw(t, "what") {
			case 0:
				e = Ticked{s.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Second, time.Second, 40 * time.Second}).Draw(t, "time"))}
			case 1, 2, 3:
				if len(pending) == 0 {
					continue
				}
				e = pending[0]
				pending = pending[1:]
			case 4, 5, 6, 7, 8:
				e = Touched{rapid.SampledFrom(offered(s)).Draw(t, "offered")}
			default:
				e = Touched{touches().Draw(t, "touch")}
			}
			before := s
			var effects []Effect
			s, effects = Next(s, e)
			for _, effect := range effects {
				answer := Done{Serial: s.serial, Effect: effect}
				switch effect := effect.(type) {
				case AskStaff:
					answer.Result = Accounts{[]string{"佐藤"}}
				case Silence, LockHouse, Chime:
					continue
				case TryPIN:
					if effect.PIN == "" {
						t.Fatal("an empty PIN was tried")
					}
					answer.Result = Member{"佐藤", storage.RoleManager}
				case TakeCall, HandleCall:
					if counter && !before.in {
						t.Fatalf("%T at the counter without a PIN", effect)
					}
				default:
					if !s.in {
						t.Fatalf("%T without a PIN after %T", effect, e)
					}
					switch effect := effect.(type) {
					case FindGaps:
						answer.Result = Gaps{gaps()}
					case Speak:
						heard = effect.Text
					case Teach:
						heard = ""
					case FindSimilar:
						answer.Result = Near{near()}
					case Spell:
						answer.Result = Spelled{Words: []kiosk.Spelling{{Text: "修理", Kana: "シューリ"}}}
					case List:
						answer.Result = Listed{talks()}
					case Open:
						if effect.Reason == "" {
							t.Fatal("opened without a reason")
						}
						answer.Result = Opened{saved()}
					case PublishDraft:
						if effect.Draft.Answer == "" || effect.Draft.Answer != heard {
							t.Fatalf("published unheard: %+v", effect.Draft)
						}
					case PlayClip:
						if effect.Clip != 1 {
							t.Fatalf("clip %d was played", effect.Clip)
						}
					case Change:
						answer.Result = Set{}
					}
				}
				if rapid.IntRange(0, 9).Draw(t, "fails") == 0 {
					answer.Result = nil
					answer.Err = rapid.SampledFrom([]error{errBroken, control.ErrPINNeeded, control.ErrNotAllowed, storage.ErrWrongPIN, storage.ErrPINLocked, kiosk.ErrNoCall, ErrNoPlayer}).Draw(t, "error")
				}
				pending = append(pending, answer)
			}
			if !s.gone && s.in && s.locksAt().Before(s.now) {
				t.Fatal("the time is over and it is open")
			}
			if !s.in {
				switch s.at.(type) {
				case pad, help:
				default:
					t.Fatalf("%T is open without a PIN", s.at)
				}
			}
			if !s.gone {
				s.View()
			}
		}
	})
}

func TestTheWaitIsReadFromTheVaultsOwnLine(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"佐藤: locked after wrong PINs: try again in 28s":              28 * time.Second,
		"佐藤: locked after wrong PINs: try again in 1m4s (process 3)": 64 * time.Second,
		"locked": 30 * time.Second,
	} {
		if got := storage.PINWait(fmt.Errorf("%s", line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
