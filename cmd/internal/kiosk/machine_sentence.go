package kiosk

import "tenin/llm/dialogue"

// Kinds of reply that the kiosk gives by itself, beside those of the dialogue.
const (
	// Clarify asks the shopper to say it again.
	Clarify dialogue.Kind = "clarify"
	// Message is no reply: the words are for the staff.
	Message dialogue.Kind = "message"
)

// sentences are what the kiosk says by itself. They are spoken ahead like the approved answers.
var sentences = struct{ again, sorry map[string]string }{
	again: map[string]string{
		"ja": "恐れ入りますが、もう一度おっしゃってください。",
		"en": "I am sorry, could you say that once more?",
	},
	sorry: map[string]string{
		"ja": "申し訳ございません。もう一度お試しください。",
		"en": "I am sorry, something went wrong. Please try once more.",
	},
}

// Sorry returns the sentence that ends a turn whose engine died, in that language.
func Sorry(language string) string { return sentenceIn(sentences.sorry, language) }

func sentenceIn(of map[string]string, language string) string {
	if text, ok := of[language]; ok {
		return text
	}
	return of["ja"]
}

// foundIn returns the nature of a reply.
func foundIn(x exchange) Found {
	switch {
	case x.Reply.Kind == dialogue.None:
		return FoundNothing
	case x.Reply.Kind != dialogue.HandOff:
		return FoundAnswer
	case x.Suspect != "":
		return FoundDoubtful
	}
	return FoundHandOff
}
