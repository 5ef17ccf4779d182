package reading

import "strings"

// letterNames are the letters as a Japanese spells them aloud.
var letterNames = [26]string{
	"エー", "ビー", "シー", "ディー", "イー", "エフ", "ジー", "エイチ", "アイ", "ジェー", "ケー", "エル", "エム",
	"エヌ", "オー", "ピー", "キュー", "アール", "エス", "ティー", "ユー", "ブイ", "ダブリュー", "エックス", "ワイ", "ゼット",
}

// spell names each ASCII letter of word.
func spell(word string) []Piece {
	var out []Piece
	for _, r := range strings.ToUpper(word) {
		if r >= 'A' && r <= 'Z' {
			out = append(out, Piece{string(r), letterNames[r-'A']})
		}
	}
	return out
}

// spokenLatin reads a Latin word that no lexicon knows: as romanised Japanese
// where it can be one (tenin, sakura), otherwise letter by letter.
func spokenLatin(word string) []Piece {
	if len(word) >= 4 && strings.ToUpper(word) != word {
		if kana, ok := romaji(strings.ToLower(word)); ok {
			return []Piece{{word, kana}}
		}
	}
	return spell(word)
}

var romajiOnsets = map[string]string{
	"": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ",
	"m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}

var romajiSpecial = map[string]string{
	"ya": "ヤ", "yu": "ユ", "yo": "ヨ", "wa": "ワ", "wo": "オ", "shi": "シ", "chi": "チ", "tsu": "ツ", "fu": "フ", "ji": "ジ",
	"sha": "シャ", "shu": "シュ", "sho": "ショ", "cha": "チャ", "chu": "チュ", "cho": "チョ", "ja": "ジャ", "ju": "ジュ", "jo": "ジョ",
	"she": "シェ", "che": "チェ", "je": "ジェ", "fa": "ファ", "fi": "フィ", "fe": "フェ", "fo": "フォ",
}

// romaji converts a lower-case Hepburn word; ok is false where it is none.
func romaji(word string) (kana string, ok bool) {
	const vowels = "aiueo"
	var b strings.Builder
	for i := 0; i < len(word); {
		rest := word[i:]
		if len(rest) >= 2 && rest[0] == rest[1] && strings.IndexByte("kstpgdbzcj", rest[0]) >= 0 {
			b.WriteString("ッ")
			i++
			continue
		}
		if k, n := romajiSyllable(rest, vowels); n > 0 {
			b.WriteString(k)
			i += n
			continue
		}
		if rest[0] == 'n' || rest[0] == 'm' && len(rest) > 1 && strings.IndexByte("bpm", rest[1]) >= 0 {
			b.WriteString("ン")
			i++
			continue
		}
		return "", false
	}
	return b.String(), true
}

func romajiSyllable(s, vowels string) (string, int) {
	for n := min(3, len(s)); n >= 2; n-- {
		if k, ok := romajiSpecial[s[:n]]; ok {
			return k, n
		}
	}
	if len(s) >= 3 && s[1] == 'y' {
		if row, ok := romajiOnsets[s[:1]]; ok && s[0] != 't' && s[0] != 'd' {
			small := map[byte]string{'a': "ャ", 'u': "ュ", 'o': "ョ"}[s[2]]
			if small != "" {
				return string([]rune(row)[1]) + small, 3
			}
		}
	}
	if v := strings.IndexByte(vowels, s[0]); v >= 0 {
		return string([]rune(romajiOnsets[""])[v]), 1
	}
	if len(s) >= 2 {
		if row, ok := romajiOnsets[s[:1]]; ok {
			if v := strings.IndexByte(vowels, s[1]); v >= 0 {
				return string([]rune(row)[v]), 2
			}
		}
	}
	return "", 0
}
