package kiosk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/llm/reading"
	"tenin/storage"
)

// clockwork is a clock that a test sets.
type clockwork struct {
	mu sync.Mutex
	at time.Time
}

func (c *clockwork) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clockwork) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// noon is not far from when the tests run, so that what a vault says of the real clock stays true.
func noon() time.Time {
	now := time.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, time.Local)
}

// openHouses opens a clerk of a shop with topics, and its house by both ways. It has no staff accounts.
func openHouses(t *testing.T, o ControlOptions) (clerk *Clerk, near, far House) {
	t.Helper()
	return openHousesAt(t, o, time.Now)
}

func openHousesAt(t *testing.T, o ControlOptions, now func() time.Time) (clerk *Clerk, near, far House) {
	t.Helper()
	clerk, _ = openFake(t, parking, func(o *Options) { o.now = now })
	addTopics(t, clerk)
	c, err := ServeControl(t.Context(), clerk, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return clerk, clerk.Backroom().Door(), openFar(t, clerk)
}

func openFar(t *testing.T, clerk *Clerk) House {
	t.Helper()
	far, err := OpenHouse(t.Context(), clerk.options.Home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	if !HouseRuns(far) {
		t.Fatal("the kiosk was not found")
	}
	return far
}

func addTopics(t *testing.T, clerk *Clerk) {
	t.Helper()
	_, err := importInto(clerk.options.Home, knowledge.Batch{Entries: []knowledge.Entry{
		{ID: "parking", Question: parking, Answer: parkingAnswer, Language: "ja", Topic: "駐車場"},
		{ID: "returns", Question: "返品できますか", Answer: "レシートをお持ちください。", Language: "ja", Topic: "返品"},
	}}, ImportReplace)
	if err == nil {
		err = clerk.Reload(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// eachHouse runs a test over both ways to a house.
func eachHouse(t *testing.T, test func(t *testing.T, clerk *Clerk, house House)) {
	t.Helper()
	eachHouseAt(t, time.Now, test)
}

func eachHouseAt(t *testing.T, now func() time.Time, test func(t *testing.T, clerk *Clerk, house House)) {
	t.Helper()
	for _, far := range []bool{false, true} {
		t.Run(map[bool]string{false: "in the process", true: "through the socket"}[far], func(t *testing.T) {
			clerk, near, there := openHousesAt(t, ControlOptions{}, now)
			if far {
				near = there
			}
			test(t, clerk, near)
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// settled waits for a situation of which want holds.
func settled(t *testing.T, h House, what string, want func(Situation) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hold)
	defer cancel()
	seen := false
	err := h.Watch(ctx, func(s Situation) {
		if seen = seen || want(s); seen {
			cancel()
		}
	})
	if !seen {
		t.Fatalf("%s: %v", what, err)
	}
}

// staffed adds an account of each role.
func staffed(t *testing.T, clerk *Clerk) {
	t.Helper()
	for _, m := range []struct {
		name string
		role storage.Role
		pin  string
	}{{"sato", storage.RoleManager, managersPIN}, {"suzuki", storage.RoleStaff, staffsPIN}, {"tanaka", storage.RoleTechnician, techniciansPIN}} {
		must(t, clerk.vault.AddStaff(m.name, m.role, pin(m.pin), time.Now()))
	}
}

// houseCalls is every call of the house, by name, with the roles that may make it; none: everybody.
func houseCalls(t *testing.T, id storage.ID) []struct {
	name  string
	roles []storage.Role
	call  func(House) error
} {
	const staff, manager, technician = storage.RoleStaff, storage.RoleManager, storage.RoleTechnician
	ctx := t.Context()
	yes := true
	one := func(_ any, err error) error { return err }
	return []struct {
		name  string
		roles []storage.Role
		call  func(House) error
	}{
		{"staff", nil, func(h House) error { return one(h.Staff(ctx)) }},
		{"situation", nil, func(h House) error { return one(h.Situation(ctx)) }},
		{"settings", nil, func(h House) error { return one(h.Settings(ctx)) }},
		{"today", []storage.Role{staff, manager, technician}, func(h House) error { return one(h.Today(ctx, 1)) }},
		{"unanswered", []storage.Role{staff, manager}, func(h House) error { return one(h.Unanswered(ctx, 7)) }},
		{"similar", []storage.Role{staff, manager}, func(h House) error { return one(h.Similar(ctx, parking, 2)) }},
		{"try", []storage.Role{staff, manager}, func(h House) error { return one(h.Try(ctx, Trial{Text: "はい。"})) }},
		{"readings", []storage.Role{staff, manager}, func(h House) error { return one(h.Readings(ctx)) }},
		{"fix a reading", []storage.Role{staff, manager}, func(h House) error { return h.FixReading(ctx, Reading{Word: "煌屋", Kana: "キラメキヤ"}) }},
		{"publish", []storage.Role{staff, manager}, func(h House) error {
			return one(h.Publish(ctx, Draft{Question: "傘はどこですか", Answer: "1階です。"}, true))
		}},
		{"conversations", []storage.Role{staff, manager}, func(h House) error { return one(h.Conversations(ctx, Filter{})) }},
		{"read", []storage.Role{staff, manager}, func(h House) error { return one(h.Read(ctx, id, "苦情の確認")) }},
		{"accesses", []storage.Role{manager}, func(h House) error { return one(h.Accesses(ctx, 10)) }},
		{"change", []storage.Role{staff, manager, technician}, func(h House) error { return one(h.Change(ctx, Change{Muted: &yes})) }},
	}
}

func TestWithoutAPINOnlyAGlanceAndHelpArePossibleAndARoleReachesItsOwnCalls(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		id := converse(t, clerk)
		staffed(t, clerk)
		for _, c := range houseCalls(t, id) {
			err := c.call(house)
			if c.roles == nil && err != nil || c.roles != nil && !errors.Is(err, control.ErrPINNeeded) {
				t.Errorf("%s without a PIN: %v", c.name, err)
			}
		}
		if _, err := house.Sound(t.Context(), id, 1, "苦情の確認"); !errors.Is(err, control.ErrPINNeeded) {
			t.Errorf("sound without a PIN: %v", err)
		}
		if _, err := house.TakeBack(t.Context()); !errors.Is(err, control.ErrPINNeeded) {
			t.Errorf("taking back without a PIN: %v", err)
		}
		if _, err := house.Login(t.Context(), "sato", pin("000001")); !errors.Is(err, storage.ErrWrongPIN) {
			t.Error(err)
		}
		for _, m := range []struct {
			name string
			role storage.Role
			pin  string
		}{{"tanaka", storage.RoleTechnician, techniciansPIN}, {"suzuki", storage.RoleStaff, staffsPIN}, {"sato", storage.RoleManager, managersPIN}} {
			member, err := house.Login(t.Context(), m.name, pin(m.pin))
			if err != nil || member.Name != m.name || member.Role != string(m.role) {
				t.Fatalf("%+v, %v", member, err)
			}
			for _, c := range houseCalls(t, id) {
				err := c.call(house)
				if may := c.roles == nil || slices.Contains(c.roles, m.role); may && err != nil || !may && !errors.Is(err, control.ErrNotAllowed) {
					t.Errorf("%s as %s: %v", c.name, m.role, err)
				}
			}
		}
		must(t, house.Lock(t.Context()))
		if _, err := house.Today(t.Context(), 1); !errors.Is(err, control.ErrPINNeeded) {
			t.Errorf("after the lock: %v", err)
		}
	})
}

func TestADoorInTheProcessLocksItselfAndForgetsADisabledAccount(t *testing.T) {
	clock := &clockwork{at: noon()}
	clerk, house, _ := openHousesAt(t, ControlOptions{}, clock.now)
	staffed(t, clerk)
	login := func() {
		t.Helper()
		if _, err := house.Login(t.Context(), "suzuki", pin(staffsPIN)); err != nil {
			t.Fatal(err)
		}
	}
	login()
	clock.set(noon().Add(4 * time.Minute))
	if _, err := house.Today(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.set(noon().Add(8 * time.Minute))
	if _, err := house.Today(t.Context(), 1); err != nil {
		t.Error("the session ended while it was used:", err)
	}
	clock.set(noon().Add(13 * time.Minute))
	if _, err := house.Today(t.Context(), 1); !errors.Is(err, control.ErrPINNeeded) {
		t.Error("idle:", err)
	}
	login()
	must(t, clerk.vault.DisableStaff("suzuki"))
	if _, err := house.Today(t.Context(), 1); !errors.Is(err, control.ErrPINNeeded) {
		t.Error("disabled:", err)
	}
}

func TestACallIsSeenAtOnceTakenAndHandled(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		room := clerk.Backroom()
		settled(t, house, "nobody", func(s Situation) bool { return len(s.Calls) == 0 })
		id := room.Call("返品", "en")
		settled(t, house, "the call", func(s Situation) bool {
			return len(s.Calls) == 1 && s.Calls[0].ID == id && s.Calls[0].Topic == "返品" && s.Calls[0].Language == "en" && !s.Calls[0].Coming() && s.Kiosk == "1"
		})
		if again := room.Call("", "ja"); again != id {
			t.Error("a second call while nobody is on the way is another one")
		}
		staffed(t, clerk)
		if _, err := house.Login(t.Context(), "suzuki", pin(staffsPIN)); err != nil {
			t.Fatal(err)
		}
		must(t, house.Take(t.Context(), id))
		settled(t, house, "taken", func(s Situation) bool { return len(s.Calls) == 1 && s.Calls[0].Coming() && s.Calls[0].By == "suzuki" })
		if call, ok := room.Called(id); !ok || !call.Coming() {
			t.Error("the counter does not know that somebody comes")
		}
		must(t, house.Take(t.Context(), id))
		must(t, house.Handled(t.Context(), id))
		settled(t, house, "handled", func(s Situation) bool { return len(s.Calls) == 0 })
		for _, err := range []error{house.Take(t.Context(), id), house.Handled(t.Context(), id), house.Handled(t.Context(), "zz")} {
			if !errors.Is(err, ErrNoCall) {
				t.Error(err)
			}
		}
		if _, ok := room.Called(id); ok {
			t.Error("a handled call is still there")
		}
	})
}

func TestWhoWatchesTheEventsAndWhoTheHouseSeesTheSameCalls(t *testing.T) {
	events := control.NewEvents("attract")
	clerk, near, _ := openHouses(t, ControlOptions{Events: events})
	id := clerk.Backroom().Call("", "ja")
	if events.Waiting() != 1 {
		t.Fatal("the call is not told")
	}
	must(t, near.Handled(t.Context(), id))
	if events.Waiting() != 0 {
		t.Error("its end is not told")
	}
}

func TestALateCallRingsOnceMoreAndATakenOneDoesNot(t *testing.T) {
	var mu sync.Mutex
	var rings []Ring
	clock := &clockwork{at: noon()}
	clerk, near, _ := openHousesAt(t, ControlOptions{Ring: func(r Ring) {
		mu.Lock()
		defer mu.Unlock()
		rings = append(rings, r)
	}}, clock.now)
	room := clerk.Backroom()
	first := room.Call("返品", "ja")
	clock.set(noon().Add(89 * time.Second))
	room.wake()
	must(t, near.Take(t.Context(), first))
	clock.set(noon().Add(200 * time.Second))
	second := room.Call("何か別のこと", "ja")
	if second == first {
		t.Fatal("a call long after the first was taken is the same")
	}
	clock.set(noon().Add(300 * time.Second))
	room.wake()
	settled(t, near, "late", func(s Situation) bool { return len(s.Calls) == 2 && !s.Calls[0].Late && s.Calls[1].Late })
	must(t, near.Handled(t.Context(), second))
	mu.Lock()
	defer mu.Unlock()
	want := []Ring{{RingCalled, "返品"}, {RingCalled, ""}, {RingLate, ""}, {RingHandled, ""}}
	if !slices.Equal(rings, want) {
		t.Errorf("%v, want %v", rings, want)
	}
}

func TestACallSurvivesARestartForAsLongAsSomebodyMayStandThere(t *testing.T) {
	clock := &clockwork{at: noon()}
	clerk, near, _ := openHousesAt(t, ControlOptions{}, clock.now)
	room := clerk.Backroom()
	id := room.Call("返品", "ja")
	must(t, near.Take(t.Context(), id))
	must(t, room.close())
	restart := func(after time.Duration) *Backroom {
		t.Helper()
		clock.set(noon().Add(after))
		again, err := openBackroom(clerk.vault, clerk.options.Config, clerk.options.Home, clerk, clock.now)
		must(t, err)
		t.Cleanup(func() { again.close() })
		return again
	}
	again := restart(callStays - time.Second)
	if call, ok := again.Called(id); !ok || !call.Earlier || call.Topic != "返品" || !call.Coming() {
		t.Errorf("%+v", call)
	}
	if again.Call("", "ja") == id {
		t.Error("whoever calls after the restart is taken for the one before it")
	}
	must(t, again.close())
	for _, after := range []time.Duration{callStays, -time.Second} {
		late := restart(after)
		if _, ok := late.Called(id); ok {
			t.Errorf("the call is there %v after it", after)
		}
	}
}

func TestSwitchesHoldAtOnceAndAfterARestartAndAreUndone(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		yes, no, notice := true, false, "  本日は18時に\n閉店いたします "
		ctx := t.Context()
		change := func(c Change) Settings {
			t.Helper()
			s, err := house.Change(ctx, c)
			must(t, err)
			if now, err := house.Settings(ctx); err != nil || !now.equal(s) {
				t.Errorf("%+v and %+v, %v", s, now, err)
			}
			return s
		}
		if s := change(Change{Paused: &yes}); s.Serving() || !s.Paused {
			t.Errorf("%+v", s)
		}
		change(Change{Paused: &no})
		s := change(Change{Muted: &yes, Closed: &yes, Notice: &notice})
		if !s.Muted || !s.Closed || s.Serving() || s.Notice != "本日は18時に 閉店いたします" || !s.ClosedUntil.Equal(midnight(time.Now())) {
			t.Errorf("%+v", s)
		}
		change(Change{Topic: "返品", TopicOff: true})
		s = change(Change{Topic: "駐車場", TopicOff: true})
		if !slices.Equal(s.TopicsOff, []string{"返品", "駐車場"}) && !slices.Equal(s.TopicsOff, []string{"駐車場", "返品"}) {
			t.Errorf("%v", s.TopicsOff)
		}
		again, err := openBackroom(clerk.vault, clerk.options.Config, clerk.options.Home, clerk, time.Now)
		must(t, err)
		if kept := again.Settings(); !kept.equal(s) {
			t.Errorf("after a restart %+v, want %+v", kept, s)
		}
		must(t, again.close())
		if s = change(Change{Undo: true}); len(s.TopicsOff) != 1 {
			t.Errorf("undone: %v", s.TopicsOff)
		}
		if s = change(Change{Undo: true}); len(s.TopicsOff) != 2 {
			t.Errorf("undone twice: %v", s.TopicsOff)
		}
		long := strings.Repeat("あ", MaxNotice+1)
		odd := "あ\u202eい"
		for _, bad := range []Change{{}, {Topic: "そんな話題", TopicOff: true}, {TopicOff: true}, {Notice: &long}, {Notice: &odd}, {Undo: true, Muted: &no}} {
			if _, err := house.Change(ctx, bad); !errors.Is(err, ErrSetting) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestClosedAndTheNoticeEndAtMidnightByThemselves(t *testing.T) {
	clock := &clockwork{at: noon()}
	clerk, near, _ := openHousesAt(t, ControlOptions{}, clock.now)
	room := clerk.Backroom()
	yes, notice := true, "臨時休業"
	_, err := near.Change(t.Context(), Change{Closed: &yes, Notice: &notice, Muted: &yes})
	must(t, err)
	clock.set(midnight(noon()).Add(-time.Second))
	if s := room.Settings(); !s.Closed || s.Notice == "" {
		t.Errorf("a second before midnight: %+v", s)
	}
	clock.set(midnight(noon()))
	if s := room.Settings(); s.Closed || s.Notice != "" || !s.Muted || !s.Serving() {
		t.Errorf("at midnight: %+v", s)
	}
	room.wake()
	settled(t, near, "the new day", func(s Situation) bool { return s.Settings.Serving() && s.Settings.Notice == "" })
}

func TestATopicThatIsOffIsHandedOffFromTheNextQuestionOn(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		ask := func() dialogue.Reply {
			t.Helper()
			turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), "返品できますか", nil)
			must(t, err)
			return turn.Reply
		}
		if r := ask(); r.Kind != dialogue.Approved {
			t.Fatalf("%+v", r)
		}
		_, err := house.Change(t.Context(), Change{Topic: "返品", TopicOff: true})
		must(t, err)
		if r := ask(); r.Kind != dialogue.HandOff || r.About != "返品" {
			t.Errorf("off: %+v", r)
		}
		_, err = house.Change(t.Context(), Change{Topic: "返品"})
		must(t, err)
		if r := ask(); r.Kind != dialogue.Approved {
			t.Errorf("on again: %+v", r)
		}
	})
}

func TestTodayCountsByTopicAndHourAndHoldsNoWord(t *testing.T) {
	clock := &clockwork{at: noon()}
	eachHouseAt(t, clock.now, func(t *testing.T, clerk *Clerk, house House) {
		clock.set(noon())
		room := clerk.Backroom()
		secretWords := "わたしの秘密"
		room.Asked(dialogue.Reply{Kind: dialogue.Approved, Topic: "返品", Text: secretWords})
		room.Asked(dialogue.Reply{Kind: dialogue.Product, Text: secretWords})
		room.Asked(dialogue.Reply{Kind: dialogue.HandOff, About: "駐車場", Text: secretWords})
		room.Asked(dialogue.Reply{Kind: dialogue.HandOff, About: secretWords})
		room.Asked(dialogue.Reply{Kind: refused, Topic: secretWords})
		room.Asked(dialogue.Reply{Kind: Clarify})
		room.Asked(dialogue.Reply{})
		clock.set(noon().Add(2 * time.Hour))
		room.Helped("返品", true)
		room.Helped(secretWords, false)
		room.Call("返品", "ja")
		days, err := house.Today(t.Context(), 3)
		must(t, err)
		want := storage.Tally{Day: storage.TallyDay(noon()), Calls: 1, Topics: map[string]storage.Counts{
			"返品": {Answered: 1, Yes: 1}, "駐車場": {HandedOff: 1}, "": {Answered: 1, HandedOff: 1, Refused: 1, No: 1},
		}}
		want.Hours[12] = storage.Counts{Answered: 2, HandedOff: 2, Refused: 1}
		want.Hours[14] = storage.Counts{Yes: 1, No: 1}
		if len(days) != 3 || !reflect.DeepEqual(days[0], want) || days[1].Total() != (storage.Counts{}) {
			t.Errorf("%+v, want %+v", days, want)
		}
		// The next day begins anew, and yesterday's counts are kept.
		clock.set(noon().AddDate(0, 0, 1))
		room.Asked(dialogue.Reply{Kind: dialogue.Approved, Topic: "返品"})
		days, err = house.Today(t.Context(), 2)
		must(t, err)
		if days[0].Total().Answered != 1 || !reflect.DeepEqual(days[1], want) {
			t.Errorf("%+v", days)
		}
		for _, n := range []int{0, -1, storage.TallyDays + 1} {
			if _, err := house.Today(t.Context(), n); err == nil {
				t.Errorf("%d days were counted", n)
			}
		}
	})
}

func TestADayThatEndsWhileItsCountsAreWrittenLosesNone(t *testing.T) {
	clock := &clockwork{at: noon()}
	clerk, house, _ := openHousesAt(t, ControlOptions{}, clock.now)
	room := clerk.Backroom()
	for i := range 100 {
		clock.set(noon().AddDate(0, 0, i).Add(tallyEvery))
		called := room.Call("返品", "ja")
		// Somewhere in here the keeper takes the counts; then it writes the call, and then them.
		time.Sleep(time.Duration(i) * 5 * time.Microsecond)
		clock.set(noon().AddDate(0, 0, i+1))
		room.Asked(dialogue.Reply{Kind: dialogue.HandOff})
		days, err := house.Today(t.Context(), 2)
		must(t, err)
		if days[1].Calls != 1 || days[0].Total().HandedOff != 1 {
			t.Fatalf("day %d: %d calls; the next: %+v", i, days[1].Calls, days[0].Total())
		}
		must(t, house.Handled(t.Context(), called))
	}
}

func TestOnlyTheCounterIsCountedAndOnlyCountsReachTheVault(t *testing.T) {
	clerk, near, _ := openHouses(t, ControlOptions{})
	const words = "駐車場に置き忘れた青い傘のことで吉田さんに伝えてください"
	visit := clerk.BeginUnkept()
	if _, err := visit.AskText(t.Context(), words, nil); err != nil {
		t.Fatal(err)
	}
	days, err := near.Today(t.Context(), 1)
	must(t, err)
	if days[0].Total().Questions() != 0 {
		t.Error("a question that was not asked at the counter is counted")
	}
	clerk.Backroom().Asked(dialogue.Reply{Kind: dialogue.Approved, Topic: words, Text: words})
	clerk.Backroom().Call(words, words)
	must(t, clerk.Backroom().close())
	for _, note := range []string{noteCalls, noteSettings} {
		var text any
		if _, err := clerk.vault.Note(note, &text); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(text); strings.Contains(got, "傘") || strings.Contains(got, "吉田") {
			t.Errorf("%s holds %s", note, got)
		}
	}
	tally, err := clerk.vault.Tally(time.Now())
	if err != nil || len(tally.Topics) != 1 || tally.Topics[""].Answered != 1 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// ask has somebody ask questions in a kept visit.
func askAll(t *testing.T, clerk *Clerk, questions ...string) storage.ID {
	t.Helper()
	visit := begin(t, clerk, storage.FromText())
	for _, q := range questions {
		if _, err := visit.AskText(t.Context(), q, nil); err != nil {
			t.Fatal(err)
		}
	}
	must(t, visit.Close())
	id, err := storage.ParseID(visit.Session())
	must(t, err)
	return id
}

func TestAQuestionWithoutAnAnswerIsAnsweredOnTheSpotAndTakenBack(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		ctx := t.Context()
		const question = "ペットと一緒に入れますか"
		askAll(t, clerk, parking, question)
		askAll(t, clerk, "ペットと一緒に入れますか？", "ペットと一緒にはいれますか", "保育園の送迎バスの時刻表を印刷したい")
		gaps, err := house.Unanswered(ctx, 7)
		must(t, err)
		if len(gaps) != 2 || gaps[0].Count != 3 || gaps[1].Count != 1 || gaps[0].Language != "ja" || !strings.HasPrefix(gaps[0].Question, "ペット") || len(gaps[0].Others) == 0 {
			t.Fatalf("%+v", gaps)
		}
		draft := Draft{Question: gaps[0].Question, Variants: gaps[0].Others, Answer: "補助犬のほかはご遠慮いただいております。", Topic: "入店"}
		diff, err := house.Publish(ctx, draft, true)
		must(t, err)
		if len(diff.Entries.Added) != 1 || len(diff.Entries.Removed) != 0 {
			t.Fatalf("%+v", diff)
		}
		if r := askReply(t, clerk, question); r.Kind != dialogue.HandOff {
			t.Fatalf("a preview was published: %+v", r)
		}
		published, err := house.Publish(ctx, draft, false)
		must(t, err)
		if !reflect.DeepEqual(published, diff) {
			t.Errorf("%+v, and the preview was %+v", published, diff)
		}
		if r := askReply(t, clerk, question); r.Kind != dialogue.Approved || r.Text != draft.Answer || r.Topic != "入店" {
			t.Fatalf("%+v", r)
		}
		if gaps, err = house.Unanswered(ctx, 7); err != nil || len(gaps) != 1 || !strings.HasPrefix(gaps[0].Question, "保育園") {
			t.Errorf("%+v, %v", gaps, err)
		}
		if _, err := house.Publish(ctx, draft, false); !errors.Is(err, ErrDraft) {
			t.Errorf("published twice: %v", err)
		}
		similar, err := house.Similar(ctx, "ペットは入れますか", 3)
		if err != nil || len(similar) == 0 || similar[0].Answer != draft.Answer {
			t.Errorf("%+v, %v", similar, err)
		}
		// Another wording is added to what is there.
		more := Draft{ID: similar[0].ID, Question: "犬を連れて入店してもよいですか"}
		if diff, err = house.Publish(ctx, more, false); err != nil || len(diff.Entries.Changed) != 1 || diff.Entries.Changed[0].Fields[0].Field != "variants" {
			t.Errorf("%+v, %v", diff, err)
		}
		for range 2 {
			_, err = house.TakeBack(ctx)
			must(t, err)
		}
		if r := askReply(t, clerk, question); r.Kind != dialogue.HandOff {
			t.Errorf("taken back: %+v", r)
		}
		accesses, err := house.Accesses(ctx, 10)
		if err != nil || len(accesses) != 2 || accesses[0].What != "unanswered" {
			t.Errorf("%+v, %v", accesses, err)
		}
	})
}

func askReply(t *testing.T, clerk *Clerk, question string) dialogue.Reply {
	t.Helper()
	turn, err := clerk.BeginUnkept().AskText(t.Context(), question, nil)
	must(t, err)
	return turn.Reply
}

func TestADraftThatAnImportWouldRefuseIsRefused(t *testing.T) {
	eachHouse(t, func(t *testing.T, _ *Clerk, house House) {
		good := Draft{Question: "傘はどこですか", Answer: "1階です。"}
		for name, change := range map[string]func(*Draft){
			"no question":     func(d *Draft) { d.Question = " \n" },
			"no answer":       func(d *Draft) { d.Answer = "" },
			"a long answer":   func(d *Draft) { d.Answer = strings.Repeat("あ", mostAnswer+1) },
			"a long question": func(d *Draft) { d.Question = strings.Repeat("あ", mostQuestion+1) },
			"a language":      func(d *Draft) { d.Language = "zh" },
			"no such answer":  func(d *Draft) { d.ID = "nowhere" },
			"many wordings":   func(d *Draft) { d.Variants = make([]string, mostVariants+1) },
			"an empty one":    func(d *Draft) { d.Variants = []string{""} },
		} {
			d := good
			change(&d)
			if _, err := house.Publish(t.Context(), d, false); !errors.Is(err, ErrDraft) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := house.Publish(t.Context(), good, true); err != nil {
			t.Error(err)
		}
	})
}

func TestTheFirstAnswerThatIsWrittenKeepsTheDemoShop(t *testing.T) {
	clerk, near, _ := openHouses(t, ControlOptions{})
	_, err := importInto(clerk.options.Home, knowledge.Batch{HasEntries: true, HasProducts: true}, ImportReplace)
	must(t, err)
	must(t, clerk.Reload(t.Context(), nil))
	if !clerk.Demo() {
		t.Fatal("an empty shop is not the demo's")
	}
	before, _ := clerk.Known()
	diff, err := near.Publish(t.Context(), Draft{Question: "鉄道模型の運転体験はいつですか", Answer: "土曜日の午後です。"}, false)
	must(t, err)
	if after, _ := clerk.Known(); after != before+1 || len(diff.Entries.Added) != 1 || clerk.Demo() {
		t.Errorf("%d answers of %d, %+v", after, before, diff.Entries.Added)
	}
	diff, err = near.TakeBack(t.Context())
	must(t, err)
	if after, _ := clerk.Known(); after != before || !clerk.Demo() || len(diff.Entries.Removed) != 1 || diff.Entries.Unchanged != before {
		t.Errorf("%d answers of %d, %d removed", after, before, len(diff.Entries.Removed))
	}
}

func TestAReadingIsTriedFixedSpokenAndHeard(t *testing.T) {
	eachHouse(t, func(t *testing.T, clerk *Clerk, house House) {
		ctx := t.Context()
		const text = "煌屋は三階でございます。"
		fix := Reading{Word: "煌屋", Kana: "きらめきや"}
		tried, err := house.Try(ctx, Trial{Text: text, Sound: true})
		must(t, err)
		if strings.Contains(tried.Kana, "キラメキヤ") || tried.Sound.Rate == 0 || len(tried.Sound.Samples) == 0 {
			t.Fatalf("%s, %d samples", tried.Kana, len(tried.Sound.Samples))
		}
		tried, err = house.Try(ctx, Trial{Text: text, Readings: []Reading{fix}})
		must(t, err)
		if !strings.Contains(tried.Kana, "キラメキヤワ") || len(tried.Sound.Samples) != 0 || !tried.Words[0].Fixed || tried.Words[0].Text != "煌屋" {
			t.Fatalf("%+v", tried)
		}
		if list, err := house.Readings(ctx); err != nil || len(list) != 0 {
			t.Fatalf("a try was kept: %v, %v", list, err)
		}
		must(t, house.FixReading(ctx, fix))
		if list, err := house.Readings(ctx); err != nil || !slices.Equal(list, []Reading{{Word: "煌屋", Kana: "キラメキヤ"}}) {
			t.Fatalf("%v, %v", list, err)
		}
		if said, err := Aloud(clerk.options.Home, text); err != nil || said != "キラメキヤは三階でございます。" {
			t.Errorf("%q, %v", said, err)
		}
		voice := clerk.options.Engines.Voice.(*fakeVoice)
		voice.texts = nil
		if _, err := clerk.Say(ctx, text, ""); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(voice.texts, "キラメキヤは三階でございます。") {
			t.Errorf("spoken as %q", voice.texts)
		}
		_, words := clerk.expected.Load().words.Parts()
		if !slices.ContainsFunc(words, func(w asr.Sounded) bool { return w.Text == "煌屋" && w.Kana == "キラメキヤ" }) {
			t.Error("the recogniser does not expect the word by its sound")
		}
		for _, bad := range []Reading{{Word: "屋", Kana: "ヤ"}, {Word: "煌屋", Kana: "kira"}} {
			if err := house.FixReading(ctx, bad); !errors.Is(err, ErrReading) {
				t.Errorf("%v: %v", bad, err)
			}
		}
		must(t, house.FixReading(ctx, Reading{Word: "煌屋"}))
		if list, err := house.Readings(ctx); err != nil || len(list) != 0 {
			t.Errorf("%v, %v", list, err)
		}
	})
}

func TestWhatIsTriedIsPlayedAtTheKioskWhereItHasALoudspeaker(t *testing.T) {
	_, near, far := openHouses(t, ControlOptions{})
	for _, h := range []House{near, far} {
		if _, err := h.Try(t.Context(), Trial{Text: "はい。", Play: true}); err == nil {
			t.Error("a kiosk without a loudspeaker played")
		}
	}
	played := make(chan audio.Clip, 2)
	_, near, far = openHouses(t, ControlOptions{Play: func(_ context.Context, c audio.Clip) error {
		played <- c
		return nil
	}})
	for _, h := range []House{near, far} {
		tried, err := h.Try(t.Context(), Trial{Text: "はい。", Play: true})
		must(t, err)
		if clip := <-played; len(clip.Samples) == 0 || len(tried.Sound.Samples) != 0 {
			t.Errorf("%d samples played, %d returned", len(clip.Samples), len(tried.Sound.Samples))
		}
	}
}

func TestAConversationIsOpenedWithAReasonThatIsWrittenDownFirst(t *testing.T) {
	var log bytes.Buffer
	clerk, near, far := openHouses(t, ControlOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
	first := converse(t, clerk)
	handed := askAll(t, clerk, "保育園の送迎バスの時刻表を印刷したい")
	heard := begin(t, clerk, storage.FromFile())
	if _, err := heard.ListenRecording(t.Context(), room(true), nil); err != nil {
		t.Fatal(err)
	}
	must(t, heard.Close())
	voiced, err := storage.ParseID(heard.Session())
	must(t, err)
	staffed(t, clerk)
	for i, house := range []House{near, far} {
		ctx := t.Context()
		if _, err := house.Login(ctx, "sato", pin(managersPIN)); err != nil {
			t.Fatal(err)
		}
		list, err := house.Conversations(ctx, Filter{})
		must(t, err)
		if len(list) != 3 || list[0].ID != voiced || list[1].ID != handed || list[2].ID != first || !list[1].Handed || list[2].Handed ||
			!slices.Equal(list[2].Topics, []string{"駐車場", "返品"}) {
			t.Fatalf("%+v", list)
		}
		if list, err = house.Conversations(ctx, Filter{Topic: "返品", From: time.Now().Add(-time.Hour)}); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err = house.Conversations(ctx, Filter{Until: time.Now().Add(-time.Hour)}); err != nil || len(list) != 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err = house.Conversations(ctx, Filter{Most: 1}); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		for _, reason := range []string{"", " ", "x", strings.Repeat("あ", storage.MaxAccessReason+1), "\xff\xfe\xfd"} {
			if i == 1 && reason == "\xff\xfe\xfd" {
				continue // JSON makes text of it before it leaves
			}
			if _, err := house.Read(ctx, first, reason); !errors.Is(err, ErrReason) {
				t.Errorf("for %q: %v", reason, err)
			}
			if _, err := house.Sound(ctx, voiced, 1, reason); !errors.Is(err, ErrReason) {
				t.Errorf("for %q: %v", reason, err)
			}
		}
		if _, err := house.Read(ctx, storage.ID{9}, "苦情の確認"); !errors.Is(err, storage.ErrNotFound) {
			t.Error(err)
		}
		saved, err := house.Read(ctx, first, " 苦情の\n確認 ")
		must(t, err)
		want, err := clerk.vault.Load(first)
		must(t, err)
		if !reflect.DeepEqual(saved, want) {
			t.Errorf("%+v, want %+v", saved, want)
		}
		clip, err := house.Sound(ctx, voiced, 1, "聞き直し")
		must(t, err)
		samples, err := clerk.vault.Sound(voiced, 1)
		must(t, err)
		if clip.Rate != storage.SampleRate || len(clip.Samples) != len(samples) || len(samples) == 0 || clip.Samples[len(samples)/2] != float32(samples[len(samples)/2])/32768 {
			t.Errorf("%d samples at %d Hz, want %d", len(clip.Samples), clip.Rate, len(samples))
		}
		accesses, err := house.Accesses(ctx, 2)
		must(t, err)
		for j, a := range []storage.Access{
			{Who: "sato", What: "sound 1", Session: voiced, Reason: "聞き直し"}, {Who: "sato", What: "read", Session: first, Reason: "苦情の 確認"},
		} {
			a.At = accesses[j].At
			if accesses[j] != a || time.Since(a.At) > hold {
				t.Errorf("%+v, want %+v", accesses[j], a)
			}
		}
	}
	if text := log.String(); !strings.Contains(text, "a session was read") || strings.Contains(text, "苦情") || strings.Contains(text, "駐車") {
		t.Errorf("the log: %s", text)
	}
}

// A conversation whose opening cannot be written down stays shut.
func TestWithoutALineInTheLogNothingIsShown(t *testing.T) {
	clerk, near, _ := openHouses(t, ControlOptions{})
	id := converse(t, clerk)
	must(t, clerk.Backroom().close())
	must(t, clerk.vault.Close())
	if saved, err := near.Read(t.Context(), id, "苦情の確認"); err == nil {
		t.Errorf("%+v", saved)
	}
}

func TestWhereNoKioskRunsTheHouseIsTheVault(t *testing.T) {
	home := t.TempDir()
	if _, err := OpenHouse(t.Context(), home); !errors.Is(err, control.ErrNotRunning) {
		t.Fatal(err)
	}
	vault, err := OpenVault(home)
	must(t, err)
	must(t, vault.AddStaff("sato", storage.RoleManager, pin(managersPIN), time.Now()))
	must(t, vault.Close())
	yes := true
	for range 2 {
		house, err := OpenHouse(t.Context(), home)
		must(t, err)
		if HouseRuns(house) {
			t.Error("a kiosk runs")
		}
		if s, err := house.Change(t.Context(), Change{Paused: &yes}); err != nil || !s.Paused {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := house.Similar(t.Context(), parking, 1); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
		if _, err := house.Try(t.Context(), Trial{Text: "はい。", Sound: true}); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
		if _, err := house.Unanswered(t.Context(), 7); err != nil {
			t.Error(err)
		}
		must(t, house.Close())
	}
}

func TestAPausedKioskTurnsShoppersAwayAndAMutedOneIsSilent(t *testing.T) {
	s := openStage(t, parking)
	desk, _ := s.sit()
	house := s.clerk.Backroom().Door()
	yes, no := true, false
	change := func(c Change) {
		t.Helper()
		_, err := house.Change(t.Context(), c)
		must(t, err)
	}
	waitForState[Attract](s)
	turnedAway := 0
	for _, closed := range []Change{{Paused: &yes}, {Paused: &no, Closed: &yes}} {
		change(closed)
		for _, touch := range []func(){
			func() { desk.Send(Touch{}) },
			func() { desk.SendIn(Attract{}, Touch{}) },
		} {
			touch()
			turnedAway++
			s.waitFor("word that the kiosk is closed", func() bool { return len(s.troubles) == turnedAway && s.troubles[turnedAway-1] == TroubleClosed })
		}
	}
	// Staff may ask all the same.
	if _, _, err := s.inquirer(t.Context(), Terms{}).Ask(t.Context(), Brief{Text: parking}); err != nil {
		t.Error(err)
	}
	change(Change{Closed: &no, Muted: &yes})
	s.waitFor("the counter", func() bool { _, free := s.state.(Attract); return free })
	s.welcome(true)
	s.waitFor("an answer", func() bool { return len(s.results) == 1 })
	s.mu.Lock()
	silent, answer := s.outcomes[0].Spoken, s.results[0].Reply
	s.mu.Unlock()
	if len(silent.Samples) != 0 || answer.Kind != dialogue.Approved {
		t.Errorf("%d samples of %+v", len(silent.Samples), answer)
	}
	waitForState[Ready](s)
	change(Change{Muted: &no})
	desk.Send(Touch{})
	s.waitFor("a spoken answer", func() bool { return len(s.results) == 2 })
	s.mu.Lock()
	spoken := s.outcomes[1].Spoken
	s.mu.Unlock()
	if len(spoken.Samples) == 0 {
		t.Error("the kiosk stays silent")
	}
	// What sounds when it is muted stops at once.
	waitForState[Ready](s)
	s.hold("loudspeaker")
	desk.Send(Touch{})
	s.waitFor("sound", func() bool { return s.mouths == 1 })
	change(Change{Muted: &yes})
	s.waitFor("silence", func() bool { return s.mouths == 0 })
	s.release()
	waitForState[Ready](s)
	if days, err := house.Today(t.Context(), 1); err != nil || days[0].Total().Answered != 3 {
		t.Errorf("%+v, %v: the counter's questions are counted, and no others", days, err)
	}
}

// FuzzHouseQuestion: whatever comes as a question is refused in a line, or is one that the house takes.
func FuzzHouseQuestion(f *testing.F) {
	f.Add([]byte(`{"paused":true}`))
	f.Add([]byte(`{"text":"はい。","readings":[{"word":"煌屋","kana":"キラメキヤ"}],"sound":true,"play":false,"language":""}`))
	f.Add([]byte(`{"question":"a","answer":"b","preview":true,"variants":["c"]}`))
	f.Add([]byte(`{"id":"00000000000000000000000000000001","reason":"x","clip":-1}`))
	f.Add([]byte(`{"days":-5} {}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, asked []byte) {
		for _, into := range []any{&Change{}, &Trial{}, &askPublish{}, &askTalk{}, &askDays{}, &askSimilar{}, &askCall{}, &Filter{}, &Reading{}, &nothing{}} {
			if err := readAsked(asked, into); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
		}
		var p askPublish
		if readAsked(asked, &p) == nil {
			if e, err := entryOf(p.Draft, nil); err == nil && (e.Question == "" || e.Answer == "" || e.ID == "") {
				t.Errorf("%+v was taken", e)
			}
		}
		var trial Trial
		if readAsked(asked, &trial) == nil {
			s := newSpellings(nil)
			for _, r := range trial.Readings {
				if r, err := knowledge.CheckReading(r); err == nil {
					s = newSpellings(append(s.list, r))
				}
			}
			s.words(trial.Text)
		}
	})
}

func TestTheWordsOfATextCoverItWhateverIsFixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []Reading
		for range rapid.IntRange(0, 4).Draw(t, "fixed") {
			r := Reading{Word: rapid.SampledFrom([]string{"煌屋", "煌屋本店", "屋本", "三階", "ABC館"}).Draw(t, "word"), Kana: "カナ"}
			if !slices.ContainsFunc(list, func(o Reading) bool { return o.Word == r.Word }) {
				list = append(list, r)
			}
		}
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"煌屋", "本店", "は", "三階", "ABC館", "です。", "屋", "本"})).Draw(t, "text"), "")
		s := newSpellings(list)
		whole, fixed := "", ""
		for _, w := range s.words(text) {
			whole += w.Text
			if w.Fixed {
				fixed += w.Kana
			} else {
				fixed += w.Text
			}
		}
		if whole != text {
			t.Fatalf("%q became %q", text, whole)
		}
		if aloud := s.aloud(text); aloud != fixed {
			t.Fatalf("%q is spoken as %q and shown as %q", text, aloud, fixed)
		}
	})
}

func TestQuestionsAreGroupedBySoundAndByWhatTheyAreAbout(t *testing.T) {
	for _, c := range []struct {
		language, one, other string
		same                 bool
	}{
		{"ja", "駐車場はありますか", "駐車場ありますか", true},
		{"ja", "駐車場はありますか", "ちゅうしゃじょうはありますか", true},
		{"ja", "ペットと一緒に入れますか", "ペットと一緒にはいれますか", true},
		{"ja", "株価の見通しを教えて", "株価の見通しを教えてください", true},
		{"ja", "免税手続きはどこですか", "免税の手続きはどこ", true},
		{"ja", "傘はどこですか", "靴はどこですか", false},
		{"ja", "返品できますか", "返金できますか", false},
		{"ja", "駐車場はありますか", "授乳室はありますか", false},
		{"ja", "コインロッカーはありますか", "コインランドリーはありますか", false},
		{"en", "Where can I park my car?", "where can i park my car", true},
		{"en", "Do you have umbrellas?", "Do you have bicycles?", false},
	} {
		one, other := newUnanswered(c.one, c.language, reading.Default().Katakana), newUnanswered(c.other, c.language, reading.Default().Katakana)
		if same := one.soundsLike(other); same != c.same || other.soundsLike(one) != same {
			t.Errorf("%s and %s: one question %v (%.2f, %q and %q)", c.one, c.other, same, reading.Distance(one.kana, other.kana), one.things, other.things)
		}
	}
	ja := newUnanswered("WiFiはありますか", "ja", reading.Default().Katakana)
	en := newUnanswered("WiFiはありますか", "en", reading.Default().Katakana)
	if ja.soundsLike(en) {
		t.Error("two languages are one question")
	}
}

func TestAnAccessWithoutAKioskIsWrittenDownToo(t *testing.T) {
	clerk, near, _ := openHouses(t, ControlOptions{})
	heard := begin(t, clerk, storage.FromFile())
	if _, err := heard.ListenRecording(t.Context(), room(true), nil); err != nil {
		t.Fatal(err)
	}
	must(t, heard.Close())
	id, err := storage.ParseID(heard.Session())
	must(t, err)
	want, err := near.Sound(t.Context(), id, 1, "")
	must(t, err)
	staffed(t, clerk)
	l := &local{home: clerk.options.Home, vault: clerk.vault}
	if _, err := l.Load(t.Context(), id, ""); !errors.Is(err, ErrReason) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := l.Load(t.Context(), id, "苦情の確認"); err != nil {
		t.Error(err)
	}
	if clip, err := l.Sound(t.Context(), id, 1, "苦情の確認"); err != nil || !reflect.DeepEqual(clip, want) {
		t.Errorf("%d samples, want %d: %v", len(clip.Samples), len(want.Samples), err)
	}
	if list, err := clerk.vault.Accesses(-1); err != nil || len(list) != 3 || list[0].What != "sound 1" || list[1].What != "read" || list[1].Reason != "苦情の確認" {
		t.Errorf("%+v, %v", list, err)
	}
}
