package audio

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// eventAt is an event and the frame that brought it.
type eventAt struct {
	event EndpointEvent
	frame int
}

// play feeds a picture of a stream: # is speech, - is between Release and Threshold, . is silence, and w, b, u tell that
// the words so far are whole, broken off or unknown.
func play(e *Endpointer, picture string) (events []eventAt) {
	n := 0
	for _, c := range picture {
		p := float32(0)
		switch c {
		case 'w':
			e.SetComplete(Whole)
			continue
		case 'b':
			e.SetComplete(BrokenOff)
			continue
		case 'u':
			e.SetComplete(Unknown)
			continue
		case ' ':
			continue
		case '#':
			p = 0.99
		case '-':
			p = 0.4
		}
		if event := e.Feed(p); event != None {
			events = append(events, eventAt{event, n})
		}
		n++
	}
	return events
}

func TestTheEndOfATurn(t *testing.T) {
	speech := strings.Repeat("#", 20)
	gap := func(n int) string { return strings.Repeat(".", n) }
	for name, c := range map[string]struct {
		picture string
		want    []eventAt
	}{
		"silence is nothing": {gap(100), nil},
		"speech starts after 8 frames and ends after 22 of silence": {gap(5) + speech + gap(30),
			[]eventAt{{SpeechStarted, 12}, {Paused, 29}, {Ended, 46}}},
		"a whole question ends after 13": {speech + gap(5) + "w" + gap(20), []eventAt{{SpeechStarted, 7}, {Paused, 24}, {Ended, 32}}},
		"what breaks off ends after 38":  {speech + gap(5) + "b" + gap(40), []eventAt{{SpeechStarted, 7}, {Paused, 24}, {Ended, 57}}},
		"whole, told late, ends at once": {speech + gap(16) + "w" + gap(1), []eventAt{{SpeechStarted, 7}, {Paused, 24}, {Ended, 36}}},
		"a pause and more speech are one turn, and whole is forgotten": {speech + gap(6) + "w" + speech + gap(15),
			[]eventAt{{SpeechStarted, 7}, {Paused, 24}, {Resumed, 27}, {Paused, 50}}},
		"a click in a pause neither resumes nor prolongs": {speech + gap(10) + "#" + gap(11),
			[]eventAt{{SpeechStarted, 7}, {Paused, 24}, {Ended, 41}}},
		"speech that begins again at the last moment is waited for": {speech + gap(21) + "##" + gap(5),
			[]eventAt{{SpeechStarted, 7}, {Paused, 24}, {Resumed, 42}, {Paused, 47}}},
		"a click is no speech":             {gap(5) + "##" + gap(50), nil},
		"beeps are no speech":              {strings.Repeat("####"+gap(10), 10), nil},
		"clicks close together are speech": {strings.Repeat("##..", 4) + gap(30), []eventAt{{SpeechStarted, 13}, {Paused, 18}, {Ended, 35}}},
		"a weak beginning is no speech":    {strings.Repeat("-", 100), nil},
		"speech that becomes weak goes on": {speech + strings.Repeat("-", 30) + gap(5), []eventAt{{SpeechStarted, 7}, {Paused, 54}}},
		"two turns":                        {speech + gap(30) + speech + gap(30), []eventAt{{SpeechStarted, 7}, {Paused, 24}, {Ended, 41}, {SpeechStarted, 57}, {Paused, 74}, {Ended, 91}}},
	} {
		if got := play(NewEndpointer(EndpointConfig{}), c.picture); !equalEvents(got, c.want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, c.want)
		}
	}
}

func equalEvents(a, b []eventAt) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestSpeechIsFromThePreRollToTheLastFrameOfSpeech(t *testing.T) {
	e := NewEndpointer(EndpointConfig{})
	play(e, strings.Repeat(".", 30)+strings.Repeat("#", 20)+strings.Repeat(".", 22))
	if start, end := e.Speech(); start != 20*FrameSamples || end != 50*FrameSamples {
		t.Errorf("from frame %d to %d", start/FrameSamples, end/FrameSamples)
	}
	if e.Silence() != 22*FrameDuration {
		t.Errorf("silence %v", e.Silence())
	}
	e.Reset()
	play(e, strings.Repeat("#", 20)+strings.Repeat(".", 22)+strings.Repeat("#", 8))
	if start, end := e.Speech(); start != 32*FrameSamples || end != 50*FrameSamples {
		t.Errorf("the second speech: from frame %d to %d", start/FrameSamples, end/FrameSamples)
	}
}

func TestASpeechThatDoesNotEndIsCutAndGoesOnAsTheNext(t *testing.T) {
	e := NewEndpointer(EndpointConfig{MaxUtterance: 32 * 40 * time.Millisecond})
	got := play(e, strings.Repeat("#", 60))
	if want := []eventAt{{SpeechStarted, 7}, {Ended, 39}, {SpeechStarted, 47}}; !equalEvents(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	if start, end := e.Speech(); start != 40*FrameSamples || end != 60*FrameSamples || e.Truncated() {
		t.Errorf("from %d to %d, truncated %v", start, end, e.Truncated())
	}
	play(e, strings.Repeat("#", 20))
	if !e.Truncated() {
		t.Error("the cut is not told")
	}
}

func TestNobodySpeaking(t *testing.T) {
	e := NewEndpointer(EndpointConfig{NoSpeech: 10 * FrameDuration})
	got := play(e, strings.Repeat(".", 25)+strings.Repeat("#", 10)+strings.Repeat(".", 40))
	want := []eventAt{{TimedOut, 9}, {TimedOut, 19}, {SpeechStarted, 32}, {Paused, 39}, {Ended, 56}, {TimedOut, 66}}
	if !equalEvents(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheEndOfTheStreamEndsTheSpeech(t *testing.T) {
	e := NewEndpointer(EndpointConfig{})
	if play(e, "###"); e.Finish() != None {
		t.Error("a noise was ended")
	}
	e.Reset()
	if play(e, strings.Repeat("#", 20)); e.Finish() != Ended || e.Finish() != None {
		t.Error("speech must end once")
	}
	if _, end := e.Speech(); end != 20*FrameSamples {
		t.Errorf("end %d", end)
	}
}

func TestEveryStreamGivesAnOrderlyStory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(low, high int) *rapid.Generator[time.Duration] {
			return rapid.Map(rapid.IntRange(low, high), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
		}
		c := EndpointConfig{
			Threshold: rapid.Float32Range(0, 1).Draw(t, "threshold"), Release: rapid.Float32Range(0, 1).Draw(t, "release"),
			MinSpeech: ms(0, 500).Draw(t, "min"), PreRoll: ms(0, 500).Draw(t, "pre-roll"), Pause: ms(0, 500).Draw(t, "pause"),
			EndUnknown: ms(0, 900).Draw(t, "unknown"), EndWhole: ms(0, 900).Draw(t, "whole"), EndBrokenOff: ms(0, 900).Draw(t, "broken off"),
			MaxUtterance: ms(0, 5000).Draw(t, "max"), NoSpeech: ms(0, 2000).Draw(t, "no speech"),
		}
		e := NewEndpointer(c)
		inSpeech, paused, before, fed := false, false, 0, 0
		check := func(event EndpointEvent) {
			start, end := e.Speech()
			switch event {
			case SpeechStarted:
				if inSpeech {
					t.Fatal("started twice")
				}
				if start < before {
					t.Fatalf("speech from %d overlaps the one that ended at %d", start, before)
				}
				inSpeech, paused = true, false
			case Paused, Resumed:
				if !inSpeech || paused != (event == Resumed) {
					t.Fatalf("%v out of order", event)
				}
				paused = event == Paused
			case Ended:
				if !inSpeech {
					t.Fatal("ended without a start")
				}
				inSpeech, before = false, end
			case TimedOut:
				if inSpeech || c.NoSpeech == 0 {
					t.Fatal("timed out")
				}
			}
			if inSpeech || event == Ended {
				if start < 0 || start >= end || end > fed*FrameSamples {
					t.Fatalf("%v: speech from %d to %d of %d", event, start, end, fed*FrameSamples)
				}
			}
			if e.Silence() < 0 {
				t.Fatalf("silence %v", e.Silence())
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "runs") {
			p := rapid.SampledFrom([]float32{0, 0.3, 0.4, 0.6, 1}).Draw(t, "p")
			e.SetComplete(rapid.SampledFrom([]Completeness{Unknown, Whole, BrokenOff}).Draw(t, "complete"))
			for range rapid.IntRange(1, 40).Draw(t, "frames") {
				fed++
				check(e.Feed(p))
			}
		}
		check(e.Finish())
		if inSpeech {
			t.Fatal("a speech never ended")
		}
	})
}

// tracks are the probabilities of real clips, by name.
func tracks(t *testing.T) map[string][]float32 {
	t.Helper()
	b, err := os.ReadFile("testdata/silero-tracks.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]float32{}
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		for _, w := range words[1:] {
			n, err := strconv.Atoi(w)
			if err != nil {
				t.Fatal(err)
			}
			all[words[0]] = append(all[words[0]], float32(n)/100)
		}
	}
	return all
}

func TestReadSentencesAreOneSpeechAndChimesAreNone(t *testing.T) {
	for name, track := range tracks(t) {
		// Whole is the hastiest: even so a sentence must not be cut at its comma.
		for _, complete := range []Completeness{Unknown, Whole, BrokenOff} {
			e := NewEndpointer(EndpointConfig{})
			speeches := 0
			for _, p := range track {
				e.SetComplete(complete)
				if e.Feed(p) == SpeechStarted {
					speeches++
				}
			}
			switch {
			case strings.HasPrefix(name, "ns_") && speeches != 0:
				t.Errorf("%s is taken for speech", name)
			case strings.HasPrefix(name, "cv_ja") && speeches != 1:
				t.Errorf("%s: %d speeches with completeness %d", name, speeches, complete)
			case name == "jfk" && speeches == 0:
				t.Errorf("%s: no speech", name)
			}
		}
	}
}
