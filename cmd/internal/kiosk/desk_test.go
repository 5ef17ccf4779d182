package kiosk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tenin/llm/dialogue"
)

// sit gives the stage a desk and serves it over the control socket. stop ends the kiosk.
func (s *stage) sit() (desk *Desk, stop func()) { return s.sitWith(ControlOptions{}) }

func (s *stage) sitWith(o ControlOptions) (desk *Desk, stop func()) {
	s.t.Helper()
	s.ended = make(chan struct{})
	desk = NewDesk(s.clerk)
	s.counter = desk
	ctx, stop := context.WithCancel(context.Background())
	go func() { defer close(s.ended); desk.Run(ctx, s, s, RunnerOptions{Reset: s.reset}) }()
	o.Desk = desk
	served, err := ServeControl(ctx, s.clerk, o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		stop()
		s.waitForEnd()
		if err := served.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return desk, stop
}

// inquirer returns a visit over the control socket.
func (s *stage) inquirer(ctx context.Context, terms Terms) Asker {
	s.t.Helper()
	client, err := DialKiosk(ctx, s.clerk.options.Home)
	if err != nil {
		s.t.Fatal(err)
	}
	asker, err := AskKiosk(ctx, client, terms)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	return asker
}

func hum() Brief {
	clip := room(true)
	return Brief{Clip: &clip}
}

func silence() Brief {
	clip := room(false)
	return Brief{Clip: &clip}
}

// alike says whether two sounds are the same to the 16 bits that the speech cache holds.
func alike(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1.0/(1<<15) })
}

// bare is a turn without what differs from run to run.
func bare(t Turn) Turn {
	t.Timings = Timings{}
	return t
}

func TestAKioskAndAClerkOfOnesOwnAnswerTheSame(t *testing.T) {
	all := Terms{Keep: true, Speak: true}
	for name, c := range map[string]struct {
		question Brief
		terms    Terms
	}{
		"typed":                   {Brief{Text: parking}, all},
		"typed, not kept":         {Brief{Text: parking}, Terms{Speak: true}},
		"typed, not spoken":       {Brief{Text: parking}, Terms{Keep: true}},
		"typed, a product":        {Brief{Text: "折りたたみ傘はどこですか"}, all},
		"typed, nothing known":    {Brief{Text: "Where can I park?"}, all},
		"typed, in English":       {Brief{Text: parking}, Terms{Keep: true, Language: "en"}},
		"nothing typed":           {Brief{}, all},
		"spoken":                  {hum(), all},
		"spoken, not kept":        {hum(), Terms{}},
		"spoken, in English":      {hum(), Terms{Language: "en"}},
		"recorded, nobody speaks": {silence(), all},
	} {
		t.Run(name, func(t *testing.T) {
			s := openStage(t, parking)
			question, terms := c.question, c.terms
			if terms.Language != "" {
				s.clerk.options.Language = terms.Language
			}
			here := AskHere(s.clerk, terms)
			want, wantOutcome, err := here.Ask(t.Context(), question)
			if err := errors.Join(err, here.Close()); err != nil {
				t.Fatal(err)
			}
			s.clerk.options.Language = "ja"
			s.sit()
			far := s.inquirer(t.Context(), terms)
			got, outcome, err := far.Ask(t.Context(), question)
			if err := errors.Join(err, far.Close()); err != nil {
				t.Fatal(err)
			}
			if a, b := fmt.Sprintf("%+v", bare(got)), fmt.Sprintf("%+v", bare(want)); a != b {
				t.Errorf("far  %s\nhere %s", a, b)
			}
			if !alike(outcome.Spoken.Samples, wantOutcome.Spoken.Samples) || (outcome.Session != "") != (wantOutcome.Session != "") {
				t.Errorf("%d samples and session %q, want %d and %q", len(outcome.Spoken.Samples), outcome.Session, len(wantOutcome.Spoken.Samples), wantOutcome.Session)
			}
			keeps := terms.Keep && want.Reply.Kind != dialogue.None
			if kept := s.kept(); keeps && len(kept) != 2 || !keeps && len(kept) != 0 {
				t.Errorf("%d turns are kept", len(kept))
			}
		})
	}
}

func TestAChatIsOneVisitAndOneSession(t *testing.T) {
	s := openStage(t, parking)
	s.sit()
	chat := s.inquirer(t.Context(), Terms{Keep: true})
	session := ""
	for i := range 3 {
		turn, outcome, err := chat.Ask(t.Context(), Brief{Text: parking})
		if err != nil || turn.Reply.Text != parkingAnswer || i > 0 && outcome.Session != session {
			t.Fatalf("%+v, %+v, %v", turn, outcome, err)
		}
		session = outcome.Session
	}
	if err := chat.Close(); err != nil {
		t.Fatal(err)
	}
	// The session is closed when Close returns: s.kept looks.
	if kept := s.kept(); len(kept) != 3 {
		t.Errorf("%d turns are kept", len(kept))
	}
	s.waitFor("the reset", func() bool { return s.resets == 1 })
}

func TestInquiriesWaitForEachOther(t *testing.T) {
	s := openStage(t, parking)
	s.sit()
	answers := make(chan error)
	for range 4 {
		go func() {
			asker := s.inquirer(t.Context(), Terms{Keep: true})
			_, _, err := asker.Ask(t.Context(), Brief{Text: parking})
			answers <- errors.Join(err, asker.Close())
		}()
	}
	for range 4 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if kept := s.kept(); len(kept) != 4 {
		t.Errorf("%d turns are kept", len(kept))
	}
}

func TestWhoeverStandsAtTheCounterGoesFirst(t *testing.T) {
	s := openStage(t, parking)
	desk, _ := s.sit()
	desk.patience = 50 * time.Millisecond
	waitForState[Attract](s)
	desk.Send(Touch{})
	waitForState[Consenting](s)
	asker := s.inquirer(t.Context(), Terms{})
	if _, _, err := asker.Ask(t.Context(), Brief{Text: parking}); !errors.Is(err, ErrServing) {
		t.Errorf("beside a shopper: %v", err)
	}
	desk.Send(NextShopper{})
	waitForState[Attract](s)

	// A touch during a question of somebody else waits for its answer, and no longer.
	chat := s.inquirer(t.Context(), Terms{})
	s.hold("embedder")
	answered := make(chan error)
	go func() {
		_, _, err := chat.Ask(t.Context(), Brief{Text: parking})
		answered <- err
	}()
	s.waitAt("embedder")
	desk.Send(Touch{})
	desk.Send(NextShopper{}) // it is not theirs
	s.release()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	waitForState[Consenting](s)
	if _, _, err := chat.Ask(t.Context(), Brief{Text: parking}); !errors.Is(err, ErrVisitOver) {
		t.Errorf("after somebody came: %v", err)
	}
	desk.Send(NextShopper{})
	waitForState[Attract](s)

	// One between two questions ends the visit at once.
	chat = s.inquirer(t.Context(), Terms{})
	if _, _, err := chat.Ask(t.Context(), Brief{Text: parking}); err != nil {
		t.Fatal(err)
	}
	desk.Send(Touch{})
	waitForState[Consenting](s)
	if len(s.results)+len(s.kept()) != 0 {
		t.Error("the counter was shown somebody else's answer, or it was kept")
	}
}

func TestAnInquirySurvivesALostEngineAndReportsOtherFailures(t *testing.T) {
	s := openStage(t, parking)
	s.sit()
	chat := s.inquirer(t.Context(), Terms{Keep: true, Speak: true})
	for point, want := range map[string]error{"embedder": fmt.Errorf("test: %w", ErrEngineLost), "voice": fmt.Errorf("test: %w", ErrEngineLost)} {
		s.damage(point, want)
		question := "折りたたみ傘はどこですか"
		if _, _, err := chat.Ask(t.Context(), Brief{Text: question}); !errors.Is(err, ErrEngineLost) {
			t.Errorf("%s: %v", point, err)
		}
		s.mend()
		if turn, _, err := chat.Ask(t.Context(), Brief{Text: parking}); err != nil || turn.Reply.Text != parkingAnswer {
			t.Errorf("after %s: %+v, %v", point, turn, err)
		}
	}
	if err := chat.Close(); err != nil {
		t.Error(err)
	}
	heard := s.inquirer(t.Context(), Terms{})
	s.damage("recogniser", errBroken)
	if _, _, err := heard.Ask(t.Context(), hum()); err == nil || !strings.Contains(err.Error(), errBroken.Error()) {
		t.Errorf("a broken turn: %v", err)
	}
}

func TestWhoeverHangsUpEndsTheVisit(t *testing.T) {
	for _, point := range []string{"embedder", "voice", "recogniser"} {
		s := openStage(t, parking)
		s.sit()
		ctx, hangUp := context.WithCancel(t.Context())
		asker := s.inquirer(ctx, Terms{Keep: true, Speak: true})
		question := Brief{Text: "折りたたみ傘はどこですか"}
		if point == "recogniser" {
			question = hum()
		}
		s.hold(point)
		answered := make(chan error)
		go func() {
			_, _, err := asker.Ask(ctx, question)
			answered <- err
		}()
		s.waitAt(point)
		hangUp()
		if err := <-answered; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", point, err)
		}
		waitForState[Attract](s)
		s.release()
		again := s.inquirer(t.Context(), Terms{})
		if _, _, err := again.Ask(t.Context(), Brief{Text: parking}); err != nil {
			t.Errorf("after %s: %v", point, err)
		}
	}
}

func TestAKioskThatStopsEndsItsInquiries(t *testing.T) {
	s := openStage(t, parking)
	_, stop := s.sit()
	asker, waits := s.inquirer(t.Context(), Terms{}), s.inquirer(t.Context(), Terms{})
	s.hold("embedder")
	answered := make(chan error)
	for _, a := range []Asker{asker, waits} {
		go func() {
			_, _, err := a.Ask(t.Context(), Brief{Text: parking})
			answered <- err
		}()
		s.waitAt("embedder")
	}
	stop()
	for range 2 {
		if err := <-answered; err == nil {
			t.Error("a kiosk that was stopped answers")
		}
	}
	s.waitForEnd()
}

func TestTheKioskTakesNoQuestionThatIsNone(t *testing.T) {
	s := openStage(t, parking)
	s.sit()
	long := room(true)
	for len(long.Samples) <= int(LongestQuestion.Seconds())*long.Rate {
		long.Samples = append(long.Samples, long.Samples...)
	}
	for name, brief := range map[string]Brief{"a long text": {Text: string(make([]byte, longestText+1))}, "a long recording": {Clip: &long}} {
		if _, _, err := s.inquirer(t.Context(), Terms{}).Ask(t.Context(), brief); err == nil {
			t.Errorf("%s is answered", name)
		}
	}
	if _, _, err := s.inquirer(t.Context(), Terms{Language: "fr"}).Ask(t.Context(), Brief{Text: parking}); err == nil {
		t.Error("French is answered")
	}
	chat := s.inquirer(t.Context(), Terms{})
	if _, _, err := chat.Ask(t.Context(), Brief{Text: parking}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := chat.Ask(t.Context(), hum()); err == nil {
		t.Error("a recording is heard in a visit that was begun for typed words")
	}
	for _, b := range [][]byte{{1}, {0, 0, 0xc0, 0x7f}, {0, 0, 0x80, 0xff}} {
		if _, err := samplesFromWire(b); err == nil {
			t.Errorf("% x is taken for sound", b)
		}
	}
}
