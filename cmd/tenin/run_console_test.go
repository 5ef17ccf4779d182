package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

func TestWordsThatAreBeingSpokenStayOnOneLineAndGo(t *testing.T) {
	out := &strings.Builder{}
	c := &console{out: out, columns: func() int { return 20 }}
	c.hearing("駐車場")
	c.hearing("駐車場はどこに")
	c.hearing("駐車場はどこにありますか")
	c.say("heard")
	if want := "… 駐車場\r\x1b[K… 駐車場はどこに\r\x1b[K… どこにありますか\r\x1b[Kheard\n"; out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
}

func TestWordsThatAreBeingSpokenAreNotWrittenIntoALog(t *testing.T) {
	out := &strings.Builder{}
	c := &console{out: out}
	c.hearing("駐車場")
	c.settle()
	if out.Len() != 0 {
		t.Errorf("%q", out)
	}
}

func TestQuietLeavesOutHintsAndWordsButNoQuestion(t *testing.T) {
	out := &strings.Builder{}
	c := &console{out: out, quiet: true, columns: func() int { return 80 }}
	c.hint("hint")
	c.hearing("words")
	c.ask("may we? ")
	c.say("trouble")
	if out.String() != "may we? trouble\n" {
		t.Errorf("%q", out)
	}
}

func TestTheEndOfTheWordsFitsTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, columns := rapid.StringOf(rapid.SampledFrom([]rune("aＡあ漢ｱ。…1 "))).Draw(t, "text"), rapid.IntRange(0, 30).Draw(t, "columns")
		got := lastColumns(text, columns)
		wide := func(s string) (n int) {
			for _, r := range s {
				n++
				switch width.LookupRune(r).Kind() {
				case width.EastAsianWide, width.EastAsianFullwidth, width.EastAsianAmbiguous:
					n++
				}
			}
			return n
		}
		if !strings.HasSuffix(text, got) || wide(got) > columns {
			t.Fatalf("%q in %d columns gives %q", text, columns, got)
		}
		if rest := strings.TrimSuffix(text, got); rest != "" {
			r, _ := utf8.DecodeLastRuneInString(rest)
			if wide(string(r)+got) <= columns {
				t.Fatalf("%q had room in %d columns: %q", string(r), columns, got)
			}
		}
	})
}
