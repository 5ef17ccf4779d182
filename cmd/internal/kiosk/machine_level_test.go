package kiosk

import (
	"context"
	"io"
	"math"
	"testing"
	"time"

	"tenin/audio"
)

func TestTheMeterTellsTheLoudnessAndHoldsNoSound(t *testing.T) {
	clip := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, (2*levelFrames+1)*audio.FrameSamples)}
	for i := range levelFrames * audio.FrameSamples {
		clip.Samples[i] = 0.5
	}
	var told []Loudness
	m := &meter{Frames: audio.NewFileSource(clip, false), turn: 7, tell: func(l Loudness) { told = append(told, l) }}
	frames := 0
	for {
		if _, err := m.Read(t.Context()); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		frames++
	}
	if frames != 2*levelFrames+1 || len(told) != 2 || told[0] != (Loudness{7, 0.5}) || told[1] != (Loudness{7, 0}) {
		t.Errorf("of %d frames is told %v", frames, told)
	}
	if m.sum != 0 || m.frames != 0 {
		t.Error("something is left once the microphone is closed")
	}
}

func TestTheCounterIsToldOfItsOwnSoundOnly(t *testing.T) {
	s := openStage(t, parking)
	levels, sounds := make(chan Loudness, 1000), make(chan Sound, 1000)
	s.ended = make(chan struct{})
	desk := NewDesk(s.clerk)
	s.counter = desk
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(s.ended)
		desk.Run(ctx, s, s, RunnerOptions{Reset: s.reset, Level: func(l Loudness) { levels <- l }, Sounding: func(sound Sound) { sounds <- sound }})
	}()
	t.Cleanup(func() { stop(); s.waitForEnd() })
	inquiry := desk.Inquire(Terms{Speak: true})
	if _, _, err := inquiry.Ask(t.Context(), hum()); err != nil {
		t.Fatal(err)
	}
	inquiry.End(t.Context())
	waitForState[Attract](s)
	if len(levels)+len(sounds) != 0 {
		t.Error("the counter is told of an inquiry's sound")
	}
	s.welcome(false)
	waitForState[Ready](s)
	desk.Send(Leave{})
	s.waitForEnd()
	loudest := float32(0)
	for range len(levels) {
		l := <-levels
		if l.Turn != 2 {
			t.Errorf("level of turn %d", l.Turn)
		}
		loudest = max(loudest, l.RMS)
	}
	if math.Abs(float64(loudest)-0.3/math.Sqrt2) > 0.03 {
		t.Errorf("the hum has a level of %.3f", loudest)
	}
	last := Sound{}
	for range len(sounds) {
		sound := <-sounds
		if sound.Turn != 2 || sound.Made < last.Made || sound.Begun.IsZero() || last.All {
			t.Errorf("%+v after %+v", sound, last)
		}
		last = sound
	}
	if spoken := s.outcomes[len(s.outcomes)-1].Spoken; !last.All || (last.Made-spoken.Duration()).Abs() > time.Millisecond {
		t.Errorf("the sound is %+v, and was %v long", last, spoken.Duration())
	}
}

func TestWhatIsTouchedIsMeantForTheScreenThatWasSeen(t *testing.T) {
	s := openStage(t, parking)
	desk, _ := s.sit()
	waitForState[Attract](s)
	attract := State(Attract{})
	desk.SendIn(Consenting{}, ConsentRefused{})
	desk.SendIn(attract, Touch{}, NextShopper{}, Touch{})
	waitForState[Consenting](s)
	desk.SendIn(attract, Touch{})
	desk.SendIn(Ready{}, Touch{}, NextShopper{})
	// Whoever chose to type is a visit that opens no microphone, in one step.
	desk.SendIn(Consenting{}, NextShopper{}, Brought{Via: "text"}, CallStaff{})
	waitForState[StaffCalled](s)
	desk.SendIn(StaffCalled{}, NextShopper{})
	waitForState[Attract](s)

	// During an inquiry it is a touch.
	chat := s.inquirer(t.Context(), Terms{})
	if _, _, err := chat.Ask(t.Context(), Brief{Text: parking}); err != nil {
		t.Fatal(err)
	}
	desk.SendIn(attract, Touch{})
	waitForState[Consenting](s)
}

func TestAQuestionThatIsGivenUpIsNeitherAnsweredNorKept(t *testing.T) {
	for point, want := range map[string]State{"frame": Listening{}, "embedder": Thinking{}} {
		s := openStage(t, parking)
		stop := s.run(0)
		s.hold(point)
		s.welcome(true)
		s.waitAt(point)
		s.waitFor(point, func() bool { return Word(s.state) == Word(want) })
		s.runner.Send(GiveUp{})
		waitForState[Ready](s)
		s.release()
		// A message that is typed needs no microphone.
		s.runner.SendIn(Ready{}, Typed{"傘が折れました", true})
		waitForState[Confirming](s)
		s.runner.Send(Confirmed{})
		waitForState[MessageTaken](s)
		stop()
		s.waitForEnd()
		if kept := s.kept(); len(kept) != 1 || kept[0].Kind != string(Message) {
			t.Errorf("%s: %d turns are kept", point, len(kept))
		}
		s.wantOrder(t)
	}
}

func TestTheWatchdogsQuestionDoesNotKeepAShopperThere(t *testing.T) {
	s := openStage(t, parking)
	s.run(100 * time.Millisecond)
	waitForState[Attract](s)
	s.counter.Send(Touch{})
	waitForState[Consenting](s)
	ctx, stop := context.WithCancel(t.Context())
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for ctx.Err() == nil {
			s.runner.Answers(ctx)
			time.Sleep(time.Millisecond)
		}
	}()
	waitForState[Attract](s)
	stop()
	<-asked
}

func TestTheCounterPrefersALanguageAndAnInquiryDoesNot(t *testing.T) {
	s := openStage(t, parking)
	s.clerk.options.Language = "ja"
	desk, _ := s.sit()
	waitForState[Attract](s)
	desk.Prefer("en")
	desk.Prefer("fr") // unknown
	desk.SendIn(Attract{}, Brought{Via: "text"}, Typed{Text: "12"})
	waitForState[Ready](s)
	desk.Prefer("")
	desk.SendIn(Ready{}, Typed{Text: "34"})
	s.waitFor("two answers", func() bool { return len(s.results) == 2 })
	if a, b := s.results[0].Language, s.results[1].Language; a != "en" || b != "ja" {
		t.Errorf("answered in %s and %s", a, b)
	}
	desk.Prefer("en")
	waitForState[Ready](s)
	desk.Send(NextShopper{})
	waitForState[Attract](s)
	chat := s.inquirer(t.Context(), Terms{Language: "ja"})
	if turn, _, err := chat.Ask(t.Context(), Brief{Text: "56"}); err != nil || turn.Language != "ja" {
		t.Errorf("%+v, %v", turn, err)
	}
}
