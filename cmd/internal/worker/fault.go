package worker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/pb"
	"tenin/llm"
	"tenin/llm/models"
)

// faults translates between the errors of the rooms and the codes that cross the socket. The first match counts.
type faults []struct {
	code pb.Fault
	err  error
}

// common faults of every room, behind its own.
var common = faults{
	{pb.Fault_FAULT_CANCELED, context.Canceled},
	{pb.Fault_FAULT_DEADLINE, context.DeadlineExceeded},
	{pb.Fault_FAULT_SEAL, ErrSeal},
}

var (
	openFaults = faults{
		{pb.Fault_FAULT_NO_ENGINES, asr.ErrNoEngine},
		{pb.Fault_FAULT_NO_ENGINES, audio.ErrNoEngines},
		{pb.Fault_FAULT_NO_ENGINES, llm.ErrNoEngine},
		{pb.Fault_FAULT_WEIGHTS_MISSING, models.ErrMissing},
		{pb.Fault_FAULT_WEIGHTS_MISSING, fs.ErrNotExist},
		{pb.Fault_FAULT_WEIGHTS_DAMAGED, models.ErrDamaged},
		{pb.Fault_FAULT_WEIGHTS_DAMAGED, asr.ErrWeights},
		{pb.Fault_FAULT_WEIGHTS_DAMAGED, llm.ErrNotGGUF},
		{pb.Fault_FAULT_WEIGHTS_DAMAGED, llm.ErrCut},
	}
	asrFaults = faults{
		{pb.Fault_FAULT_CLOSED, asr.ErrClosed},
		{pb.Fault_FAULT_TOO_LONG, asr.ErrTooLong},
		{pb.Fault_FAULT_LANGUAGE, asr.ErrLanguage},
		{pb.Fault_FAULT_SAMPLES, asr.ErrSamples},
	}
	vadFaults = faults{
		{pb.Fault_FAULT_CLOSED, audio.ErrClosed},
		{pb.Fault_FAULT_FRAME, audio.ErrFrame},
	}
	llmFaults = faults{
		{pb.Fault_FAULT_CLOSED, llm.ErrClosed},
		{pb.Fault_FAULT_EMPTY, llm.ErrEmpty},
		{pb.Fault_FAULT_TOO_LONG, llm.ErrTooLong},
	}
	voiceFaults = faults{
		{pb.Fault_FAULT_NOTHING_TO_SAY, speech.ErrNothingToSay},
		{pb.Fault_FAULT_TOO_LONG, speech.ErrTooLong},
		{pb.Fault_FAULT_LANGUAGE, speech.ErrLanguage},
		{pb.Fault_FAULT_VOICE, speech.ErrVoice},
		{pb.Fault_FAULT_SPEED, speech.ErrSpeed},
	}
	soundFaults = faults{
		{pb.Fault_FAULT_CLOSED, audio.ErrClosed},
		{pb.Fault_FAULT_NO_ENGINES, audio.ErrNoEngines},
		{pb.Fault_FAULT_NO_MICROPHONE, audio.ErrNoMicrophone},
		{pb.Fault_FAULT_NO_SPEAKER, audio.ErrNoSpeaker},
		{pb.Fault_FAULT_DEVICE_LOST, audio.ErrDeviceLost},
	}
)

// code is what crosses the socket for err; the error's own text stays behind.
func (f faults) code(err error) pb.Fault {
	if err == nil {
		return pb.Fault_FAULT_NONE
	}
	for _, list := range []faults{f, common} {
		for _, row := range list {
			if errors.Is(err, row.err) {
				return row.code
			}
		}
	}
	return pb.Fault_FAULT_ENGINE
}

// advice is what a user can do about a fault, where its sentinel does not say.
var advice = map[pb.Fault]string{
	pb.Fault_FAULT_WEIGHTS_MISSING: "run `tenin models pull`",
	pb.Fault_FAULT_WEIGHTS_DAMAGED: "run `tenin models verify`, then `tenin models pull`",
	pb.Fault_FAULT_DEVICE_LOST:     "look at the cable and the sound server",
	pb.Fault_FAULT_NO_MICROPHONE:   "plug one in and look whether the sound server runs (`tenin doctor audio` lists the devices)",
	pb.Fault_FAULT_NO_SPEAKER:      "look whether the sound server runs (`tenin doctor audio` lists the devices)",
}

// err is the error for a code; nil for none. A code that is not in the list is garbage.
func (f faults) err(role Role, code pb.Fault) error {
	switch code {
	case pb.Fault_FAULT_NONE:
		return nil
	case pb.Fault_FAULT_ENGINE, pb.Fault_FAULT_REQUEST:
		return fmt.Errorf("%s worker: %w", role, ErrEngine)
	}
	for _, list := range []faults{f, common} {
		for _, row := range list {
			if row.code != code {
				continue
			}
			if hint := advice[code]; hint != "" {
				return fmt.Errorf("%w: %s", row.err, hint)
			}
			return row.err
		}
	}
	return errGarbage
}
