package llm

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Clean is what happens to a text before it is embedded: Unicode NFKC, no white
// space at the ends, one space for each run inside. Half-width katakana, full-width
// letters and stray spaces then give the vector of the plain spelling, whatever
// the model's own tokenizer makes of them. Bytes that are not UTF-8 become U+FFFD.
func Clean(text string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(strings.ToValidUTF8(text, "\uFFFD"))), " ")
}
