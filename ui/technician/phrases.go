package technician

import "fmt"

// Phrases are the fixed words of the screens in one language.
type Phrases struct {
	Title, BigText, NormalText, Contrast, NormalContrast, Back, Leave, StillHere, Next, Again, Save, Look, Start, Stop, Yes, No, Enter, Unknown string

	MenuTitle, MenuSub, SetUpTitle, StepLine, SpeaksLabel string

	TurnChoose, TurnTries, TurnAsks, TurnLeft, TurnKeep, TurnReturn, TurnReturns, TurnNow, TurnGood string

	Cable, Radio, Given, Fixed, NetworkUse, NetworkUsing, NetworkGood, NetworkNone, LinkUp, LinkDown, LinkIn, LinkOut, NoAddress, ToNetwork, ShowTyped, HideTyped string

	Sample, Ratio, TakeNearest string

	ClockConfirm, ClockNow, ClockSource, ClockRefused, ClockGood string

	PanelDots, PanelDensity, PanelTouch, PanelHit, PanelGood, PanelStart, TargetTouch, TargetMissed string

	Device, Noise, Voice, Heard, BeQuiet, SaySomething, Recognises, WasItSaid, MicrophoneGood string

	TonePlays, ToneHeard, SentencePlays, SentenceClear, Sentence, LoudspeakerGood string

	EchoLoss, EchoDelay, EchoRuns string

	HubName, HubKey, HubReach, HubAnswers, HubSilent, HubWithout, HubGood string

	SealBy, SealAsks, SealPlanned, SealNow, SealWithFile, SealGood, Against, NotAgainst string

	RecoveryOnce, RecoveryWrite, RecoveryWritten, RecoveryNew, RecoveryShow, RecoveryGood, GroupLine string

	Managers, Technicians, OtherStaff, AccessNote, AccessGood, ChoosePIN, ChooseManagerPIN string

	FinishGood, FinishButton, Serve string

	HealthTitle, HealthSub, HealthLooks string

	PINNote, LostPIN string

	BundleTitle, BundleNot, BundleGood, BundlePath, BundleWrite, BundleLook, Free string

	WipeTitle, WipeGo, WipeType, WipeTyped, WipeDiffers, WipeHold, WipeHoldSub, WipeButton, WipeHeld, WipeLift, WipeRuns, WipeDone string
	WipeLoses, WipeKeeps                                                                                                           []string

	PowerSub string

	Marks       map[Mark]string
	Steps       map[Step][2]string    // its name, what it does
	Problems    map[Problem][2]string // what is wrong, what to do
	Pages       map[Page][2]string    // its name, what is there
	Passphrases map[Passphrase]string
	Speaks      map[Speaks]string
	Sources     map[Source]string
	Refusals    map[Refusal]string
	Verdicts    map[EchoVerdict]string
	Seals       map[Seal]string
	Threats     map[Threat]string
	Fields      map[Field][2]string   // its name, what is to be typed
	Parts       map[Part][3]string    // its name, what to do when it is amber, when it is red
	PINs        map[PINPurpose]string // a technician's
	ManagerPINs map[PINPurpose]string
	Refused     map[PINRefusal]string
	Items       map[ItemKind]string
	Powers      map[PowerKind][3]string // its name, the question, what is shown meanwhile
}

// In returns the phrases of a language.
func In(l Language) Phrases {
	if l == Japanese {
		return japanese
	}
	return english
}

// locksIn is the line of the count.
func locksIn(l Language, seconds int) string {
	switch {
	case l == Japanese:
		return fmt.Sprintf("あと%d秒で画面を閉じます", seconds)
	case seconds == 1:
		return "The screens close in 1 second"
	}
	return fmt.Sprintf("The screens close in %d seconds", seconds)
}
