package enrol

import (
	"context"
	"os"
	"time"
)

// TurnHolds is for how long a turn of the picture that nobody keeps lasts: a display may take a minute to come up again, and the
// screens then count 20 s themselves. It is what is left where they do not come up at all, or end meanwhile.
const TurnHolds = 2 * time.Minute

// turn turns the picture without keeping it. Who cannot operate a panel that is turned wrongly waits, or switches it off and on.
func (s *Server) turn(ctx context.Context, rotation int) error {
	wanted := Settings{Rotation: rotation}
	if err := wanted.Check(); err != nil {
		return err
	}
	s.stopBack()
	if err := s.show(ctx, rotation); err != nil {
		return err
	}
	s.armBack()
	return nil
}

// shows says whether the display was told of this turn.
func (s *Server) shows(rotation int) bool {
	b, err := os.ReadFile(s.Data.Place.In(displayFile))
	return err == nil && string(b) == display(rotation)
}

// show turns the picture where it is turned otherwise.
func (s *Server) show(ctx context.Context, rotation int) error {
	if s.shows(rotation) {
		return nil
	}
	if err := s.Data.Place.write(displayFile, []byte(display(rotation)), 0o644); err != nil {
		return err
	}
	s.restartDisplay(ctx)
	return nil
}

// restartDisplay starts the display anew, which reads how it is turned only then. The screens' process lives on: it opens its
// window again as soon as there is a display.
func (s *Server) restartDisplay(ctx context.Context) {
	if err := run(ctx, s.Data.Machine, "systemctl", "--no-block", "try-restart", "tenin-display.service"); err != nil {
		s.say("display: " + err.Error())
	}
}

// armBack turns the picture back later, if it is not as it is kept. Damaged settings keep no turn.
func (s *Server) armBack() {
	kept, _ := LoadSettings(s.Data.Place)
	if s.shows(kept.Rotation) {
		return
	}
	holds := s.holds
	if holds == 0 {
		holds = TurnHolds
	}
	var mine *time.Timer
	mine = time.AfterFunc(holds, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.back != mine {
			return // kept, turned anew, or the service ends
		}
		s.back = nil
		kept, _ := LoadSettings(s.Data.Place)
		s.say("nobody kept the turn of the picture: it is as before")
		if err := s.show(context.Background(), kept.Rotation); err != nil {
			s.say("display: " + err.Error())
		}
	})
	s.back = mine
}

// stopBack leaves the picture as it is.
func (s *Server) stopBack() {
	if s.back != nil {
		s.back.Stop()
		s.back = nil
	}
}

// resumeTurn takes over what a service that ended has left turned.
func (s *Server) resumeTurn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.back == nil && s.Data.Place.Has(DataOpen) && s.Data.Place.Has(displayFile) {
		s.armBack()
	}
}

func (s *Server) forgetTurn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopBack()
}
