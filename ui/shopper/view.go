package shopper

import "tenin/ui/keyboard"

// View is all that a picture depends on.
type View struct {
	Language Language
	Shop     string // the shop's name
	// Left is the number of seconds until the kiosk returns to its first screen; 0 shows no count.
	Left   int
	Screen Screen
}

// Screen is one of the types below.
type Screen interface{ screen() }

// Attract waits for somebody. The microphone is closed.
type Attract struct {
	Examples  []string // questions that somebody might ask; the one at Slide is shown
	Slide     int
	Notice    string // today's notice of the shop, if any
	Preparing bool   // the kiosk is still starting
}

// Consent asks how the shopper wants to talk, before the microphone opens.
type Consent struct {
	Points []string // what is recorded, for what and how long; the house's own wording, else Phrases' one
}

// Listening hears. Words are what was recognised so far.
type Listening struct {
	Level   float32 // loudness of the microphone, 0 to 1
	Words   string  // partial transcript
	Firm    int     // how many runes of Words will not change any more
	Hint    Reason  // why nothing is heard, when nothing is; None otherwise
	Kept    bool    // the talk is kept (with consent)
	Message bool    // a message to the staff is dictated, not a question
}

// Thinking searches.
type Thinking struct {
	Words string // the question
	Beat  int    // which of the three dots is bright; ignored with reduced motion
}

// Answer shows an answer, while it is spoken and after.
type Answer struct {
	Question  string
	Text      string
	Speaking  bool
	Heard     int // how many runes of Text were spoken so far; the sentence there is marked
	From      int // the first sentence that is shown, when they do not all fit
	HasDetail bool
	Place     string // where the product or counter is; empty: nowhere
	HasMap    bool
	Related   []string
	AskHelped bool // ask whether it helped
	Thanked   bool // the shopper has said so
}

// Detail shows what there is to know beyond the answer.
type Detail struct {
	Title, Text string
	From        int // the first sentence that is shown
}

// Place shows a spot on a floor map.
type Place struct {
	Name  string // the product
	Where string // in words: floor, department, shelf
	Note  string // price, stock; may be empty
	Map   Map
}

// Clarify asks back, because the words were doubtful.
type Clarify struct {
	Heard   string
	Choices []string // what could have been meant
}

// Staff says that somebody was called.
type Staff struct {
	Waited int    // seconds since the call
	Coming bool   // somebody has taken the call
	Late   bool   // nobody has, for longer than the shop wants
	Topic  string // what for, in the shop's words; may be empty
}

// Message lets the shopper check a message to the staff before it is kept.
type Message struct {
	Text string
	Sent bool
}

// Receipt hands out the code by which the talk can be erased later.
type Receipt struct {
	Code string // what is read out or typed at the counter
	QR   string // what the QR code holds; empty: Code
	Days int    // for how long the talk is kept
}

// Typing is the keyboard.
type Typing struct {
	Board   keyboard.View
	Message bool // a message to the staff is written, not a question
}

// Trouble says what does not work, why, and what to do.
type Trouble struct{ Reason Reason }

// Resetting forgets the last shopper.
type Resetting struct{}

// Closed is the kiosk out of service.
type Closed struct {
	Notice string // the shop's words; may be empty
}

func (Attract) screen()   {}
func (Consent) screen()   {}
func (Listening) screen() {}
func (Thinking) screen()  {}
func (Answer) screen()    {}
func (Detail) screen()    {}
func (Place) screen()     {}
func (Clarify) screen()   {}
func (Staff) screen()     {}
func (Message) screen()   {}
func (Receipt) screen()   {}
func (Typing) screen()    {}
func (Trouble) screen()   {}
func (Resetting) screen() {}
func (Closed) screen()    {}

// Reason is why something does not work.
type Reason int

// The reasons that a shopper is told.
const (
	None Reason = iota
	TooQuiet
	TooNoisy
	NoMicrophone
	Muted
	NotUnderstood
	EngineLost
	Unavailable
)

// Reasons lists them all but None.
func Reasons() []Reason {
	return []Reason{TooQuiet, TooNoisy, NoMicrophone, Muted, NotUnderstood, EngineLost, Unavailable}
}

// Map is a floor, in fractions of its width and height.
type Map struct {
	Floor     string
	Ratio     float32 // width by height; 0: 1.6
	Areas     []Area
	Here      Point   // this kiosk
	There     Point   // the spot
	Path      []Point // the way between, without its ends
	Elsewhere string  // set when the spot is on another floor than the kiosk: how to get there
}

// Area is a department on a Map.
type Area struct {
	Name       string
	X, Y, W, H float32
	Goal       bool
}

// Point is a spot on a Map.
type Point struct{ X, Y float32 }
