package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// DeriveEntryID is the ID of an entry whose file gives none: it depends on the
// question alone, and not on width, case, white space or a closing question
// mark.
func DeriveEntryID(question string) string { return "q-" + digest(question) }

// DeriveProductID is the ID of a product whose list gives none: its JAN where
// there is a whole one, otherwise a hash of its name.
func DeriveProductID(jan, name string) string {
	if len(jan) == 8 || len(jan) == 13 {
		return "jan-" + jan
	}
	return "n-" + digest(name)
}

// digest is 80 bits of SHA-256: among 200,000 rows two meet with a probability
// below 1 in 10^13, and the ID stays short enough to read aloud.
func digest(text string) string {
	sum := sha256.Sum256([]byte(canonical(text)))
	return hex.EncodeToString(sum[:10])
}

// canonical brings two spellings that a person would call the same text to one
// string. It stands apart from [reading.Normalize] because derived IDs must not
// change when the reading of text gets better.
func canonical(text string) string {
	text = strings.ToLower(norm.NFKC.String(text))
	text = strings.Join(strings.Fields(text), " ")
	return strings.TrimRight(text, "?!。. ")
}
