package knowledge

import "testing"

func TestSoundsThatAreTakenForEachOtherAreOne(t *testing.T) {
	for _, pair := range []string{"カガ", "シジ", "チヂ", "ツヅ", "テデ", "トド", "ハバ", "ハパ", "ホポ", "フヴ", "ャヤ", "ョヨ", "ァア", "ォオ"} {
		r := []rune(pair)
		if plainKana(r[0]) != plainKana(r[1]) {
			t.Errorf("%s: %d and %d", pair, plainKana(r[0]), plainKana(r[1]))
		}
	}
	seen := map[int]rune{}
	for _, r := range "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン" {
		if n := plainKana(r); n < 0 || n > 127 || seen[n] != 0 {
			t.Errorf("%c has number %d of %c", r, n, seen[n])
		} else {
			seen[n] = r
		}
	}
	for _, r := range "ーッaあ漢" {
		if plainKana(r) >= 0 {
			t.Errorf("%c is counted", r)
		}
	}
}
