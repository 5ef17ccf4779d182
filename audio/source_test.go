package audio

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestAFileGivesWholeFramesThenItsEnd(t *testing.T) {
	for _, realTime := range []bool{false, true} {
		sound := tone(440, SampleRate, 3*FrameSamples+100, 0.5)
		s := NewFileSource(sound, realTime)
		var all []float32
		began := time.Now()
		for {
			frame, err := s.Read(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || len(frame) != FrameSamples {
				t.Fatalf("%d samples, %v", len(frame), err)
			}
			all = append(all, frame...)
			if early := samplesDuration(len(all), SampleRate) - time.Since(began); realTime && early > 0 {
				t.Errorf("a frame came %v before its last sample was spoken", early)
			}
		}
		if len(all) != 4*FrameSamples {
			t.Fatalf("%d samples", len(all))
		}
		for i, v := range all {
			if want := append(sound.Samples, make([]float32, FrameSamples)...)[i]; v != want {
				t.Fatalf("sample %d: %v, want %v", i, v, want)
			}
		}
		if _, err := s.Read(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestWhatIsAheadIsWhatReadGivesNextAndNotMore(t *testing.T) {
	sound := tone(440, SampleRate, 7*FrameSamples+100, 0.5)
	s := NewFileSource(sound, false).(*fileSource)
	for at := 0; ; at++ {
		three, all := s.Ahead(3), s.Ahead(100)
		if len(three) != min(3, 8-at)*FrameSamples || len(all) != (8-at)*FrameSamples || !slices.Equal(three, all[:len(three)]) {
			t.Fatalf("after %d frames %d and %d samples are ahead", at, len(three), len(all))
		}
		frame, err := s.Read(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !slices.Equal(frame, all[:FrameSamples]) {
			t.Fatalf("frame %d is not what was ahead: %v", at, err)
		}
	}
	if n := len(s.Ahead(0)) + len(s.Ahead(-1)); n > 0 {
		t.Errorf("%d samples for nobody", n)
	}
}

func TestNothingIsAheadThatWasNotSpokenYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewFileSource(tone(440, SampleRate, 10*FrameSamples, 0.5), true).(*fileSource)
		if n := len(s.Ahead(10)); n > 0 {
			t.Errorf("%d samples before the first Read", n)
		}
		if _, err := s.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(s.Ahead(10)); n > 0 {
			t.Errorf("%d samples after the first Read", n)
		}
		time.Sleep(3*FrameDuration + FrameDuration/2)
		if n := len(s.Ahead(10)); n != 3*FrameSamples {
			t.Errorf("%d samples three frames later", n)
		}
	})
}

func TestALateReaderCatchesUpWithRealTime(t *testing.T) {
	s := NewFileSource(tone(440, SampleRate, 10*FrameSamples, 0.5), true)
	if _, err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * FrameDuration)
	// All the rest is due by now: no read may wait, even for a context that is about to end.
	for range 9 {
		due := s.(*fileSource).started.Add(time.Duration(s.(*fileSource).frame+1) * FrameDuration)
		if time.Until(due) > 0 {
			t.Fatalf("the next frame is due %v from now", time.Until(due))
		}
		if _, err := s.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFileAtAnotherRateIsResampled(t *testing.T) {
	s := NewFileSource(tone(440, 48000, 48000, 0.5), false)
	n := 0
	for {
		if _, err := s.Read(t.Context()); err != nil {
			break
		}
		n++
	}
	if want := (SampleRate + FrameSamples - 1) / FrameSamples; n != want {
		t.Errorf("%d frames, want %d", n, want)
	}
}

func TestAWaitingFileEndsWithItsContextAndWithClose(t *testing.T) {
	s := NewFileSource(tone(440, SampleRate, 1000*FrameSamples, 0.5), true)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(over); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	ended := make(chan error)
	go func() {
		for {
			if _, err := s.Read(t.Context()); err != nil {
				ended <- err
				return
			}
		}
	}()
	s.Close()
	s.Close()
	within(t, "Read", func() {
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}
