package technician

import "tenin/ui/keyboard"

// View is all that a picture depends on.
type View struct {
	Language Language
	// Kiosk is the kiosk's name at its hub or the machine's, so that the technician knows which one this is.
	Kiosk string
	// Device: this machine was flashed with our image, so that it has the steps of StepsOf(true).
	Device bool
	// Left is the number of seconds until the screens lock themselves; 0 shows no count.
	Left   int
	Screen Screen
}

// Screen is one of the types below.
type Screen interface{ screen() }

// PIN asks for the technician's PIN, or for a new one. Its digits are not in the View.
type PIN struct {
	Purpose PINPurpose
	Who     Who
	Typed   int // how many digits were typed
	Most    int // how many can be
	Refusal PINRefusal
	Wait    int // seconds until the next try
}

// Who is whose PIN it is.
type Who int

// A manager looks after the staff's accounts; without one nobody else can have a PIN.
const (
	Technician Who = iota
	Manager
)

// PINPurpose is what a PIN is asked for.
type PINPurpose int

// A new PIN is chosen and then repeated.
const (
	PINEnter PINPurpose = iota
	PINChoose
	PINRepeat
)

// PINRefusal is why a PIN was not taken.
type PINRefusal int

// The refusals.
const (
	PINFine PINRefusal = iota
	PINWrong
	PINWait // too many wrong ones: Wait says how long
	PINShort
	PINEasy // 0000, 1234 and the like
	PINDifferent
	PINShut // the vault does not open, so no PIN can be looked at
)

// Menu is what the technician can do.
type Menu struct {
	SetUp  Mark // of the whole set-up
	Health Mark // of the machine; Undone as long as nobody looked
}

// SetUp is the list of the steps.
type SetUp struct{ Rows []Row }

// Row is a step in the list.
type Row struct {
	Step   Step
	Result Result
}

// Turn is the step with the direction of the picture.
type Turn struct {
	Result Result
	Phase  TurnPhase
	Kept   int // by how many degrees the picture is turned clockwise when nothing is tried: 0, 90, 180 or 270
	Shown  int // and by how many it is now
	Left   int // in TurnAsks, seconds until the picture is turned back
}

// TurnPhase is how far a turn is.
type TurnPhase int

// A turn is tried, and taken back unless somebody says that it is right.
const (
	TurnIdle TurnPhase = iota
	TurnTries
	TurnAsks
	TurnReturns
)

// Turns lists the directions in degrees.
func Turns() []int { return []int{0, 90, 180, 270} }

// Network is the step with the device's network. The Wi-Fi's passphrase is not in the View but while it is typed.
type Network struct {
	Result Result
	// Radio: the device is to use Wi-Fi, else a cable. Fixed: it is to have Address, else it is given one (DHCP).
	Radio, Fixed          bool
	Address, Gateway, DNS string // DNS has addresses with spaces between them
	Name, Country         string // of the Wi-Fi
	Passphrase            Passphrase
	Proxy                 string
	Links                 []Link // as they were found last
}

// Passphrase is what is known of the Wi-Fi's passphrase.
type Passphrase int

// The passphrase stays as it is kept when its network does and no other one was typed.
const (
	PassphraseNone Passphrase = iota
	PassphraseTyped
	PassphraseKept
)

// Link is a network card of the device.
type Link struct {
	Name      string
	Radio     bool
	Carrier   bool // a cable is in, or the Wi-Fi has let the device in
	Addresses []string
}

// Shop is the step with the shop's words.
type Shop struct {
	Result Result
	Name   string
	Floor  string // where this kiosk stands
	Speaks Speaks
}

// Speaks is what shoppers speak.
type Speaks int

// SpeaksBoth tells the language by what it hears.
const (
	SpeaksBoth Speaks = iota
	SpeaksJapanese
	SpeaksEnglish
)

// Brand is the step with the name and the colour of the screens.
type Brand struct {
	Result  Result
	Name    string // what stands at the top of each screen; empty: the shop's name
	Accent  uint32 // 0xRRGGBB
	Choices []uint32
	Ratio   float32 // the lowest contrast that the accent has anywhere, n:1
	Nearest uint32  // when the accent is refused, the nearest that is not
}

// Clock is the step with the time.
type Clock struct {
	Result  Result
	Now     string // date, time and zone as they are now
	Source  Source
	Refused []Refusal // what the kiosk does not do as long as the time cannot be trusted
}

// Source is where the time comes from.
type Source int

// The sources.
const (
	SourceUnknown Source = iota
	SourceNetwork
	SourceHub
	SourceHand
	SourceBattery // the machine's own clock, which ran on while it was off
)

// Refusal is what a kiosk without a trusted time does not do.
type Refusal int

// The refusals.
const (
	RefusesExpiry  Refusal = iota // sessions are not erased by age
	RefusesDated                  // answers with a date are not given
	RefusesJoin                   // a hub's certificate cannot be judged
	RefusesReceipt                // no day is promised on a receipt
)

// Refusals lists them all.
func Refusals() []Refusal {
	return []Refusal{RefusesExpiry, RefusesDated, RefusesJoin, RefusesReceipt}
}

// Panel is the step with the display.
type Panel struct {
	Result        Result
	Width, Height int     // dots
	DPI           float32 // dots per inch; 0: unknown
	Hit           int     // targets that were hit
	Targets       int
	WorstMM       float32 // the largest distance between a target and its touch, in millimetres
}

// Targets is the test of the touch panel: TargetAt(Next) is to be touched.
type Targets struct {
	Next   int
	Missed int // touches that were far from their target
}

// TargetCount is how many targets the test has.
const TargetCount = 5

// TargetAt is the place of a target in fractions of the picture's width and height.
func TargetAt(i int) (x, y float32) {
	places := [TargetCount][2]float32{{0.06, 0.06}, {0.94, 0.06}, {0.5, 0.5}, {0.06, 0.94}, {0.94, 0.94}}
	p := places[min(max(i, 0), TargetCount-1)]
	return p[0], p[1]
}

// Microphone is the step with the microphone.
type Microphone struct {
	Result   Result
	Phase    MicrophonePhase
	Device   string
	Level    float32 // loudness now, 0 to 1
	NoiseDB  float32 // the room, in dB below full scale: -60 is quiet; 0: not measured
	SpeechDB float32 // the voice, likewise
	Heard    string  // what was recognised
}

// MicrophonePhase is what the test of the microphone is doing.
type MicrophonePhase int

// The test listens to the room, then to a sentence, then asks whether what it shows was said.
const (
	MicrophoneIdle MicrophonePhase = iota
	MicrophoneRoom
	MicrophoneSpeak
	MicrophoneThinks
	MicrophoneAsks
)

// Loudspeaker is the step with the loudspeaker.
type Loudspeaker struct {
	Result Result
	Phase  LoudspeakerPhase
	Device string
	Said   string // the sentence that is spoken
}

// LoudspeakerPhase is what the test of the loudspeaker is doing.
type LoudspeakerPhase int

// A tone, a question, a sentence, a question.
const (
	LoudspeakerIdle LoudspeakerPhase = iota
	LoudspeakerTone
	LoudspeakerAsksTone
	LoudspeakerSentence
	LoudspeakerAsksSentence
)

// Echo is the step that measures what of the loudspeaker arrives in the microphone.
type Echo struct {
	Result  Result
	LossDB  float32 // by how much weaker it arrives
	DelayMS float32 // how much later
	Verdict EchoVerdict
}

// EchoVerdict is what follows from the measurement.
type EchoVerdict int

// The verdicts.
const (
	EchoUnknown   EchoVerdict = iota
	EchoClear                 // little of it arrives: the shopper could be heard while the kiosk speaks
	EchoInTurns               // as it should: the kiosk speaks and hears in turns
	EchoTooStrong             // the end of an answer would be taken for the shopper
)

// Hub is the step that joins the hub.
type Hub struct {
	Result      Result
	Address     string
	Joined      bool
	Name        string // this kiosk's name there
	Fingerprint string // of the hub's key
	Reachable   bool
	RoundTripMS float32 // 0: not measured
}

// Sealing is the step that seals the vault's key.
type Sealing struct {
	Result     Result
	By         Seal
	Sealed     bool     // the vault exists and is sealed by By; otherwise By is what will be used
	Asks       bool     // a PIN is asked for at every start
	Against    []Threat // what it protects against
	NotAgainst []Threat // and what not
}

// Seal is what guards the vault's key.
type Seal int

// The seals.
const (
	SealUnknown Seal = iota
	SealTPM
	SealFile
	SealPhrase
)

// Threat is what a seal protects against, or not.
type Threat int

// The threats.
const (
	StolenDisk Threat = iota
	StolenMachine
	OtherSystem // the machine is started from another disk
	OlderCopy   // an earlier copy of the whole vault is put back
	RootUser    // somebody has administrator's rights while the kiosk runs
)

// Threats lists them all.
func Threats() []Threat {
	return []Threat{StolenDisk, StolenMachine, OtherSystem, OlderCopy, RootUser}
}

// Recovery is the step with the recovery key. Groups has the key while it is shown, and nothing before and after.
type Recovery struct {
	Result Result
	Phase  RecoveryPhase
	Groups []string
}

// RecoveryPhase is how far the recovery key is.
type RecoveryPhase int

// The key is shown once; then two of its groups are typed back on the screen Edit.
const (
	RecoveryBefore RecoveryPhase = iota
	RecoveryShown
	RecoveryKept
)

// Access is the step with the PINs.
type Access struct {
	Result      Result
	Managers    int // accounts of managers
	Technicians int // of technicians
	Staff       int // of others
}

// Finish ends the set-up.
type Finish struct {
	Result Result
	Rows   []Row // all steps but this one
}

// Edit types one field.
type Edit struct {
	Field   Field
	Board   keyboard.View
	Problem Problem
	Detail  string // what the program says of Problem
	Secret  bool   // what is typed can be hidden, and Hidden is: Board then has dots in its place
	Hidden  bool
	Group   int // which group of the recovery key, from 1; 0 elsewhere
	Groups  int // of how many
}

// Field is what is typed.
type Field int

// The fields.
const (
	FieldShopName Field = iota
	FieldFloor
	FieldBrandName
	FieldAccent // six hexadecimal digits
	FieldTime   // twelve digits: year, month, day, hour, minute
	FieldHubAddress
	FieldHubCode
	FieldRecoveryGroup // of a key that was shown just now
	FieldLostKey       // a group of the key, because the PIN is lost
	FieldAddress       // of the device, with the length of its network
	FieldGateway
	FieldDNS
	FieldNetworkName // of the Wi-Fi
	FieldPassphrase
	FieldCountry
	FieldProxy
)

// Fields lists them all.
func Fields() []Field {
	return []Field{FieldShopName, FieldFloor, FieldBrandName, FieldAccent, FieldTime, FieldHubAddress, FieldHubCode, FieldRecoveryGroup, FieldLostKey,
		FieldAddress, FieldGateway, FieldDNS, FieldNetworkName, FieldPassphrase, FieldCountry, FieldProxy}
}

// Health is how the machine is.
type Health struct {
	Lines []Line
	At    string // when it was looked at; empty: it is being looked at
}

// Line is a part of the machine.
type Line struct {
	Part   Part
	Mark   Mark
	Detail string // what the program says of it
}

// Part is a part of the machine.
type Part int

// The parts.
const (
	PartProcesses Part = iota
	PartSandbox
	PartWeights
	PartDisk
	PartMemory
	PartTPM
	PartHub
	PartClock
	PartSound
	PartDisplay
	PartHeat
	PartData // vault, knowledge and settings
)

// Parts lists them all.
func Parts() []Part {
	return []Part{PartProcesses, PartSandbox, PartWeights, PartDisk, PartMemory, PartTPM, PartHub, PartClock, PartSound, PartDisplay, PartHeat, PartData}
}

// Bundle is the support bundle: what is in it, and where it goes.
type Bundle struct {
	Result   Result
	Contents []Item
	Places   []Place
	Chosen   int    // of Places; -1: none
	Path     string // where it was written, when it was
}

// Item is a file of the bundle.
type Item struct {
	Kind ItemKind
	KB   int // its size, in 1024 bytes, rounded up
}

// ItemKind is what a file of the bundle holds. None holds a shopper's word.
type ItemKind int

// The kinds.
const (
	ItemVersion ItemKind = iota
	ItemHealth
	ItemSettings
	ItemLog
	ItemSetUp // what guards the keys, and whether the time can be trusted
	ItemCounts
)

// ItemKinds lists them all.
func ItemKinds() []ItemKind {
	return []ItemKind{ItemVersion, ItemHealth, ItemSettings, ItemLog, ItemSetUp, ItemCounts}
}

// Place is where a bundle can be written.
type Place struct {
	Name   string // a USB stick's label, or a folder
	FreeMB int
}

// Wipe erases everything. Challenge is a number to be typed; then a button is held.
type Wipe struct {
	Result    Result
	Phase     WipePhase
	Challenge string
	Typed     string
	Differs   bool // what was typed was not the number
	Held      int  // seconds for which the button has been held
	Need      int  // for how many it must be
}

// WipePhase is how far the wipe is.
type WipePhase int

// Nothing is lost before WipeRuns.
const (
	WipeWarns WipePhase = iota
	WipeTypes
	WipeHolds
	WipeRuns
	WipeDone
)

// Power restarts the machine or shuts it down, after a question.
type Power struct {
	Result Result
	Phase  PowerPhase
	What   PowerKind
}

// PowerPhase is how far it is.
type PowerPhase int

// The phases.
const (
	PowerChoose PowerPhase = iota
	PowerAsks
	PowerGoes
)

// PowerKind is what is to be done.
type PowerKind int

// The kinds.
const (
	PowerProgram PowerKind = iota // only this program starts anew
	PowerRestart
	PowerOff
)

func (PIN) screen()         {}
func (Menu) screen()        {}
func (SetUp) screen()       {}
func (Turn) screen()        {}
func (Network) screen()     {}
func (Shop) screen()        {}
func (Brand) screen()       {}
func (Clock) screen()       {}
func (Panel) screen()       {}
func (Targets) screen()     {}
func (Microphone) screen()  {}
func (Loudspeaker) screen() {}
func (Echo) screen()        {}
func (Hub) screen()         {}
func (Sealing) screen()     {}
func (Recovery) screen()    {}
func (Access) screen()      {}
func (Finish) screen()      {}
func (Edit) screen()        {}
func (Health) screen()      {}
func (Bundle) screen()      {}
func (Wipe) screen()        {}
func (Power) screen()       {}
