package kiosk

import (
	"errors"
	"testing"

	"tenin/storage"
)

func TestAnAnswerThatCannotBeKeptIsGivenWithTheError(t *testing.T) {
	s := openStage(t, parking)
	home := s.clerk.options.Home
	if err := s.clerk.vault.Close(); err != nil {
		t.Fatal(err)
	}
	// No disk has so much room left.
	full, err := storage.Open(home, KeyFile(home), storage.Options{Reserve: 1 << 62})
	if err != nil {
		t.Fatal(err)
	}
	s.clerk.vault = full
	s.sit()
	for name, terms := range map[string]Terms{"in writing": {Keep: true}, "spoken": {Keep: true, Speak: true}} {
		for where, asker := range map[string]Asker{"a running kiosk": s.inquirer(t.Context(), terms), "this process": AskHere(s.clerk, terms)} {
			turn, outcome, err := asker.Ask(t.Context(), Brief{Text: parking})
			if !errors.Is(err, storage.ErrNoSpace) {
				t.Errorf("%s, %s: it was kept on a full disk: %v", name, where, err)
			}
			if turn.Reply.Text != parkingAnswer || turn.Transcript != parking {
				t.Errorf("%s, %s: the answer is missing: %+v", name, where, turn)
			}
			if terms.Speak != (len(outcome.Spoken.Samples) > 0) {
				t.Errorf("%s, %s: %d samples", name, where, len(outcome.Spoken.Samples))
			}
			_ = asker.Close()
		}
	}
}
