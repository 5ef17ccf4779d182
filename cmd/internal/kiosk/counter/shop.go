package counter

import (
	"tenin/cmd/internal/kiosk"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// Shop is what the screens show of what the shop knows. It is not changed after it was made.
type Shop struct {
	// Examples are questions that somebody might ask, for the first screen.
	Examples map[shopper.Language][]string
	// Words are the candidates of the keyboard; nil: kana only.
	Words *keyboard.Dictionary
}

// mostExamples is how many questions the first screen shows in turn.
const mostExamples = 12

// ShopOf is what a clerk knows. It reads all of it, which takes a second for a large shop; it may be called beside a
// running kiosk, and again when the knowledge was changed.
func ShopOf(clerk *kiosk.Clerk) Shop {
	var words []keyboard.Word
	for _, w := range clerk.Words() {
		words = append(words, keyboard.Word{Reading: w.Reading, Text: w.Text})
	}
	return Shop{
		Examples: map[shopper.Language][]string{
			shopper.Japanese: clerk.Examples("ja", mostExamples),
			shopper.English:  clerk.Examples("en", mostExamples),
		},
		Words: keyboard.NewDictionary(words, "はどこですか", "はありますか", "はいくらですか", "について教えてください"),
	}
}

// Outside is what the staff have set.
type Outside struct {
	// Closed says that nobody is served. A visit that goes on ends as always.
	Closed bool
	// Notice is shown on the first screen, or on the closed one.
	Notice string
	// Muted says that the loudspeaker is off.
	Muted bool
	// MicrophoneOff says that the microphone is: shoppers type.
	MicrophoneOff bool
}

// callStage is what became of a call of staff.
type callStage uint8

// The stages.
const (
	// callLate: nobody has taken it for longer than the shop wants.
	callLate callStage = iota + 1
	// callTaken: somebody is on the way.
	callTaken
	// callHandled: somebody has been there.
	callHandled
)
