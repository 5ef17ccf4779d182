package keyboard

import "strings"

// syllables maps romaji, Hepburn and 訓令式 and what people type for small kana, to hiragana.
var syllables = func() map[string]string {
	table := map[string]string{"-": "ー"}
	add := func(consonant, kana string) {
		for i, k := range strings.Fields(kana) {
			if k != "_" {
				table[consonant+string("aiueo"[i])] = k
			}
		}
	}
	for consonant, kana := range map[string]string{
		"": "あ い う え お", "k": "か き く け こ", "s": "さ し す せ そ", "t": "た ち つ て と", "n": "な に ぬ ね の",
		"h": "は ひ ふ へ ほ", "m": "ま み む め も", "y": "や _ ゆ いぇ よ", "r": "ら り る れ ろ", "w": "わ うぃ _ うぇ を",
		"g": "が ぎ ぐ げ ご", "z": "ざ じ ず ぜ ぞ", "d": "だ ぢ づ で ど", "b": "ば び ぶ べ ぼ", "p": "ぱ ぴ ぷ ぺ ぽ",
		"f": "ふぁ ふぃ ふ ふぇ ふぉ", "j": "じゃ じ じゅ じぇ じょ", "v": "ゔぁ ゔぃ ゔ ゔぇ ゔぉ", "ch": "ちゃ ち ちゅ ちぇ ちょ",
		"sh": "しゃ し しゅ しぇ しょ", "ts": "つぁ つぃ つ つぇ つぉ", "x": "ぁ ぃ ぅ ぇ ぉ", "l": "ぁ ぃ ぅ ぇ ぉ",
		"xy": "ゃ _ ゅ _ ょ", "ly": "ゃ _ ゅ _ ょ", "th": "_ てぃ _ _ _", "dh": "_ でぃ でゅ _ _", "c": "か し く せ こ",
		"q": "くぁ くぃ く くぇ くぉ",
	} {
		add(consonant, kana)
	}
	for consonant, kana := range map[string]string{
		"k": "き", "s": "し", "t": "ち", "n": "に", "h": "ひ", "m": "み", "r": "り", "g": "ぎ", "z": "じ", "j": "じ", "d": "ぢ", "b": "び", "p": "ぴ", "c": "ち",
	} {
		add(consonant+"y", kana+"ゃ _ "+kana+"ゅ "+kana+"ぇ "+kana+"ょ")
	}
	table["xtu"], table["xtsu"], table["ltu"], table["ltsu"] = "っ", "っ", "っ", "っ"
	table["nn"], table["n'"], table["xn"] = "ん", "ん", "ん"
	return table
}()

// beginnings holds every proper prefix of a syllable.
var beginnings = func() map[string]bool {
	begins := map[string]bool{}
	for s := range syllables {
		for i := 1; i < len(s); i++ {
			begins[s[:i]] = true
		}
	}
	begins["tc"] = true // matcha
	return begins
}()

func isRomaji(s string) bool {
	return len(s) == 1 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z' || s[0] == '-' || s[0] == '\'')
}

// fromRomaji turns letters into kana and returns the letters that may still become one. At the end of a word (done) a
// single n is ん. A letter that can begin nothing stays as it is.
func fromRomaji(letters string, done bool) (kana, rest string) {
	for letters != "" {
		if letters == "nn" && done {
			return kana + "ん", ""
		}
		if k, n := syllable(letters); n > 0 {
			kana, letters = kana+k, letters[n:]
			continue
		}
		switch {
		case len(letters) > 1 && letters[0] == 'n' && !strings.ContainsRune("aiueoyn'", rune(letters[1])):
			kana, letters = kana+"ん", letters[1:]
		case len(letters) > 1 && letters[0] == letters[1] && strings.IndexByte("aiueon-'", letters[0]) < 0,
			strings.HasPrefix(letters, "tch"):
			kana, letters = kana+"っ", letters[1:]
		case letters == "n" && done:
			return kana + "ん", ""
		case beginnings[letters]:
			return kana, letters
		default:
			kana, letters = kana+letters[:1], letters[1:]
		}
	}
	return kana, ""
}

func syllable(letters string) (string, int) {
	for n := min(4, len(letters)); n > 0; n-- {
		if k, ok := syllables[letters[:n]]; ok {
			return k, n
		}
	}
	return "", 0
}
