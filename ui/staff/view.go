package staff

import "tenin/ui/keyboard"

// View is all that a picture depends on.
type View struct {
	Language Language
	Shop     string // the shop's name
	Who      string // who gave a PIN; empty: nobody, or the shop has no accounts
	// Locked shows the button that asks for a PIN where the lock would be.
	Locked bool
	// Left is the number of seconds until the screens lock themselves; 0 shows no count.
	Left int
	// Waiting is how many calls nobody has taken, Late whether one of them has waited for too long. Every screen shows it.
	Waiting int
	Late    bool
	// Note says in a line what the last touch did; Failed, that it did not.
	Note   string
	Failed bool
	// Busy says that the last touch is still worked at.
	Busy   bool
	Screen Screen
}

// Screen is one of the types below.
type Screen interface{ screen() }

// Lock is the pad for the PIN.
type Lock struct {
	Names  []string // the accounts to choose from; one or none: nobody is asked who they are
	Name   string   // the one that was chosen
	From   int      // the first of Names that is shown
	Digits int      // how many characters of the PIN were typed; they themselves are not here
	Keys   PINKeys  // what stands on the keys
	Wrong  bool     // the last PIN was wrong
	Wait   int      // seconds until a PIN may be tried again; 0: now
	Back   bool     // there are shoppers' screens to go back to
	Open   bool     // the calls can be seen without a PIN
}

// PINKeys is what stands on the keys of the pad.
type PINKeys int

// The keys of the pad. Most PINs are digits; letters are for the others.
const (
	DigitKeys PINKeys = iota
	LetterKeys
	CapitalKeys
)

// Help is who needs somebody now, who has waited longest first.
type Help struct {
	Calls []Call
	From  int  // the first call that is shown
	Lost  bool // the kiosk cannot be reached: nobody knows who waits
}

// Call is a shopper who asked for staff. It holds no word of the shopper.
type Call struct {
	ID     string // for the event; never shown
	Kiosk  string // where
	Topic  string // what for, in the shop's words; may be empty
	Spoken Language
	Waited int    // seconds
	Late   bool   // longer than the shop wants
	Taken  bool   // somebody is on the way
	By     string // who, where it is known
}

// Today is what was asked today.
type Today struct {
	Day                 string // as it is written
	Questions           int
	Answered, HandedOff int
	Yes, No             int // answers to whether it helped
	Topics              []Topic
	Hours               [24]int // questions by the hour, local time
	From                int     // the first topic that is shown
}

// Topic is a subject and how often it was asked about.
type Topic struct {
	Name      string
	Questions int
	HandedOff int // how many of them went to a person
}

// Unanswered lists the questions that had no answer, the most frequent first.
type Unanswered struct {
	Questions []Question
	From      int // the first question that is shown
}

// Question is a question without an answer.
type Question struct {
	ID    string // for the event; never shown
	Text  string
	Topic string // may be empty
	When  string // when it was asked last, as it is written
	Times int    // how often
}

// Answering is an answer while it is written. A sentence is the unit: each is written, and changed, by itself.
type Answering struct {
	Question  string
	Sentences []string
	Similar   []Approved // what is approved already and comes near
	Words     []Word     // how it will be read aloud, word by word
	From      int        // the first of Words that is shown
	Comparing bool       // Similar is shown in the place of Words, where there is no room for both
	Playing   bool       // it is being spoken, to try how it sounds
	Tried     bool       // it was
	Problem   string     // why it cannot be published as it is; empty: it can
	Published bool       // it answers shoppers now, and can be taken back
}

// Approved is an entry of the shop's knowledge.
type Approved struct{ ID, Question, Answer string }

// Word is a word of an answer and how it is read, in katakana.
type Word struct {
	Text, Reading string
	Fixed         bool // the shop has said how it is read
}

// Conversations lists the kept conversations, the latest first.
type Conversations struct {
	List   []Conversation
	Topics []string // what the list can be narrowed to
	Topic  string   // what it is narrowed to; empty: all
	// Choosing shows the topics in the place of the list.
	Choosing bool
	From     int // the first conversation, or topic, that is shown
}

// Conversation is a kept conversation as a list shows it, without a word of it.
type Conversation struct {
	ID      string // for the event; never shown
	When    string // as it is written
	Topic   string // may be empty
	Turns   int
	Seconds int  // of sound
	Handed  bool // it ended with a person
}

// Reason asks why somebody wants to read a conversation.
type Reason struct {
	Conversation Conversation
	Why          Why
	Words        string // said in addition
}

// Why is a reason to read a conversation.
type Why int

// The reasons to choose from.
const (
	NoReason Why = iota
	Improve      // to better an answer
	Complaint
	Request // the shopper asks for it
	Incident
	Other // what Words say
)

// Whys lists them all but NoReason.
func Whys() []Why { return []Why{Improve, Complaint, Request, Incident, Other} }

// Transcript is an opened conversation.
type Transcript struct {
	Conversation Conversation
	Why          Why
	Words        string
	Turns        []Turn
	Playing      int // the turn whose sound is played, from 1; 0: none
	From         int // the first turn that is shown
}

// Turn is a question and its answer.
type Turn struct {
	Question, Answer string
	Handed           bool // it went to a person
	Seconds          int  // of sound; 0: none was kept
}

// Settings are the switches of the kiosk.
type Settings struct {
	Shown  Setting // which of them is open
	Paused bool
	Muted  bool // nothing is spoken aloud
	Closed bool
	Notice string
	Topics []TopicSwitch
	From   int // the first topic that is shown
}

// TopicSwitch is a topic, and whether the kiosk answers questions about it.
type TopicSwitch struct {
	Name string
	Off  bool
}

// Setting is one of the switches.
type Setting int

// The switches.
const (
	Pause Setting = iota
	Mute
	CloseToday
	Notice
	TopicOff
)

// AllSettings lists them in the order of their buttons.
func AllSettings() []Setting { return []Setting{Pause, Mute, CloseToday, Notice, TopicOff} }

// Typing is the keyboard.
type Typing struct {
	Field Field
	About string // the question, or the word
	Board keyboard.View
}

// Field is what is typed.
type Field int

// The fields.
const (
	Sentence Field = iota // of an answer
	Reading               // of a word, in kana
	NoticeText
	ReasonText
)

func (Lock) screen()          {}
func (Help) screen()          {}
func (Today) screen()         {}
func (Unanswered) screen()    {}
func (Answering) screen()     {}
func (Conversations) screen() {}
func (Reason) screen()        {}
func (Transcript) screen()    {}
func (Settings) screen()      {}
func (Typing) screen()        {}

// Language is what the screens speak.
type Language int

// The languages. Staff read Japanese or English; a shopper may have chosen any.
const (
	Japanese Language = iota
	English
	Chinese
	Korean
)
