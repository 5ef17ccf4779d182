package kiosk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/audio"
	"tenin/llm/dialogue"
	"tenin/storage"
)

func typeName(v any) string { return reflect.TypeOf(v).Name() }

// kept returns every turn in the vault.
func (s *stage) kept() (turns []storage.Turn) {
	s.t.Helper()
	sessions, err := s.clerk.Vault().Sessions()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, listing := range sessions {
		saved, err := s.clerk.Vault().Load(listing.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if saved.Open {
			s.t.Errorf("session %v was not closed", saved.ID)
		}
		turns = append(turns, saved.Turns...)
	}
	return turns
}

func TestAShopperIsHeardAnsweredKeptAndForgotten(t *testing.T) {
	s := openStage(t, parking)
	s.run(0)
	s.welcome(true)
	waitForState[Ready](s)
	s.runner.Send(Touch{})
	s.waitFor("the second result", func() bool { _, ready := s.state.(Ready); return ready && len(s.results) == 2 })
	if kept := s.kept; s.resets != 0 {
		t.Errorf("%d resets within a visit, %d turns", s.resets, len(kept()))
	}
	s.runner.Send(NextShopper{})
	waitForState[Attract](s)
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
	if s.resets != 1 {
		t.Errorf("%d resets after one visit", s.resets)
	}
	kept := s.kept()
	if len(kept) != 2 || kept[0].Transcript != parking || kept[0].Answer != parkingAnswer || kept[1].Clip != 2 {
		t.Errorf("%+v", kept)
	}
	if r := s.results[0]; r.Timings.FirstAudio == 0 || r.Timings.Total < r.Timings.FirstAudio || s.outcomes[0].Session == "" || len(s.outcomes[0].Spoken.Samples) == 0 {
		t.Errorf("%+v, session %q", r.Timings, s.outcomes[0].Session)
	}
}

func TestNothingIsSaidBeforeTheMicrophoneIsClosed(t *testing.T) {
	s := openStage(t, parking)
	if err := s.clerk.Render(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.lingers = 50 * time.Millisecond
	s.run(0)
	s.welcome(false)
	waitForState[Ready](s)
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
}

func TestALostEngineIsApologisedForAndTheVisitGoesOn(t *testing.T) {
	for _, point := range []string{"recogniser", "embedder", "voice"} {
		t.Run(point, func(t *testing.T) {
			s := openStage(t, parking)
			if point != "voice" {
				if err := s.clerk.Render(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			s.run(0)
			s.damage(point, fmt.Errorf("the %s died: %w", point, ErrEngineLost))
			s.hold("loudspeaker")
			s.welcome(true)
			if point != "voice" {
				waitForState[Apologising](s)
				s.waitFor("the apology", func() bool { return s.mouths == 1 }) // spoken from the cache
			}
			s.waitFor("the trouble", func() bool { return len(s.troubles) > 0 })
			s.damage(point, nil)
			s.release()
			waitForState[Ready](s)
			if len(s.troubles) != 1 || s.troubles[0] != TroubleEngine {
				t.Errorf("troubles %v", s.troubles)
			}
			s.mu.Lock()
			s.results = nil
			s.mu.Unlock()
			s.runner.Send(Touch{})
			s.waitFor("an answer", func() bool { return len(s.results) == 1 && s.results[0].Reply.Text == parkingAnswer })
			s.runner.Send(Leave{})
			s.waitForEnd()
			s.wantOrder(t)
			want := 1
			if point == "voice" { // it was answered, in letters
				want = 2
			}
			if kept := s.kept(); len(kept) != want {
				t.Errorf("%d turns are kept", len(kept))
			}
		})
	}
}

func TestDoubtfulWordsAreAskedForOnceMoreAndThenAPerson(t *testing.T) {
	s := openStage(t, "量子力学を教えて")
	s.suspect = "confidence"
	s.run(0)
	s.welcome(true)
	waitForState[Ready](s) // without another touch
	if len(s.results) != 2 || s.results[0].Reply.Kind != Clarify || s.results[1].Reply.Kind != dialogue.HandOff {
		t.Fatalf("%+v", s.results)
	}
	if ready := s.state.(Ready); !ready.HandedOff {
		t.Error("no person is offered")
	}
	s.runner.Send(CallStaff{})
	waitForState[StaffCalled](s)
	s.runner.Send(StaffCame{})
	waitForState[Ready](s)
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
	if kept := s.kept(); s.staff != 1 || len(kept) != 2 || kept[0].Kind != string(Clarify) {
		t.Errorf("staff were called %d times, kept %+v", s.staff, kept)
	}
}

func TestAMessageIsKeptAsTextWhenItIsConfirmed(t *testing.T) {
	s := openStage(t, stageWords)
	s.run(0)
	s.welcome(true)
	waitForState[Ready](s)
	for _, verdict := range []Event{Rejected{}, Confirmed{}} {
		s.runner.Send(TakeMessage{})
		waitForState[Confirming](s)
		s.runner.Send(verdict)
		s.waitFor("the end of it", func() bool {
			_, ready := s.state.(Ready)
			_, taken := s.state.(MessageTaken)
			return ready || taken
		})
	}
	waitForState[MessageTaken](s)
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
	kept := s.kept()
	if len(kept) != 2 || kept[1].Kind != string(Message) || kept[1].Transcript != stageWords || kept[1].Clip != 0 {
		t.Errorf("%+v", kept)
	}
	if len(s.messages) != 2 || s.messages[1] != stageWords {
		t.Errorf("shown: %q", s.messages)
	}
	if n, err := s.clerk.Vault().Outbox().Len(); n != 2 || err != nil {
		t.Errorf("%d summaries, %v", n, err)
	}
}

func TestWithoutConsentNoMessageIsTaken(t *testing.T) {
	s := openStage(t, parking)
	s.run(0)
	s.welcome(false)
	waitForState[Ready](s)
	s.runner.Send(TakeMessage{})
	s.waitFor("the reason", func() bool { return len(s.troubles) == 1 && s.troubles[0] == TroubleMessage })
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
}

func TestNobodyIsServedByEnginesThatCouldNotBeReset(t *testing.T) {
	s := openStage(t, parking)
	s.run(0)
	s.damage("reset", errBroken)
	s.welcome(false)
	waitForState[Ready](s)
	s.runner.Send(NextShopper{})
	s.waitFor("the failure", func() bool { r, ok := s.state.(Resetting); return ok && r.Failed })
	s.runner.Send(Touch{})
	s.waitFor("the second try", func() bool { r, ok := s.state.(Resetting); return ok && r.Failed && s.resets == 2 })
	s.damage("reset", nil)
	s.runner.Send(Touch{})
	waitForState[Consenting](s) // somebody is waiting
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
}

func TestWhoTouchesNothingIsGone(t *testing.T) {
	s := openStage(t, parking)
	s.run(20 * time.Millisecond)
	s.welcome(true)
	s.waitFor("home", func() bool { _, home := s.state.(Attract); return home && s.resets == 1 })
	s.runner.Send(Touch{})
	waitForState[Consenting](s)
	waitForState[Attract](s)
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
}

func TestTheNextShopperIsHeardWithoutTheLastOnesWords(t *testing.T) {
	s := openStage(t, parking)
	s.run(0)
	var first []string
	for range 2 {
		s.welcome(false)
		waitForState[Ready](s)
		s.mu.Lock()
		first = append(first, s.prompts[0])
		s.prompts = nil
		s.mu.Unlock()
		s.runner.Send(NextShopper{})
		waitForState[Attract](s)
	}
	if first[0] == "" || first[1] != first[0] {
		t.Errorf("the first decode of the second visit is told %q, of the first %q", first[1], first[0])
	}
	idle := make(chan bool, 1)
	s.runner.mail.post(letter{deliver: func() { idle <- s.runner.visit == nil && s.runner.turn == nil }})
	if !<-idle {
		t.Error("the runner still holds a visit")
	}
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
}

func TestATypedQuestionTakesTheSameWay(t *testing.T) {
	s := openStage(t, "")
	s.run(0)
	waitForState[Attract](s)
	s.runner.Send(Brought{storage.Text, storage.FromText()})
	waitForState[Ready](s)
	s.runner.Send(Touch{}) // no voice is kept as if it had been typed
	s.runner.Send(Typed{Text: parking})
	s.waitFor("an answer", func() bool { _, ready := s.state.(Ready); return ready && len(s.results) == 1 })
	s.runner.Send(Leave{})
	s.waitForEnd()
	s.wantOrder(t)
	if kept := s.kept(); len(kept) != 1 || kept[0].Answer != parkingAnswer || s.at["microphone"] != 0 {
		t.Errorf("%+v, the microphone opened %d times", kept, s.at["microphone"])
	}
}

// places are where a visit can be when it is aborted; answered says that the shopper has seen a reply by then.
var places = []struct {
	name     string
	answered int
	reach    func(s *stage, agrees bool)
}{
	{"attract", 0, func(s *stage, _ bool) { waitForState[Attract](s) }},
	{"consenting", 0, func(s *stage, _ bool) {
		waitForState[Attract](s)
		s.runner.Send(Touch{})
		waitForState[Consenting](s)
	}},
	{"the microphone opens", 0, func(s *stage, agrees bool) { s.hold("microphone"); s.welcome(agrees); s.waitAt("microphone") }},
	{"listening", 0, func(s *stage, agrees bool) { s.hold("frame"); s.welcome(agrees); s.waitAt("frame") }},
	{"recognising", 0, func(s *stage, agrees bool) { s.hold("recogniser"); s.welcome(agrees); s.waitAt("recogniser") }},
	{"the question was ended", 0, func(s *stage, agrees bool) {
		s.hold("recogniser")
		s.welcome(agrees)
		s.waitAt("recogniser")
		s.runner.Send(Touch{})
		waitForState[Thinking](s)
	}},
	{"thinking", 0, func(s *stage, agrees bool) { s.hold("embedder"); s.welcome(agrees); s.waitAt("embedder") }},
	{"the voice begins", 1, func(s *stage, agrees bool) { s.hold("voice"); s.welcome(agrees); s.waitAt("voice") }},
	{"speaking", 1, func(s *stage, agrees bool) { s.hold("loudspeaker"); s.welcome(agrees); s.waitAt("loudspeaker") }},
	{"apologising", 0, func(s *stage, agrees bool) {
		s.damage("embedder", ErrEngineLost)
		s.hold("loudspeaker")
		s.welcome(agrees)
		waitForState[Apologising](s)
	}},
	{"ready", 1, func(s *stage, agrees bool) { s.welcome(agrees); waitForState[Ready](s) }},
	{"staff called", 1, func(s *stage, agrees bool) {
		s.welcome(agrees)
		waitForState[Ready](s)
		s.runner.Send(CallStaff{})
		waitForState[StaffCalled](s)
	}},
	{"dictating", 1, func(s *stage, agrees bool) {
		s.welcome(agrees)
		waitForState[Ready](s)
		s.hold("frame")
		if !agrees {
			return
		}
		s.runner.Send(TakeMessage{})
		s.waitAt("frame")
	}},
	{"confirming", 1, func(s *stage, agrees bool) {
		s.welcome(agrees)
		waitForState[Ready](s)
		if agrees {
			s.runner.Send(TakeMessage{})
			waitForState[Confirming](s)
		}
	}},
	{"message taken", 2, func(s *stage, agrees bool) {
		s.welcome(agrees)
		waitForState[Ready](s)
		if agrees {
			s.runner.Send(TakeMessage{})
			waitForState[Confirming](s)
			s.runner.Send(Confirmed{})
			waitForState[MessageTaken](s)
		}
	}},
	{"resetting", 1, func(s *stage, agrees bool) {
		s.welcome(agrees)
		waitForState[Ready](s)
		s.hold("reset")
		s.runner.Send(NextShopper{})
		s.waitAt("reset")
	}},
}

// aborts end a visit at once.
var aborts = map[string]func(s *stage, stop func()){
	"interrupt": func(_ *stage, stop func()) { stop() },
	"leave":     func(s *stage, _ func()) { s.runner.Send(Leave{}) },
	"idle":      func(s *stage, _ func()) { goHome(s, Idle{}) },
	"next":      func(s *stage, _ func()) { goHome(s, NextShopper{}) },
}

func goHome(s *stage, e Event) {
	s.runner.Send(e)
	if s.held["reset"] {
		s.release()
	}
	waitForState[Attract](s)
	s.runner.Send(Leave{})
}

func TestNothingIsKeptOfAVisitThatIsAbortedAnywhereUnlessItWasAgreedTo(t *testing.T) {
	for _, agrees := range []bool{false, true} {
		for _, place := range places {
			for name, abort := range aborts {
				t.Run(fmt.Sprintf("agrees %v, %s, %s", agrees, place.name, name), func(t *testing.T) {
					s := openStage(t, stageWords)
					before := files(t, s.clerk.options.Home)
					stop := s.run(0)
					place.reach(s, agrees)
					abort(s, stop)
					s.waitForEnd()
					s.wantOrder(t)

					turns, summaries := 0, 0
					if agrees {
						turns, summaries = place.answered, place.answered
					}
					if kept := s.kept(); len(kept) != turns {
						t.Errorf("%d turns are kept, not %d", len(kept), turns)
					}
					if n, err := s.clerk.Vault().Outbox().Len(); err != nil || n != summaries {
						t.Errorf("%d summaries wait, not %d: %v", n, summaries, err)
					}
					after := files(t, s.clerk.options.Home)
					wantNoTrace(t, after)
					if !agrees {
						for path, content := range after {
							if !bytes.Equal(content, before[path]) {
								t.Errorf("%s was written", path)
							}
						}
					}
				})
			}
		}
	}
}

// wantNoTrace looks for the shopper's words and voice in the clear.
func wantNoTrace(t *testing.T, home map[string][]byte) {
	t.Helper()
	var pcm, floats []byte
	for _, s := range room(true).Samples[audio.SampleRate : audio.SampleRate+32] {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(s*32767)))
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(s))
	}
	for path, content := range home {
		if bytes.Contains(content, []byte("田中")) || bytes.Contains(content, pcm) || bytes.Contains(content, floats) {
			t.Errorf("%s holds what the shopper said", path)
		}
	}
}

func TestTheVoiceIsWipedWhenItsTurnIsOver(t *testing.T) {
	s := openStage(t, parking)
	s.run(0)
	s.hold("loudspeaker")
	s.welcome(false)
	s.waitAt("loudspeaker")
	voice := make(chan []float32, 1)
	s.runner.mail.post(letter{deliver: func() { voice <- s.runner.turn.exchange.voice.Samples }})
	samples := <-voice
	if len(samples) == 0 {
		t.Fatal("there is no voice")
	}
	s.runner.Send(Leave{})
	s.waitForEnd()
	for _, v := range samples {
		if v != 0 {
			t.Fatal("the shopper's voice is left")
		}
	}
}

// Any storm of events, faults and pauses leaves the runner in order.
func TestAStormOfEventsLeavesEverythingInOrder(t *testing.T) {
	s := openStage(t, parking)
	if err := s.clerk.Render(t.Context()); err != nil {
		t.Fatal(err)
	}
	points := []string{"microphone", "frame", "recogniser", "embedder", "voice", "loudspeaker", "reset"}
	before := 0
	rapid.Check(t, func(t *rapid.T) {
		stop := s.run(rapid.SampledFrom([]time.Duration{0, time.Millisecond}).Draw(t, "patience"))
		waitForState[Attract](s)
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			turn := rapid.Uint64Range(0, 6).Draw(t, "turn")
			switch rapid.IntRange(0, 10).Draw(t, "kind") {
			case 0:
				s.hold(rapid.SampledFrom(points).Draw(t, "held"))
			case 1:
				s.release()
			case 2:
				s.damage(rapid.SampledFrom(points).Draw(t, "broken"), rapid.SampledFrom([]error{nil, nil, errBroken, ErrEngineLost, audio.ErrDeviceLost}).Draw(t, "error"))
			case 3:
				runtime.Gosched()
			case 4:
				time.Sleep(rapid.SampledFrom([]time.Duration{time.Millisecond, 5 * time.Millisecond}).Draw(t, "pause"))
			case 5, 6: // the way into a visit is found seldom by chance
				s.runner.Send(Touch{})
				if rapid.Bool().Draw(t, "agrees") {
					s.runner.Send(ConsentGiven{s.consent()})
				} else {
					s.runner.Send(ConsentRefused{})
				}
			case 7: // good weather: a turn comes to its end
				s.release()
				s.mend()
				time.Sleep(30 * time.Millisecond)
			default:
				s.runner.Send(rapid.SampledFrom([]Event{
					Touch{}, ConsentGiven{s.consent()}, ConsentRefused{}, Typed{Text: parking}, GiveUp{}, BargeIn{}, BargeIn{}, CallStaff{}, StaffCame{}, TakeMessage{},
					Confirmed{}, Rejected{}, Idle{}, NextShopper{}, Brought{storage.Text, storage.FromText()}, Brought{storage.File, storage.FromFile()},
					EngineLost{turn, errBroken}, DeviceLost{turn, errBroken}, Failed{turn, errBroken}, NoSpeech{turn}, PlaybackDone{turn},
				}).Draw(t, "event"))
			}
		}
		if rapid.Bool().Draw(t, "leaves") {
			s.runner.Send(Leave{})
		} else {
			stop()
		}
		s.waitForEnd()
		s.release()
		s.mend()
		s.wantOrder(t)

		kept, asked := 0, 0
		for _, step := range s.steps {
			if k, ok := step.event.(Kept); ok && k.Err == nil && OpenTurnOf(step.from) == k.Turn {
				kept++
			}
			for _, effect := range step.effects {
				if _, ok := effect.(KeepTurn); ok {
					asked++
				}
			}
		}
		if kept != asked {
			t.Errorf("%d turns were to be kept, %d are", asked, kept)
		}
		if total := len(s.kept()); total != before+kept {
			t.Errorf("%d turns are in the vault, not %d", total, before+kept)
		} else {
			before = total
		}
	})
}

func TestAnErrorIsTheEventThatItMeans(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Event
	}{
		{fmt.Errorf("asr: %w", ErrEngineLost), EngineLost{}},
		{fmt.Errorf("listening: %w", audio.ErrDeviceLost), DeviceLost{}},
		{fmt.Errorf("no: %w", audio.ErrNoMicrophone), DeviceLost{}},
		{errors.New("else"), Failed{}},
	} {
		if got := lostIn(1, c.err); reflect.TypeOf(got) != reflect.TypeOf(c.want) {
			t.Errorf("%v is %T", c.err, got)
		}
	}
}
