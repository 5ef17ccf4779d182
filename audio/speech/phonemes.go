package speech

import (
	"strings"

	"tenin/llm/reading"
)

// phonemeTable maps hiragana to the phonemes that Kokoro's Japanese voices were
// trained on. The notation is that of misaki 0.7 (Apache-2.0), documented with
// the model: IPA with affricates as one letter, no pitch marks.
var phonemeTable = buildTable()

func buildTable() map[string]string {
	t := map[string]string{}
	row := func(kana, phonemes string) {
		k, p := []rune(kana), strings.Fields(phonemes)
		for i, r := range k {
			t[string(r)] = p[i]
		}
	}
	row("ぁあぃいぅうぇえぉお", "a a i i ɯ ɯ e e o o")
	row("かがきぎくぐけげこご", "ka ɡa kʲi ɡʲi kɯ ɡɯ ke ɡe ko ɡo")
	row("さざしじすずせぜそぞ", "sa ʣa ɕi ʥi sɨ zɨ se ʣe so ʣo")
	row("ただちぢつづてでとど", "ta da ʨi ʥi ʦɨ zɨ te de to do")
	row("なにぬねの", "na ɲi nɯ ne no")
	row("はばぱひびぴふぶぷへべぺほぼぽ", "ha ba pa çi bʲi pʲi ɸɯ bɯ pɯ he be pe ho bo po")
	row("まみむめも", "ma mʲi mɯ me mo")
	row("ゃやゅゆょよ", "ja ja jɯ jɯ jo jo")
	row("らりるれろ", "ɾa ɾʲi ɾɯ ɾe ɾo")
	row("ゎわゐゑをゔゕゖ", "βa βa i e o vɯ ka ke")

	// Kana that a small ゃ ゅ ょ turns into one palatal beat.
	for kana, onset := range map[string]string{
		"き": "kʲ", "ぎ": "ɡʲ", "し": "ɕ", "じ": "ʥ", "ち": "ʨ", "ぢ": "ʥ", "に": "ɲ", "ひ": "ç", "び": "bʲ", "ぴ": "pʲ", "み": "mʲ", "り": "ɾʲ",
	} {
		t[kana+"ゃ"], t[kana+"ゅ"], t[kana+"ょ"] = onset+"a", onset+"ɨ", onset+"o"
	}
	// Beats of borrowed words.
	for kana, phonemes := range map[string]string{
		"いぇ": "je", "うぃ": "βi", "うぇ": "βe", "うぉ": "βo", "きぇ": "kʲe", "しぇ": "ɕe", "じぇ": "ʥe", "ちぇ": "ʨe", "にぇ": "ɲe", "ひぇ": "çe",
		"くぁ": "kᵝa", "くぃ": "kᵝi", "くぇ": "kᵝe", "くぉ": "kᵝo", "ぐぁ": "ɡᵝa", "ぐぃ": "ɡᵝi", "ぐぇ": "ɡᵝe", "ぐぉ": "ɡᵝo",
		"つぁ": "ʦa", "つぃ": "ʦʲi", "つぇ": "ʦe", "つぉ": "ʦo", "てぃ": "tʲi", "てゅ": "tʲɨ", "でぃ": "dʲi", "でゅ": "dʲɨ", "とぅ": "tɯ", "どぅ": "dɯ",
		"ふぁ": "ɸa", "ふぃ": "ɸʲi", "ふぇ": "ɸe", "ふぉ": "ɸo", "ふゅ": "ɸʲɨ", "ふょ": "ɸʲo",
		"ゔぁ": "va", "ゔぃ": "vʲi", "ゔぇ": "ve", "ゔぉ": "vo", "ゔゅ": "bʲɨ", "ゔょ": "bʲo",
	} {
		t[kana] = phonemes
	}
	for mark, phoneme := range map[string]string{
		"。": ".", "、": ",", "？": "?", "！": "!", "?": "?", "!": "!", ".": ".", ",": ",", ":": ":", ";": ";",
		"「": "“", "」": "”", "『": "“", "』": "”", "・": " ", "—": "—", "〜": "—", "…": ",",
	} {
		t[mark] = phoneme
	}
	return t
}

const smallKana = "ゃゅょぁぃぅぇぉ"

// phonemesOf romanises one group of words written in kana. ん takes the place of
// articulation of the next kana of its group; ー lengthens; っ is a stop.
func phonemesOf(kana string) string {
	rs := []rune(reading.ToHiragana(kana))
	var b strings.Builder
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		var next string
		if i+1 < len(rs) {
			next = string(rs[i+1])
		}
		switch {
		case r == 'ー':
			b.WriteString("ː")
			continue
		case r == 'っ':
			if !strings.Contains(smallKana, next) || next == "" {
				b.WriteString("ʔ")
			}
			continue
		case r == 'ん':
			b.WriteString(nasal(phonemeTable[next]))
			continue
		}
		if pair, ok := phonemeTable[string(r)+next]; ok && next != "" {
			b.WriteString(pair)
			i++
			continue
		}
		single := phonemeTable[string(r)]
		if next != "" && strings.Contains(smallKana, next) && single != "" {
			head := []rune(single)
			b.WriteString(string(head[:len(head)-1]) + phonemeTable[next])
			i++
			continue
		}
		b.WriteString(single)
	}
	return b.String()
}

// nasal gives the phoneme of ん before the phonemes of the next kana.
func nasal(next string) string {
	if next == "" {
		return "ɴ"
	}
	switch first := []rune(next)[0]; {
	case strings.ContainsRune("mpb", first):
		return "m"
	case strings.ContainsRune("kɡ", first):
		return "ŋ"
	case strings.ContainsRune("ɲʨʥ", first):
		return "ɲ"
	case strings.ContainsRune("ntdɾz", first):
		return "n"
	}
	return "ɴ"
}
