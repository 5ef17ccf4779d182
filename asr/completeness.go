package asr

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tenin/audio"
)

// Judge tells from a transcript so far whether its speaker has finished: a question or request that stands by itself is
// audio.Whole, one that stops at a particle or a filler is audio.BrokenOff, and what grammar cannot tell is
// audio.Unknown. known tells whether bare text is one of the shop's words: 駐車場 alone is a whole query; it may be nil.
func Judge(text, language string, known func(word string) bool) audio.Completeness {
	s := strings.TrimSpace(norm.NFKC.String(text))
	if s == "" {
		return audio.Unknown
	}
	// Whisper writes a question mark for rising intonation, the best sign there is, and a comma for a voice that hangs.
	asked := strings.HasSuffix(s, "?")
	hangs := strings.HasSuffix(s, "、") || strings.HasSuffix(s, ",") || strings.HasSuffix(s, "...") || strings.HasSuffix(s, "ー")
	words := strings.TrimRightFunc(s, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
	if words == "" {
		return audio.Unknown
	}
	if language == "en" {
		return judgeEnglish(words, asked, hangs)
	}
	switch {
	case asked:
		return audio.Whole
	case fillers[lastPhrase(words)]:
		return audio.BrokenOff
	case known != nil && known(bare(words)):
		return audio.Whole
	case hangs:
		return audio.BrokenOff
	case endsIn(words, wholeEndings):
		return audio.Whole
	case endsIn(words, []string{"の", "って"}) && hasAny(words, interrogatives):
		return audio.Whole // どこにあるの
	case endsIn(words, politeEndings):
		return audio.Unknown // a polite request as often as half a sentence
	case endsIn(words, openEndings):
		return audio.BrokenOff
	default:
		return audio.Unknown
	}
}

var (
	interrogatives = []string{"どこ", "いつ", "何", "なに", "なん", "いくら", "だれ", "誰", "どれ", "どの", "どう", "どちら", "どっち", "なぜ", "いくつ"}

	// An interrogative with the particle that belongs to it closes a casual question: 何時まで, どこで.
	wholeEndings = append(crossed([]string{"どこ", "いつ", "何時", "何階", "何日", "いくら", "どちら", "どっち", "どれ", "なに"}, []string{"", "まで", "から", "で", "に"}),
		"か", "かな", "かね", "ます", "ません", "です", "でしょう", "でした", "ました", "ください", "下さい", "たい", "ほしい", "欲しい",
		"お願い", "おねがい", "お願いします", "ちょうだい", "教えて", "おしえて", "呼んで", "よんで", "見せて", "助けて", "来て", "待って",
		"だよ", "だね", "ですね", "ですよ", "ますね", "ますよ", "ない", "ある", "いる", "結構", "大丈夫", "ありがとう", "何ですって")

	politeEndings = []string{"んですが", "のですが", "んですけど", "んですけれど", "んですけども", "のですけど", "んだけど"}

	openEndings = []string{"は", "が", "を", "に", "の", "と", "て", "で", "も", "や", "へ", "から", "ので", "のに", "けど", "けれど", "けれども",
		"たら", "れば", "なら", "とか", "まで", "って", "より", "だけ", "たり", "ながら", "という", "ような", "それで", "あと", "また", "この", "その", "あの"}

	fillers = bareSet("えっと", "えーと", "えーっと", "ええと", "あのー", "あの", "あのう", "そのー", "うーん", "えー", "んー", "なんか", "ちょっと", "まあ", "すいません", "すみません", "um", "uh", "well", "so", "excuse me")
)

func crossed(heads, tails []string) []string {
	var out []string
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, h+t)
		}
	}
	return out
}

// lastPhrase is what follows the last comma or space, bare.
func lastPhrase(s string) string {
	if i := strings.LastIndexAny(s, "、,。 　"); i >= 0 {
		s = s[i:]
	}
	return bare(s)
}

func endsIn(s string, endings []string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(s, e) })
}

func hasAny(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}

func judgeEnglish(s string, asked, hangs bool) audio.Completeness {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '\'' })
	if len(words) == 0 {
		return audio.Unknown
	}
	first, last := words[0], words[len(words)-1]
	switch {
	case fillers[bare(strings.Join(words, ""))] || fillers[last] || openWords[last]:
		return audio.BrokenOff
	case asked || last == "please":
		return audio.Whole
	case hangs:
		return audio.BrokenOff
	case len(words) >= 3 && questionWords[first]:
		return audio.Whole
	}
	return audio.Unknown
}

var (
	openWords     = bareSet("and", "or", "but", "the", "a", "an", "of", "for", "with", "my", "your", "because", "if", "than", "this", "some", "any", "like", "also", "then", "i", "want", "need")
	questionWords = bareSet("where", "what", "when", "who", "which", "how", "why", "do", "does", "is", "are", "can", "could", "may", "would", "will")
)
