package reading

import (
	"strconv"
	"strings"
)

// Piece is a part of a number as a Japanese writes it in kanji, with the sound
// that it has at this place (六百 is ロッ and ピャク).
type Piece struct {
	Written string
	Kana    string
}

// Kana joins the sounds of pieces.
func Kana(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Kana)
	}
	return b.String()
}

var digitPieces = [10]Piece{
	{"零", "ゼロ"}, {"一", "イチ"}, {"二", "ニ"}, {"三", "サン"}, {"四", "ヨン"},
	{"五", "ゴ"}, {"六", "ロク"}, {"七", "ナナ"}, {"八", "ハチ"}, {"九", "キュー"},
}

// MaxInteger is the largest number that [Integer] reads with place names
// (just below one 京); longer digit strings are read digit by digit.
const MaxInteger = 9999_9999_9999_9999

var myriads = [...]Piece{{}, {"万", "マン"}, {"億", "オク"}, {"兆", "チョー"}}

// Integer reads n with place names: 12345 is イチマンニセンサンビャクヨンジューゴ.
// Numbers above [MaxInteger] are read digit by digit.
func Integer(n uint64) []Piece {
	if n > MaxInteger {
		return Digits(strconv.FormatUint(n, 10))
	}
	if n == 0 {
		return []Piece{digitPieces[0]}
	}
	var out []Piece
	for i := len(myriads) - 1; i >= 0; i-- {
		unit := uint64(1)
		for range i {
			unit *= 10000
		}
		group := n / unit % 10000
		if group == 0 {
			continue
		}
		part := readGroup(int(group), i > 0)
		if i == 3 {
			// 兆 is the only place name that begins with a stop: 一兆, 八兆, 十兆.
			last := &part[len(part)-1]
			switch last.Written {
			case "一":
				last.Kana = "イッ"
			case "八":
				last.Kana = "ハッ"
			case "十":
				last.Kana = "ジュッ"
			}
		}
		out = append(out, part...)
		if i > 0 {
			out = append(out, myriads[i])
		}
	}
	return out
}

// readGroup reads 1..9999; before 万 and above, 1000 is イッセン.
func readGroup(n int, beforeMyriad bool) []Piece {
	var out []Piece
	if d := n / 1000; d > 0 {
		switch d {
		case 1:
			if beforeMyriad && n == 1000 {
				out = append(out, Piece{"一", "イッ"})
			}
			out = append(out, Piece{"千", "セン"})
		case 3:
			out = append(out, Piece{"三", "サン"}, Piece{"千", "ゼン"})
		case 8:
			out = append(out, Piece{"八", "ハッ"}, Piece{"千", "セン"})
		default:
			out = append(out, digitPieces[d], Piece{"千", "セン"})
		}
	}
	if d := n / 100 % 10; d > 0 {
		switch d {
		case 1:
			out = append(out, Piece{"百", "ヒャク"})
		case 3:
			out = append(out, Piece{"三", "サン"}, Piece{"百", "ビャク"})
		case 6:
			out = append(out, Piece{"六", "ロッ"}, Piece{"百", "ピャク"})
		case 8:
			out = append(out, Piece{"八", "ハッ"}, Piece{"百", "ピャク"})
		default:
			out = append(out, digitPieces[d], Piece{"百", "ヒャク"})
		}
	}
	if d := n / 10 % 10; d > 0 {
		if d > 1 {
			out = append(out, digitPieces[d])
		}
		out = append(out, Piece{"十", "ジュー"})
	}
	if d := n % 10; d > 0 {
		out = append(out, digitPieces[d])
	}
	return out
}

// Digits reads a string of ASCII digits one by one, as telephone numbers and
// codes are read: two and five are drawn out (ニー, ゴー) so that they keep the
// beat. Runes that are no digits are skipped.
func Digits(s string) []Piece {
	var out []Piece
	for _, r := range s {
		if r < '0' || r > '9' {
			continue
		}
		p := digitPieces[r-'0']
		switch r {
		case '2':
			p.Kana = "ニー"
		case '5':
			p.Kana = "ゴー"
		}
		out = append(out, p)
	}
	return out
}

// Decimal reads an integer part and the digits behind the point: 25.5 is
// ニジューゴーテンゴ, 0.5 is レーテンゴ, 1.5 is イッテンゴ.
func Decimal(whole uint64, fraction string) []Piece {
	out := Integer(whole)
	last := &out[len(out)-1]
	switch last.Written {
	case "零":
		last.Kana = "レー"
	case "一":
		last.Kana = "イッ"
	case "二":
		last.Kana = "ニー"
	case "五":
		last.Kana = "ゴー"
	case "八":
		last.Kana = "ハッ"
	case "十":
		last.Kana = "ジュッ"
	}
	out = append(out, Piece{"点", "テン"})
	for _, r := range fraction {
		if r >= '0' && r <= '9' {
			out = append(out, digitPieces[r-'0'])
		}
	}
	return out
}

// kanjiDigits maps numerals written in kanji to their value.
var kanjiDigits = map[rune]uint64{
	'〇': 0, '零': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9,
}

var kanjiPlaces = map[rune]uint64{'十': 10, '百': 100, '千': 1000}

var kanjiMyriads = map[rune]uint64{'万': 1_0000, '億': 1_0000_0000, '兆': 1_0000_0000_0000}

// parseNumeral reads a numeral that mixes ASCII digits, commas and kanji
// (12,345  1万2千  三十  二〇二六) from the start of s. It returns the value,
// the digits behind a decimal point, whether the numeral was plain digits
// (then raw holds them without commas) and how many bytes were read; n = 0
// means that s does not begin with a numeral.
func parseNumeral(s string) (value uint64, fraction, raw string, n int, ok bool) {
	var total, group, digits uint64
	var have, places, overflow bool
	var lastMyriad uint64 = 1 << 63
	i := 0
scan:
	for i < len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			if have && digits > 0 && places && raw == "" {
				break scan
			}
			j := i
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || isThousandsComma(s[i:], j-i)) {
				j++
			}
			run := strings.ReplaceAll(s[i:j], ",", "")
			v, err := strconv.ParseUint(run, 10, 64)
			if err != nil {
				overflow = true
			}
			if raw == "" && !have {
				raw = run
			} else {
				raw = ""
			}
			digits, have = v, true
			i = j
			if j+1 < len(s) && s[j] == '.' && s[j+1] >= '0' && s[j+1] <= '9' {
				k := j + 1
				for k < len(s) && s[k] >= '0' && s[k] <= '9' {
					k++
				}
				// A second point makes it a version or an address, not a number.
				if k < len(s) && s[k] == '.' && k+1 < len(s) && s[k+1] >= '0' && s[k+1] <= '9' {
					break scan
				}
				fraction = s[j+1 : k]
				i = k
				break scan
			}
		default:
			r, size := decodeRune(s[i:])
			if d, isDigit := kanjiDigits[r]; isDigit {
				if raw != "" {
					break scan
				}
				if have && !places || digits > 0 {
					digits = digits*10 + d
				} else {
					digits = d
				}
				have = true
				i += size
				continue
			}
			if p, isPlace := kanjiPlaces[r]; isPlace {
				if digits == 0 && !have {
					digits = 1
				}
				if digits == 0 {
					digits = 1
				}
				group += digits * p
				digits, have, places, raw = 0, true, true, ""
				i += size
				continue
			}
			if m, isMyriad := kanjiMyriads[r]; isMyriad && have && m < lastMyriad {
				total += (group + digits) * m
				group, digits, places, raw = 0, 0, true, ""
				lastMyriad = m
				i += size
				continue
			}
			break scan
		}
	}
	if !have {
		return 0, "", "", 0, false
	}
	value = total + group + digits
	return value, fraction, raw, i, !overflow
}

// isThousandsComma tells whether the byte at i of s is a comma between digits
// that groups thousands.
func isThousandsComma(s string, i int) bool {
	if i == 0 || s[i] != ',' || i+3 >= len(s) {
		return false
	}
	for k := 1; k <= 3; k++ {
		if s[i+k] < '0' || s[i+k] > '9' {
			return false
		}
	}
	first := strings.IndexByte(s, ',')
	return first >= 1 && first <= 3 && (i-first)%4 == 0 && (i+4 >= len(s) || s[i+4] < '0' || s[i+4] > '9')
}
