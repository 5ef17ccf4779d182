package knowledge

import "math/bits"

// sounds is the set of kana in a word, small ones as large, voiced as unvoiced,
// without long marks. It rules out most words before their distance is computed.
type sounds [2]uint64

func soundsOf(kana string) sounds {
	var s sounds
	for _, r := range kana {
		if n := plainKana(r); n >= 0 {
			s[n/64] |= 1 << (n % 64)
		}
	}
	return s
}

// mostly tells whether two thirds of s, or half of a short word, are in other.
func (s sounds) mostly(other sounds) bool {
	all := bits.OnesCount64(s[0]) + bits.OnesCount64(s[1])
	both := bits.OnesCount64(s[0]&other[0]) + bits.OnesCount64(s[1]&other[1])
	if all <= 3 {
		return 2*both >= all
	}
	return 3*both >= 2*all
}

// plainKana numbers katakana from 0, sounds that are taken for each other alike;
// -1 for what is none.
func plainKana(r rune) int {
	switch {
	case r < 'ァ' || r > 'ヴ' || r == 'ッ':
		return -1
	case r <= 'オ' || r >= 'ャ' && r <= 'ョ' && (r-'ャ')%2 == 0 || r == 'ヮ':
		if r <= 'オ' && (r-'ァ')%2 == 1 {
			break // large already
		}
		r++
	case r >= 'ガ' && r <= 'ヂ' && (r-'カ')%2 == 1, r == 'ヅ', r == 'デ', r == 'ド':
		r--
	case r >= 'バ' && r <= 'ポ':
		r -= (r - 'ハ') % 3
	case r == 'ヴ':
		r = 'フ'
	}
	return int(r - 'ァ')
}
