package asr

import (
	"unicode"

	"tenin/llm/reading"
)

// A decoder that may write kana alone cannot make words up: it writes what it hears (たくじしょう, where its text says 腕時書
// for 託児所). Words are sought in that, too, and what sounds nearer to it than the letters in its place may be put there.
// Measured as in again.go, each sentence in three of five voices: key terms spelled by letters, and the character error rate;
// beside it what took its place before, words whose first token the decoder had thought of where it was unsure. Nothing was set
// on the third voice, nor on the compounds.
//
//	                                 terms   first tokens                    aloud
//	60 sentences of other counters   77      61, 59, 59   0.087 0.101 0.111   68, 68, 65   0.063 0.067 0.085
//	54 of the demo shop's            94      83, 81, 78   0.054 0.075 0.077   86, 86, 85   0.046 0.065 0.056
//	40 with compounds                46      39, 38, 39   0.095 0.096 0.094   43, 42, 42   0.071 0.077 0.073
//	40 for no counter                –                    0.134 0.136 0.154                0.133 0.134 0.161
//
// With both nothing more was spelled but one term in two voices. It costs 60-80 ms of two threads, before the text is decoded;
// six words to score and the search for them, 10 ms each, are gone.
const (
	// aloudApart is how far what was heard aloud may sound from the text, by reading.Distance: beyond, the decoder lost its
	// way in one of them.
	aloudApart = 0.5
	// aloudGain and aloudLoss are wordGain and soundLoss of these words. With 12 and 50, as there, of 214 recordings in which 173
	// such words were scored four terms less were put in, and 20 wrong words instead of 16.
	aloudGain, aloudLoss = 18, 100
	// betterGain is what each beat adds by which a word sounds nearer than the letters in its place. Between 2 and 6
	// three terms of 342 came and none went.
	betterGain = 3
)

// nearAloud returns the words that are not in text but in kana, what the decoder heard aloud in the same speech. hearings are
// text's.
func (x *Lexicon) nearAloud(text, kana string, hearings []hearing) []near {
	aloud, ok := x.aloud(kana, hearings)
	if !ok {
		return nil
	}
	var found []near
	for _, n := range x.near(text, []hearing{aloud}) {
		heard := aloud.of(n.from, n.to)
		n.distance = reading.Distance(n.kana, heard)
		n.better = n.beats * (reading.Distance(hearings[0].of(n.from, n.to), heard) - n.distance)
		if n.better > 0 {
			found = append(found, n)
		}
	}
	return found
}

// worthAloud is worth of a word that nearAloud found.
func (n near) worthAloud() float64 {
	if n.known {
		return 0
	}
	worth := aloudGain - aloudLoss*n.distance + betterGain*n.better
	if n.distance <= sureSound {
		worth += beatGain * float64(n.firm-shortestNear+1)
	}
	return worth
}

// aloud lays kana beside the text of hearings; false where they are too far apart.
func (x *Lexicon) aloud(kana string, hearings []hearing) (hearing, bool) {
	sound := bare(x.sound(kana))
	if sound == "" {
		return hearing{}, false
	}
	nearest, apart := hearing{}, aloudApart
	for _, h := range hearings {
		if d := reading.Distance(h.kana, sound); d < apart {
			nearest, apart = h, d
		}
	}
	if nearest.ends == nil {
		return hearing{}, false
	}
	early, late := reading.Align(nearest.kana, sound)
	h := hearing{kana: sound, aloud: true}
	for _, end := range nearest.ends {
		h.begins, h.ends = append(h.begins, early[end]), append(h.ends, late[end])
	}
	return h, true
}

// mayBeKana tells whether a token of text may stand in kana: 0 never, 1 anywhere, 2 but at the beginning.
func mayBeKana(token string) int {
	if token == "、" || token == "。" {
		return 2
	}
	for _, r := range token {
		if r != 'ー' && r != '、' && r != '。' && !unicode.In(r, unicode.Hiragana, unicode.Katakana) {
			return 0
		}
	}
	return min(len(token), 1)
}
