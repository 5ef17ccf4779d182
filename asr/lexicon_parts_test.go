package asr

import (
	"reflect"
	"testing"

	"tenin/llm/reading"
)

func TestALexiconOfItsPartsIsTheSame(t *testing.T) {
	sound := reading.Default().Katakana
	x := NewLexicon(Vocabulary{{"営業時間", 3}, {"返品", 2}, {"へんぴん", 1}, {"領収書", 1}, {"PayPay", 1}, {"駐車場", 4}}, DefaultBudget, nil, sound)
	y := LexiconOf(x.prompt, func() []Sounded { _, w := x.Parts(); return w }(), sound)
	if !reflect.DeepEqual(x.words, y.words) || !reflect.DeepEqual(x.common, y.common) || x.Prompt() != y.Prompt() {
		t.Errorf("%+v\n%+v", x, y)
	}
	for _, heard := range []string{"影響時間を教えて", "両修書をください", ""} {
		if x.Focus(heard) != y.Focus(heard) {
			t.Errorf("%q: %q, %q", heard, x.Focus(heard), y.Focus(heard))
		}
	}
}
