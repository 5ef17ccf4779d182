package reading

// hollow are words that a question holds whatever it asks about.
var hollow = map[string]bool{
	"する": true, "ある": true, "いる": true, "居る": true, "なる": true, "できる": true, "出来る": true, "くださる": true, "下さる": true, "ください": true, "ござる": true,
	"いただく": true, "頂く": true, "やる": true, "いう": true, "言う": true, "思う": true, "おる": true, "もらう": true, "くれる": true, "れる": true, "られる": true, "せる": true,
	"ない": true, "いい": true, "良い": true, "よい": true, "よろしい": true, "こと": true, "もの": true, "ため": true, "ところ": true, "とき": true, "よう": true, "ほう": true,
	"方": true, "さん": true, "様": true, "さま": true, "的": true, "等": true, "など": true, "お願い": true, "です": true, "ます": true, "お": true, "ご": true,
	"何": true, "なに": true, "なん": true, "何です": true, "何でしょ": true, "何の": true, "何か": true, "何が": true, "何を": true, "何で": true,
}

// ContentWords returns the words of text that carry its meaning, in order and
// in dictionary form: nouns, verbs and adjectives, numbers with their counters
// (2階), Latin names in lower case. Particles, auxiliaries, pronouns, formal
// nouns and the verbs of politeness are left out. The text is normalised first.
func (a *Analyzer) ContentWords(text string) []string {
	var out []string
	for _, t := range a.Analyze(Normalize(text)) {
		if t.isContent() {
			out = append(out, t.Base)
		}
	}
	return out
}

func (t Token) isContent() bool {
	if hollow[t.Base] || hollow[t.Surface] {
		return false
	}
	switch t.POS {
	case "名詞":
		switch t.Sub {
		case "非自立", "代名詞", "特殊":
			return false
		case subWord:
			r := firstRune(t.Surface)
			return isHan(r) || isKana(r)
		}
		return t.Pron != "" || isHan(firstRune(t.Surface))
	case "動詞", "形容詞":
		return t.Sub == "自立"
	case "副詞":
		return false
	}
	return false
}
