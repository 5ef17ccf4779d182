package setup

// Part is a step of the set-up.
type Part string

// The steps.
const (
	Shop        Part = "shop"
	Clock       Part = "clock"
	Display     Part = "display"
	Microphone  Part = "microphone"
	Loudspeaker Part = "loudspeaker"
	Echo        Part = "echo"
	Hub         Part = "hub"
	Sealing     Part = "sealing"
	Recovery    Part = "recovery"
	Staff       Part = "staff"
)

// Parts lists the steps in the order in which they are made: what a later one needs stands before it.
func Parts() []Part {
	return []Part{Shop, Clock, Display, Microphone, Loudspeaker, Echo, Sealing, Recovery, Staff, Hub}
}

// State is how a step stands.
type State string

// The states. Fair works, with something that the technician should know; Undone was not tried, or waits for somebody.
const (
	Undone State = "undone"
	Good   State = "ok"
	Fair   State = "warn"
	Bad    State = "fail"
)

// Done says that nothing is left to do.
func (s State) Done() bool { return s == Good || s == Fair }

// Code is what was found, as a stable word.
type Code string

// The codes. Fine is the only one of a Good finding.
const (
	Fine Code = "fine"
	// NotTested: the step was not tried yet.
	NotTested Code = "not_tested"
	// TestFailed: the test itself did not run; Text says why.
	TestFailed Code = "test_failed"
	// NotSaved: a file or the vault could not be written.
	NotSaved Code = "not_saved"

	// Of Shop: no name; an accent on which no text can be read; settings that cannot be read.
	NameMissing    Code = "name_missing"
	AccentUnusable Code = "accent_unusable"
	SettingsBroken Code = "settings_broken"

	// Of Clock: the reasons of package clock, and ClockByHand for one that is right because somebody said so.
	ClockUntrusted Code = "clock_untrusted" // nobody vouches for it
	ClockBehind    Code = "clock_behind"    // earlier than the program, or than it was
	ClockAway      Code = "clock_away"      // it differs from the hub's, or was set meanwhile
	ClockAhead     Code = "clock_ahead"     // later than is plausible
	ClockByHand    Code = "clock_by_hand"

	// Of Display.
	DisplayNone  Code = "display_none"
	DisplaySmall Code = "display_small"

	// Of Microphone.
	MicrophoneNone  Code = "microphone_none"
	MicrophoneDead  Code = "microphone_dead"  // not even noise arrives
	MicrophoneQuiet Code = "microphone_quiet" // speech is too soft
	MicrophoneNoisy Code = "microphone_noisy" // speech hardly rises above the noise
	MicrophoneClips Code = "microphone_clips" // speech is cut off at the top
	SpeechUnheard   Code = "speech_unheard"   // nobody spoke, or it did not arrive
	DeviceLost      Code = "device_lost"

	// Of Loudspeaker and Echo.
	LoudspeakerNone Code = "loudspeaker_none"
	ToneUnheard     Code = "tone_unheard" // the microphone did not hear it
	EchoUnheard     Code = "echo_unheard"
	EchoLoud        Code = "echo_loud" // the loudspeaker is louder in the microphone than it was played
	EchoLate        Code = "echo_late" // the sound takes so long that answers seem late
	HalfDuplex      Code = "half_duplex"

	// Of Hub.
	HubNone        Code = "hub_none"
	HubBadCode     Code = "hub_bad_code"
	HubUnreachable Code = "hub_unreachable"
	HubRefused     Code = "hub_refused"
	HubOther       Code = "hub_other"
	HubJoined      Code = "hub_joined_already"

	// Of Sealing.
	SealNone    Code = "seal_none"     // there is no vault yet
	SealKeyFile Code = "seal_key_file" // a key file guards it, which a thief of the disk has too
	SealUnbound Code = "seal_unbound"  // the TPM does not know how this machine was started
	SealLocked  Code = "seal_locked"   // the TPM takes no PIN for a while
	SealFailed  Code = "seal_failed"   // it does not open

	// Of Recovery.
	RecoveryNone  Code = "recovery_none"
	RecoveryWrong Code = "recovery_wrong" // what was typed back is not the key

	// Of Staff.
	StaffNone    Code = "staff_none"
	NoTechnician Code = "no_technician"
	PINWeak      Code = "pin_weak"
)

// Finding is how a step stands, and why.
type Finding struct {
	Part  Part  `json:"part"`
	State State `json:"state"`
	Code  Code  `json:"code"`
	// Text says what was found, in a line of English; Do what to do about it, empty when nothing is.
	Text string `json:"text"`
	Do   string `json:"do,omitempty"`
}

func found(p Part, s State, c Code, text, do string) Finding { return Finding{p, s, c, text, do} }

// failedTest is the finding of a test that did not run.
func failedTest(p Part, err error, do string) Finding {
	return found(p, Bad, TestFailed, err.Error(), do)
}
