package technician

// Mark is how a step, or a part of the machine, stands.
type Mark int

// The marks. Good is green; Fair is amber: it works, with something that the technician should know; Bad is red.
const (
	Undone Mark = iota
	Busy
	Good
	Fair
	Bad
)

// Result is how a step stands and why.
type Result struct {
	Mark    Mark
	Problem Problem
	// Detail is what the program says of it, in its own words: names, numbers, an error. It may be empty.
	Detail string
}

// Done reports whether nothing is left to do.
func (r Result) Done() bool { return r.Mark == Good || r.Mark == Fair }

// Step is a step of the set-up.
type Step int

// The steps, in the order in which they are done. The first two are those of a device, which was flashed with our image.
const (
	StepTurn Step = iota
	StepNetwork
	StepShop
	StepBrand
	StepClock
	StepPanel
	StepMicrophone
	StepLoudspeaker
	StepEcho
	StepHub
	StepSealing
	StepRecovery
	StepAccess
	StepFinish
)

// Steps lists them in their order.
func Steps() []Step {
	return []Step{StepTurn, StepNetwork, StepShop, StepBrand, StepClock, StepPanel, StepMicrophone, StepLoudspeaker, StepEcho, StepHub, StepSealing, StepRecovery, StepAccess, StepFinish}
}

// StepsOf lists those of a device, or of a machine on which Tenin was installed: there picture and network are the system's.
func StepsOf(device bool) []Step {
	if device {
		return Steps()
	}
	return Steps()[StepShop:]
}

// Problem is what is wrong, or worth knowing, in a step.
type Problem int

// The problems. Phrases say of each what is wrong and what to do.
const (
	NoProblem Problem = iota

	TurnUnkept // nobody said that the picture is right, so it was turned back

	NetworkAddress    // no address with its network
	NetworkGateway    // none in that network
	NetworkDNS        // no addresses
	NetworkProxy      // no http://host:port
	NetworkName       // the Wi-Fi has no name, or one that cannot be
	NetworkPassphrase // none that a Wi-Fi can have
	NetworkCountry    // no two letters
	NetworkNoCable    // no card has a cable with somebody at its other end
	NetworkNoCard     // Wi-Fi is wanted, and this machine has no card for it
	NetworkNoRadio    // the Wi-Fi has not let this device in
	NetworkNoAddress  // the link is there, and nobody gave an address

	NameMissing    // the shop has no name
	NameUndrawable // the screens cannot show a character of it; Detail has the characters
	AccentTooPale  // text on the accent, or in it, would be hard to read

	ClockUnset   // the machine was off without a network and knows no time
	ClockBack    // it is earlier than something that this kiosk has already done
	ClockAway    // it differs from the hub's time
	ClockWrong   // what was typed is no date and time, or is earlier than this program
	ClockByHand  // somebody set it; right, as long as they were
	PanelNone    // there is no display, or it cannot be asked
	PanelSmall   // too few dots for the screens
	PanelDense   // so dense that keys of 15 mm do not fit
	TouchMissed  // a target was not hit
	TouchShifted // touches arrive beside the finger

	MicrophoneNone
	MicrophoneDead  // not even noise arrives
	MicrophoneQuiet // speech hardly rises above the noise
	MicrophoneNoisy // the noise of the room is too loud
	MicrophoneClips // speech is cut off at the top
	SpeechUnheard   // nothing was recognised
	SpeechMisheard  // the technician says that it was not what was said
	LoudspeakerNone
	ToneUnheard     // the technician did not hear the tone
	SentenceUnclear // the technician did not understand the sentence
	EchoNone        // the microphone did not hear the loudspeaker
	EchoLoud        // the loudspeaker is too loud in the microphone
	EchoLate        // the sound comes too late

	HubNone        // the kiosk is meant to do without
	HubBadCode     // what was typed is no code
	HubUnreachable // nobody answers at the address
	HubUnasked     // it was joined, and these screens have no network to ask it by
	HubNetwork     // the same on a device, whose network is a step of these screens
	HubRefused     // the code was used, or is too old
	HubOther       // another hub answers than the code names

	SealKeyFile    // no TPM: a key file guards the vault
	SealUnbound    // the TPM is there, but does not know how this machine was started
	SealLocked     // the TPM counts too many wrong tries
	SealFailed     // the vault could not be sealed
	RecoveryUnsafe // not checked yet
	RecoveryWrong  // what was typed back is not the key

	ManagerNone    // nobody has a manager's PIN, without which there can be no other
	TechnicianNone // nobody has a technician's PIN

	StepsLeft  // a step is not done
	NotSaved   // the disk did not take it
	TestFailed // the test itself did not run
)

// Problems lists them all but NoProblem.
func Problems() []Problem {
	all := make([]Problem, 0, int(TestFailed))
	for p := TurnUnkept; p <= TestFailed; p++ {
		all = append(all, p)
	}
	return all
}
