package reading

import (
	"math"
	"strings"
	"unicode/utf8"
)

// A mora is one beat of speech: consonant row, palatal glide and vowel. Special
// beats (ー ッ ン) have their own row; other runes stand for themselves.
type mora struct {
	row        rune // 'k', 's', 'S' for シ/シャ …, 0 for a bare vowel
	vowel      rune
	start, end int
}

const (
	rowLong, rowStop, rowNasal = 'ー', 'ッ', 'ン'
	// rowLink is ン before ヤ ユ ヨ, which then sound as after N: recognisers write じんゆうしつ for ジュニューシツ.
	rowLink = '\uE000'
)

// rows names the consonants of the kana table as they sound: シ and シャ share S,
// チ C, ツ T, ジ and ヂ J, フ F.
var rows = func() map[rune]mora {
	m := map[rune]mora{}
	add := func(row rune, kana, vowels string) {
		v := []rune(vowels)
		for i, r := range []rune(kana) {
			m[r] = mora{row: row, vowel: v[i]}
		}
	}
	add(0, "アイウエオヲヰヱ", "aiueooie")
	add('k', "カキクケコ", "aiueo")
	add('g', "ガギグゲゴ", "aiueo")
	add('s', "サスセソ", "aueo")
	add('S', "シ", "i")
	add('z', "ザズヅゼゾ", "auueo")
	add('J', "ジヂ", "ii")
	add('t', "タテト", "aeo")
	add('C', "チ", "i")
	add('T', "ツ", "u")
	add('d', "ダデド", "aeo")
	add('n', "ナニヌネノ", "aiueo")
	add('h', "ハヒヘホ", "aieo")
	add('F', "フ", "u")
	add('b', "バビブベボ", "aiueo")
	add('p', "パピプペポ", "aiueo")
	add('m', "マミムメモ", "aiueo")
	add('y', "ヤユヨ", "auo")
	add('r', "ラリルレロ", "aiueo")
	add('w', "ワ", "a")
	add('v', "ヴ", "u")
	m['ー'] = mora{row: rowLong}
	m['ッ'] = mora{row: rowStop}
	m['ン'] = mora{row: rowNasal}
	return m
}()

var smallVowels = map[rune]rune{'ァ': 'a', 'ィ': 'i', 'ゥ': 'u', 'ェ': 'e', 'ォ': 'o', 'ャ': 'a', 'ュ': 'u', 'ョ': 'o', 'ヮ': 'a'}

// palatal gives the row that a consonant has before ャ ュ ョ.
var palatal = map[rune]rune{
	'k': 'K', 'g': 'G', 'n': 'N', 'h': 'H', 'b': 'B', 'p': 'P', 'm': 'M', 'r': 'R', 'S': 'S', 'J': 'J', 'C': 'C', 't': 'C', 'd': 'J', 'F': 'F', 'v': 'B',
}

// morae splits kana into beats and folds spellings of one sound: オウ and オオ are
// オー, エイ is エー.
func morae(s string) []mora {
	var out []mora
	for start, raw := range s {
		_, size := utf8.DecodeRuneInString(s[start:])
		at := start + size
		r := raw
		if r >= hiraganaFirst && r <= hiraganaLast {
			r += katakanaShift
		}
		if raw == ' ' || raw == '\u3000' {
			continue
		}
		var last *mora
		if len(out) > 0 {
			last = &out[len(out)-1]
		}
		if v, small := smallVowels[r]; small {
			if last != nil && last.vowel != 0 && last.end == start {
				switch r {
				case 'ャ', 'ュ', 'ョ':
					if p, ok := palatal[last.row]; ok {
						last.row = p
					}
				case 'ァ', 'ィ', 'ェ', 'ォ':
					if last.row == 0 && last.vowel == 'u' {
						last.row = 'w'
					}
				}
				last.vowel, last.end = v, at
				continue
			}
			r = map[rune]rune{'a': 'ア', 'i': 'イ', 'u': 'ウ', 'e': 'エ', 'o': 'オ'}[v]
		}
		m, ok := rows[r]
		if !ok {
			m = mora{row: r}
		}
		m.start, m.end = start, at
		if last != nil && m.row == 0 && lengthens(last.vowel, m.vowel) {
			m.row, m.vowel = rowLong, 0
		}
		if m.row == rowLong && last != nil && last.row == rowLong {
			continue
		}
		if m.row == 'y' && last != nil && last.row == rowNasal {
			last.row, m.row = rowLink, 'N'
		}
		out = append(out, m)
	}
	return out
}

func lengthens(vowel, next rune) bool {
	return vowel != 0 && (vowel == next || vowel == 'o' && next == 'u' || vowel == 'e' && next == 'i')
}

// Costs of an edit, chosen by hand after the slips that Japanese recognisers
// make (扁拾い for 返品, 中車場 for 駐車場): long marks and small ッ come and go,
// voicing is often lost, whole beats seldom are.
const (
	costLong  = 0.2
	costStop  = 0.25
	costLink  = 0.25
	costNasal = 0.5
	costMora  = 1.0
)

func gapCost(m mora) float64 {
	switch m.row {
	case rowLong:
		return costLong
	case rowStop:
		return costStop
	case rowLink:
		return costLink
	case rowNasal:
		return costNasal
	}
	return costMora
}

// confusable holds pairs of consonant rows that are taken for each other and
// what the exchange costs; unlisted pairs cost farRow.
var confusable = func() map[[2]rune]float64 {
	m := map[[2]rune]float64{}
	add := func(cost float64, pairs ...string) {
		for _, p := range pairs {
			r := []rune(p)
			m[[2]rune{r[0], r[1]}], m[[2]rune{r[1], r[0]}] = cost, cost
		}
	}
	add(0.2, "kg", "sz", "SJ", "td", "hb", "KG", "HB", "bp", "BP", "CJ", "Tz", "FH", "hF", "bv", "vB")
	add(0.2, "kK", "gG", "nN", "hH", "bB", "pP", "mM", "rR")
	add(0.3, "Ny", "CT", "Ts", "SC", "HS", "hS", "sS", "zJ", "tC", "tT", "rd", "mn", "MN", "nr", "bm", "hF", "Fp", "hp", "HP", "kt", "pt", "pk", "bd", "gd", "bg")
	add(0.4, "kh", "KC", "GJ", "KH", "sh", "zd", "gn", "rt", "yJ", "yr", "yR", "wb", "wv", "Jd", "CK", "ST", "st", "mb", "wm")
	m[[2]rune{rowNasal, 'm'}], m[[2]rune{'m', rowNasal}] = 0.4, 0.4
	m[[2]rune{rowNasal, 'n'}], m[[2]rune{'n', rowNasal}] = 0.4, 0.4
	return m
}()

const farRow = 0.7

var vowelCost = func() map[[2]rune]float64 {
	m := map[[2]rune]float64{}
	for p, c := range map[string]float64{"ie": 0.3, "uo": 0.3, "ao": 0.35, "iu": 0.3, "ae": 0.4} {
		r := []rune(p)
		m[[2]rune{r[0], r[1]}], m[[2]rune{r[1], r[0]}] = c, c
	}
	return m
}()

// special tells a beat that is no consonant and vowel.
func (m mora) special() bool {
	return m.row == rowLong || m.row == rowStop || m.row == rowNasal || m.row == rowLink
}

func swapCost(a, b mora) float64 {
	if a.row == b.row && a.vowel == b.vowel {
		return 0
	}
	if a.special() || b.special() {
		if a.special() && b.special() {
			return 0.4
		}
		if c, ok := confusable[[2]rune{a.row, b.row}]; ok {
			return min(1, c+0.3)
		}
		// A bare vowel is close to the long mark it may stand for.
		if a.row == 0 && b.row == rowLong || b.row == 0 && a.row == rowLong {
			return 0.5
		}
		return 1
	}
	if a.vowel == 0 || b.vowel == 0 {
		return 1 // a rune that is no kana
	}
	cost := 0.0
	if a.row != b.row {
		c, ok := confusable[[2]rune{a.row, b.row}]
		if !ok {
			c = farRow
		}
		cost += c
	}
	if a.vowel != b.vowel {
		c, ok := vowelCost[[2]rune{a.vowel, b.vowel}]
		if !ok {
			c = 0.5
		}
		cost += c
	}
	return min(1, cost)
}

// Distance tells how far two kana strings sound apart, from 0 (the same) to 1.
// It is a symmetric edit distance over beats in which slips that recognisers
// make are cheap: lost voicing, long vowels, ッ, ン, シ and ヒ, チ and ツ, ラ and ダ.
// The sum is divided by the longer string's beats. Hiragana and katakana count
// alike and spaces are ignored; runes that are no kana only equal themselves.
func Distance(a, b string) float64 {
	x, y := morae(a), morae(b)
	if len(x) == 0 || len(y) == 0 {
		if len(x) == len(y) {
			return 0
		}
		return 1
	}
	if len(y) > len(x) {
		x, y = y, x
	}
	row := make([]float64, len(y)+1)
	for j, m := range y {
		row[j+1] = row[j] + gapCost(m)
	}
	for _, m := range x {
		diagonal := row[0]
		row[0] += gapCost(m)
		for j, n := range y {
			best := min(diagonal+swapCost(m, n), row[j+1]+gapCost(m), row[j]+gapCost(n))
			diagonal, row[j+1] = row[j+1], best
		}
	}
	return min(1, row[len(y)]/float64(len(x)))
}

// Align lays two kana strings beside each other as [Distance] compares them. For each byte of a, and its end, late is where
// in b what begins there begins, and early where what stands before it ends: between them lies what b alone has.
func Align(a, b string) (early, late []int) {
	x, y := morae(a), morae(b)
	w := len(y) + 1
	cost := make([]float64, (len(x)+1)*w)
	for i := range len(x) + 1 {
		for j := range w {
			best := math.Inf(1)
			if i == 0 && j == 0 {
				best = 0
			}
			if i > 0 {
				best = min(best, cost[(i-1)*w+j]+gapCost(x[i-1]))
			}
			if j > 0 {
				best = min(best, cost[i*w+j-1]+gapCost(y[j-1]))
			}
			if i > 0 && j > 0 {
				best = min(best, cost[(i-1)*w+j-1]+swapCost(x[i-1], y[j-1]))
			}
			cost[i*w+j] = best
		}
	}
	// Beat i of a lies beside the beats of b from from[i] to to[i]: one of them, or none.
	from, to := make([]int, len(x)), make([]int, len(x))
	for i, j := len(x), len(y); i > 0; {
		switch c := cost[i*w+j]; {
		case j > 0 && c == cost[(i-1)*w+j-1]+swapCost(x[i-1], y[j-1]):
			i, j = i-1, j-1
			from[i], to[i] = j, j+1
		case c == cost[(i-1)*w+j]+gapCost(x[i-1]):
			i--
			from[i], to[i] = j, j
		default:
			j--
		}
	}
	early, late = make([]int, len(a)+1), make([]int, len(a)+1)
	for i, at, end := 0, 0, 0; at <= len(a); at++ {
		for ; i < len(x) && x[i].end <= at; i++ {
			if from[i] < to[i] {
				end = y[to[i]-1].end
			}
		}
		early[at], late[at] = end, len(b)
		if i < len(x) && from[i] < len(y) {
			late[at] = y[from[i]].start
		}
	}
	return early, late
}

// A Match says where a needle sounds best inside a haystack.
type Match struct {
	Distance float64 // 0 the same … 1 nothing alike, by the needle's beats
	Start    int     // byte offsets into the haystack
	End      int
}

// Within finds the stretch of haystack that sounds most like needle: a term that
// was misheard inside a sentence. The costs are those of [Distance]; what lies
// before and behind the stretch is free. An empty needle matches at 0.
func Within(needle, haystack string) Match {
	x, y := morae(needle), morae(haystack)
	if len(x) == 0 {
		return Match{}
	}
	if len(y) == 0 {
		return Match{Distance: 1}
	}
	// row[j] is the cheapest alignment of the needle so far that ends before
	// beat j of the haystack; from[j] where that alignment began.
	row, from := make([]float64, len(y)+1), make([]int, len(y)+1)
	for j := range from {
		from[j] = j
	}
	for _, m := range x {
		diagonal, origin := row[0], from[0]
		row[0] += gapCost(m)
		for j, n := range y {
			swap, drop, extra := diagonal+swapCost(m, n), row[j+1]+gapCost(m), row[j]+gapCost(n)
			diagonal, origin, row[j+1], from[j+1] = row[j+1], from[j+1], swap, origin
			if drop < row[j+1] {
				row[j+1], from[j+1] = drop, origin
			}
			if extra < row[j+1] {
				row[j+1], from[j+1] = extra, from[j]
			}
		}
	}
	best := 0
	for j := range row {
		if row[j] < row[best] {
			best = j
		}
	}
	out := Match{Distance: min(1, row[best]/float64(len(x)))}
	if begin := from[best]; begin < best {
		out.Start, out.End = y[begin].start, y[best-1].end
	}
	return out
}

// Morae counts the beats of a kana string, the unit in which speech takes time
// (about 0.13 s each).
func Morae(kana string) int {
	n := 0
	for _, r := range ToKatakana(kana) {
		if isKana(r) && !strings.ContainsRune("ァィゥェォャュョヮ", r) {
			n++
		}
	}
	return n
}
