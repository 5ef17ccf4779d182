package manual

import (
	"fmt"
	"strings"
)

// roff builds a page.
type roff struct{ strings.Builder }

func (r *roff) title(name string, section int) {
	// For formatters that are not told the coding by man(1).
	r.line(`'\" -*- coding: utf-8 -*-`)
	fmt.Fprintf(r, ".TH \"%s\" \"%d\" \"\" \"Tenin\" \"Tenin\"\n", strings.ToUpper(escape(name)), section)
}

func (r *roff) section(name string) { fmt.Fprintf(r, ".SH %s\n", name) }

// line writes a line of macros or escaped text.
func (r *roff) line(s string) { r.WriteString(s + "\n") }

// item is a term and what it means.
func (r *roff) item(term, meaning string) {
	r.line(".TP")
	r.line(".B " + escape(term))
	r.line(guard(escape(meaning)))
}

// text writes paragraphs, which blank lines part. Lines that are indented stay as they are.
func (r *roff) text(s string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if i > 0 {
			r.line(".PP")
		}
		fixed := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"); indented != fixed {
				r.line(map[bool]string{true: ".nf", false: ".fi"}[indented])
				fixed = indented
			}
			r.line(guard(escape(line)))
		}
		if fixed {
			r.line(".fi")
		}
	}
}

// verbatim writes lines that are neither filled nor interpreted.
func (r *roff) verbatim(s string) {
	r.line(".PP")
	r.line(".nf")
	for line := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
		r.line(guard(escape(line)))
	}
	r.line(".fi")
}

// escape keeps what groff would interpret or make prettier: a backslash, and a hyphen that is to be copied as one.
var escape = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace

// guard keeps a line from being read as a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}
