package speech

import "tenin/llm/reading"

// Approved is text that the shop has approved word for word: an answer, a fixed
// phrase, a filled template of the product list. Only such text may be kept on
// disk as speech; the type stands between the cache and whatever a shopper said.
type Approved struct{ text string }

// Approve marks text as approved. Call it where approved text is read from the
// shop's knowledge, never on a string that a shopper's words can reach.
func Approve(text string) Approved { return Approved{text: text} }

// Text returns what was approved.
func (a Approved) Text() string { return a.text }

// key is the text as the front end will see it, so that spellings that sound
// the same by definition share their speech. Line ends are kept: they pause.
func (a Approved) key() string {
	var out []byte
	for line := range lines(a.text) {
		out = append(out, reading.Normalize(line)...)
		out = append(out, '\n')
	}
	return string(out)
}
