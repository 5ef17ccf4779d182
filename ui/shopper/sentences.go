package shopper

import "strings"

// Sentences cuts a text after each sentence. Nothing is lost but the spaces between.
func Sentences(text string) []string {
	var out []string
	runes := []rune(text)
	start := 0
	cut := func(end int) {
		if s := strings.TrimSpace(string(runes[start:end])); s != "" {
			out = append(out, s)
		}
		start = end
	}
	for i, r := range runes {
		last := i+1 == len(runes)
		switch {
		case r == '\n':
			cut(i + 1)
		case strings.ContainsRune("。！？", r) && (last || !strings.ContainsRune("」』）。！？", runes[i+1])):
			cut(i + 1)
		case strings.ContainsRune(".!?", r) && !last && runes[i+1] == ' ' && !abbreviation(runes[start:i]):
			cut(i + 1)
		}
	}
	cut(len(runes))
	return out
}

// abbreviation reports whether a full stop after before belongs to the word: "10 a.m. to" goes on.
func abbreviation(before []rune) bool {
	word := string(before)
	if i := strings.LastIndexByte(word, ' '); i >= 0 {
		word = word[i+1:]
	}
	return strings.Contains(word, ".") || len([]rune(word)) == 1
}

// sentenceAt is the index of the sentence in which the heard'th rune of the text stands.
func sentenceAt(text string, sentences []string, heard int) int {
	if len(sentences) == 0 {
		return -1
	}
	rest, at := text, 0
	for i, s := range sentences {
		skip := strings.Index(rest, s)
		if skip < 0 {
			return i
		}
		at += len([]rune(rest[:skip+len(s)]))
		if heard < at {
			return i
		}
		rest = rest[skip+len(s):]
	}
	return len(sentences) - 1
}
