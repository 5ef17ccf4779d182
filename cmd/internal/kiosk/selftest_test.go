package kiosk

import (
	"errors"
	"testing"

	"tenin/audio"
)

func TestAKioskThatWorksPassesItsSelfTestAndKeepsNothingOfIt(t *testing.T) {
	stage := openStage(t, parking)
	stage.sit()
	clerk := stage.clerk
	c, err := DialKiosk(t.Context(), clerk.options.Home)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := VaultOpens(t.Context(), c); err != nil {
		t.Error(err)
	}
	s, err := NewSelfTest(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.entry.Question == "" || s.entry.Language != "ja" {
		t.Errorf("it would ask %+v", s.entry)
	}
	if err := s.Answers(t.Context()); err != nil || len(s.spoken.Samples) == 0 {
		t.Errorf("%v, spoken: %d samples", err, len(s.spoken.Samples))
	}
	// The fakes hear a hum, and no voice of theirs.
	s.spoken = *hum().Clip
	if err := s.Hears(t.Context()); err != nil {
		t.Error(err)
	}
	s.spoken = *silence().Clip
	if err := s.Hears(t.Context()); !errors.Is(err, ErrSelfTest) {
		t.Errorf("silence was heard: %v", err)
	}
	if list, err := clerk.vault.Sessions(); err != nil || len(list) != 0 {
		t.Errorf("kept: %+v, %v", list, err)
	}
}

func TestASelfTestThatGetsNoAnswerSaysSo(t *testing.T) {
	clerk, _ := serveFake(t, ControlOptions{})
	c, err := DialKiosk(t.Context(), clerk.options.Home)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := NewSelfTest(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody takes questions there.
	if err := s.Answers(t.Context()); !errors.Is(err, ErrNoDesk) {
		t.Error(err)
	}
	s.spoken = audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, 100)}
	if err := s.Hears(t.Context()); !errors.Is(err, ErrNoDesk) {
		t.Error(err)
	}
}
