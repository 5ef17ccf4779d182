package llama

import (
	"fmt"
	"strings"
)

// GrammarLiteral quotes s for a GBNF grammar, so that it stands for itself.
// Bytes that are not UTF-8 become U+FFFD.
func GrammarLiteral(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Choices is the grammar that allows exactly one of the given texts, word for
// word. Empty texts are left out; without any text it returns "", no grammar.
func Choices(texts ...string) string {
	var quoted []string
	for _, t := range texts {
		if t != "" {
			quoted = append(quoted, GrammarLiteral(t))
		}
	}
	if len(quoted) == 0 {
		return ""
	}
	return "root ::= " + strings.Join(quoted, " | ") + "\n"
}
