package llama

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// cutAtStop is the assembler's rule said plainly: the stop word that ends first,
// and of those that end together the longest, cuts the text before itself.
func cutAtStop(text string, stops []string) (string, bool) {
	for end := 1; end <= len(text); end++ {
		longest := 0
		for _, s := range stops {
			if s != "" && strings.HasSuffix(text[:end], s) {
				longest = max(longest, len(s))
			}
		}
		if longest > 0 {
			return text[:end-longest], true
		}
	}
	return text, false
}

func TestTheTextDoesNotDependOnWhereTokensEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "店", "員", "😀", "\n"}), 0, 30).Draw(rt, "text"), "")
		stops := rapid.SliceOfN(rapid.StringMatching(`[ab店員\n]{0,3}`), 0, 3).Draw(rt, "stops")
		want, wantStop := cutAtStop(text, stops)
		a := newAssembler(stops)
		var got strings.Builder
		stopped := false
		for rest := text; rest != "" && !stopped; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "piece")
			var part string
			part, stopped = a.feed([]byte(rest[:n]))
			if !strings.HasPrefix(want, got.String()+part) {
				rt.Fatalf("said %q after %q, the text is %q", part, got.String(), want)
			}
			got.WriteString(part)
			rest = rest[n:]
		}
		if !stopped {
			got.WriteString(a.flush())
		}
		if got.String() != want || stopped != wantStop {
			rt.Fatalf("got %q (%v), want %q (%v)", got.String(), stopped, want, wantStop)
		}
	})
}

func TestHalfACodePointAtTheEndIsDropped(t *testing.T) {
	a := newAssembler(nil)
	text, _ := a.feed([]byte("店\xe5\x93"))
	if text += a.flush(); text != "店" {
		t.Errorf("got %q", text)
	}
}

func TestBytesThatAreNoTextBecomeTheReplacementCharacter(t *testing.T) {
	a := newAssembler(nil)
	if text, _ := a.feed([]byte("a\xffb")); text != "a\uFFFDb" {
		t.Errorf("got %q", text)
	}
}

func TestAGrammarLiteralHasNoBareQuoteOrLineEnd(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lit := GrammarLiteral(rapid.String().Draw(rt, "text"))
		inner := lit[1 : len(lit)-1]
		for i := 0; i < len(inner); i++ {
			if inner[i] == '\\' {
				i++
			} else if inner[i] == '"' || inner[i] < ' ' {
				rt.Fatalf("%s", lit)
			}
		}
	})
}

func TestChoicesWithoutTextAreNoGrammar(t *testing.T) {
	if g := Choices("", ""); g != "" {
		t.Errorf("got %q", g)
	}
}
