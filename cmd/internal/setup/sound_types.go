package setup

import "time"

// Level is what the microphone hears now, in dB below full scale: 0 is the loudest that there is.
type Level struct {
	// RMS is the loudness of the last 32 ms, Peak its highest sample.
	RMS, Peak float64
	// Clips says that samples are cut off at the top.
	Clips bool
	// Speech says that it sounds like a voice.
	Speech bool
	// Phase is what the test waits for.
	Phase Phase
	// Left is how long the phase lasts at most.
	Left time.Duration
}

// Phase is a stretch of a microphone's test.
type Phase string

// The phases: nobody should speak, and then somebody should.
const (
	Quiet Phase = "quiet"
	Speak Phase = "speak"
)

// Hearing is what a microphone's test measured. Levels are dB below full scale.
type Hearing struct {
	Finding
	// Device is the microphone's name.
	Device string `json:"device"`
	// Floor is the level when nobody spoke, Speech that of the voice; their difference is Above. Speech and Above are 0
	// when nobody spoke.
	Floor  float64 `json:"floor_db"`
	Speech float64 `json:"speech_db"`
	Above  float64 `json:"above_db"`
	// Clipped is the share of the voice's samples that are cut off, in [0, 1].
	Clipped float64 `json:"clipped"`
	// Spoken is how long somebody spoke.
	Spoken time.Duration `json:"spoken_ns"`
}

// Tone is what a loudspeaker's test measured.
type Tone struct {
	Finding
	Device string `json:"device"`
	// Before is the level at the tone's frequency while it did not sound, Level while it did, in dB below full scale.
	Before float64 `json:"before_db"`
	Level  float64 `json:"level_db"`
}

// EchoResult is how the loudspeaker comes back into the microphone.
type EchoResult struct {
	Finding
	// Delay is from giving the sound away to reading it back.
	Delay time.Duration `json:"delay_ns"`
	// Attenuation is how much softer it comes back, in dB; negative when it comes back louder.
	Attenuation float64 `json:"attenuation_db"`
	// Likeness in [0, 1] is how much of what came back is what was played.
	Likeness float64 `json:"likeness"`
	// Heard says that it came back at all.
	Heard bool `json:"heard"`
	// HalfDuplex says that the microphone has to be closed while the kiosk speaks, or it would hear itself.
	HalfDuplex bool `json:"half_duplex"`
}
