package kiosk

import (
	"errors"

	"tenin/audio"
	"tenin/cmd/internal/worker"
)

// ErrEngineLost is wrapped by an engine's error when the engine died in the middle of the call and a new one is being
// started: the turn is over, and the visit goes on.
var ErrEngineLost = worker.ErrLost

// lostIn returns the event that a turn's error is.
func lostIn(turn uint64, err error) Event {
	switch {
	case errors.Is(err, ErrEngineLost):
		return EngineLost{turn, err}
	case errors.Is(err, audio.ErrDeviceLost), errors.Is(err, audio.ErrNoMicrophone):
		return DeviceLost{turn, err}
	}
	return Failed{turn, err}
}
