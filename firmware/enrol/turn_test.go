package enrol

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

const restarts = "systemctl --no-block try-restart tenin-display.service"

// turned is how often the display was started anew, and how it is turned; -1 where the file is none of display's.
func turned(t *testing.T, s *Server, d *device) (times, rotation int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ran := range d.ran {
		if ran == restarts {
			times++
		}
	}
	b, err := os.ReadFile(d.place.In(displayFile))
	must(t, err)
	for _, rotation := range []int{0, 90, 180, 270} {
		if string(b) == display(rotation) {
			return times, rotation
		}
	}
	return times, -1
}

func TestATurnOfThePictureIsNotKeptUntilSomebodyKeepsIt(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	s, c := service(t, d)
	must(t, c.Set(ctx, Settings{Rotation: 180}))
	before, _ := turned(t, s, d)
	must(t, c.Turn(ctx, 90))
	if times, rotation := turned(t, s, d); times != before+1 || rotation != 90 {
		t.Errorf("the display was started anew %d times, and is turned by %d", times-before, rotation)
	}
	if status, err := c.Status(ctx); err != nil || status.Settings.Rotation != 180 {
		t.Errorf("a turn on trial outlives the power: %+v, %v", status.Settings, err)
	}
	must(t, c.Set(ctx, Settings{Rotation: 90}))
	if times, rotation := turned(t, s, d); times != before+1 || rotation != 90 {
		t.Errorf("what is shown already was turned again: %d times, to %d", times-before, rotation)
	}
	if status, _ := c.Status(ctx); status.Settings.Rotation != 90 || s.back != nil {
		t.Error("it was not kept")
	}
	if err := c.Turn(ctx, 45); err == nil || err.Error() != "rotation is 45: use 0, 90, 180 or 270" {
		t.Errorf("a turn by 45 degrees: %v", err)
	}
}

func TestATurnThatNobodyKeepsIsTakenBackByTheHalfThatIsRoot(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	s, c := service(t, d)
	must(t, c.Set(ctx, Settings{Rotation: 270}))
	s.mu.Lock()
	s.holds = time.Millisecond
	s.mu.Unlock()
	must(t, c.Turn(ctx, 90))
	for range 10_000 {
		if _, rotation := turned(t, s, d); rotation == 270 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("it stays turned")
}

func TestAServiceThatStartsAnewTakesATurnOverThatNobodyHasKept(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	must(t, (&Settings{Rotation: 180}).Save(d.place))
	d.file(displayFile, display(90))
	s := &Server{Data: d.data(), holds: time.Hour}
	s.resumeTurn()
	if s.back == nil {
		t.Error("nobody turns it back")
	}
	s.forgetTurn()
	d.file(displayFile, display(180))
	if s.resumeTurn(); s.back != nil {
		t.Error("what is kept would be turned")
	}
}

func TestAKioskInServiceIsNotTurnedByAStrangerAndTellsNoLinks(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	_, c := service(t, d)
	d.file(Enrolled, "enrolled\n")
	_, err := c.Links(ctx)
	for _, err := range []error{err, c.Turn(ctx, 90)} {
		if !errors.Is(err, ErrEnrolled) {
			t.Errorf("an enrolled device answers %v", err)
		}
	}
}
