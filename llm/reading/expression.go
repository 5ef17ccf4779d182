package reading

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A span is a stretch of text that this package reads itself instead of the
// dictionary. base is the form that search compares: 二階, 2階 and ２階 share it.
type span struct {
	start, end int
	pieces     []Piece
	base       string
	sub        string
	counter    string // name of the counter that ends the span, "" if none
}

var (
	phonePattern    = regexp.MustCompile(`^0\d{1,4}[-(]\d{1,4}[-)]\d{3,4}`)
	dialPattern     = regexp.MustCompile(`^0\d{9,10}`)
	longDatePattern = regexp.MustCompile(`^(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})`)
	shortDate       = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})`)
	clockPattern    = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2}))?`)
	postalPattern   = regexp.MustCompile(`^(\d{3})-(\d{4})`)
	hyphenPattern   = regexp.MustCompile(`^\d{1,6}(?:-\d{1,6})+`)
	weekdayPattern  = regexp.MustCompile(`^ ?\(([月火水木金土日])(?:曜日?)?(?:([・/])?祝)?\)`)
	partsPattern    = regexp.MustCompile(`^(\d{1,4})分の(\d{1,4})`)
	basementPattern = regexp.MustCompile(`^B([1-9])(?:F|階)?`)
	codePattern     = regexp.MustCompile(`^([A-Za-z]{1,3})-(\d{1,6})`)
)

var weekdays = map[string]string{
	"月": "ゲツヨービ", "火": "カヨービ", "水": "スイヨービ", "木": "モクヨービ", "金": "キンヨービ", "土": "ドヨービ", "日": "ニチヨービ",
}

// An expressionReader finds spans in one normalised text.
type expressionReader struct {
	text     string
	boundary map[int]bool // byte offsets where the dictionary starts or ends a word
	numeral  map[int]bool // offsets where the dictionary sees a numeral in kanji
}

// at reads the expression that begins at byte i, if there is one. before is the
// span that ends exactly at i, or nil.
func (e *expressionReader) at(i int, before *span) (span, bool) {
	rest := e.text[i:]
	r, size := utf8.DecodeRuneInString(rest)
	afterDigit := i > 0 && isDigit(e.text[i-1])
	afterLetter := i > 0 && isLetter(e.text[i-1])
	switch {
	case (r == '¥' || r == '\\' || r == '$' || r == '€') && size < len(rest) && isDigit(rest[size]):
		return e.price(i, r, size)
	case r == '〒':
		return e.postal(i)
	case r == '-' && size < len(rest) && isDigit(rest[size]) && (i == 0 || strings.ContainsRune(" (、,「", lastRune(e.text[:i]))):
		s, ok := e.number(i+1, nil)
		if ok {
			s.start = i
			s.pieces = append([]Piece{{"マイナス", "マイナス"}}, s.pieces...)
			s.base = "-" + s.base
		}
		return s, ok
	case isLetter(byteOf(r)) && !afterLetter:
		if m := basementPattern.FindStringSubmatch(rest); m != nil && !continuesWord(rest, len(m[0])) && !afterDigit {
			n, _ := strconv.ParseUint(m[1], 10, 64)
			p := append([]Piece{{"地下", "チカ"}}, count(Integer(n), n, true, "階", counters["階"])...)
			return span{start: i, end: i + len(m[0]), pieces: p, base: "地下" + m[1] + "階", sub: subNumber, counter: "階"}, true
		}
		if m := codePattern.FindStringSubmatch(rest); m != nil && !continuesWord(rest, len(m[0])) {
			p := append(spell(m[1]), Digits(m[2])...)
			return span{start: i, end: i + len(m[0]), pieces: p, base: m[0], sub: subLatin}, true
		}
		return e.latin(i)
	case r >= '0' && r <= '9':
		if afterDigit {
			return span{}, false
		}
		return e.number(i, before)
	case r == '何':
		return e.howMany(i)
	case e.numeral[i]:
		return e.number(i, before)
	}
	return span{}, false
}

const (
	subNumber = "数"
	subLatin  = "英字"
	subWord   = "読み"
)

func (e *expressionReader) price(i int, sign rune, size int) (span, bool) {
	value, fraction, raw, n, ok := parseNumeral(e.text[i+size:])
	if !ok {
		return span{}, false
	}
	name := map[rune]string{'¥': "円", '\\': "円", '$': "ドル", '€': "ユーロ"}[sign]
	p := readNumeral(value, fraction, raw)
	p = count(p, value, fraction == "", name, counters[name])
	return span{start: i, end: i + size + n, pieces: p, base: decimalBase(value, fraction) + name, sub: subNumber, counter: name}, true
}

func (e *expressionReader) postal(i int) (span, bool) {
	size := len("〒")
	rest := strings.TrimPrefix(e.text[i+size:], " ")
	out := span{start: i, end: len(e.text) - len(rest), pieces: []Piece{{"郵便番号", "ユービンバンゴー"}}, base: "郵便番号", sub: subNumber}
	m := postalPattern.FindStringSubmatch(rest)
	if m == nil {
		out.end = i + size
		return out, true
	}
	out.end += len(m[0])
	out.pieces = append(out.pieces, Piece{"、", "、"})
	out.pieces = append(out.pieces, Digits(m[1])...)
	out.pieces = append(out.pieces, Piece{"の", "ノ"})
	out.pieces = append(out.pieces, Digits(m[2])...)
	out.base += m[0]
	return out, true
}

// number reads a numeral with what belongs to it from byte i.
func (e *expressionReader) number(i int, before *span) (span, bool) {
	rest := e.text[i:]
	made := func(n int, base, counter string, pieces ...Piece) (span, bool) {
		s := span{start: i, end: i + n, pieces: pieces, base: base, sub: subNumber, counter: counter}
		e.weekday(&s)
		return s, true
	}
	if m := longDatePattern.FindStringSubmatch(rest); m != nil && validDate(m[2], m[3]) && !continuesNumber(rest, len(m[0])) {
		p := append(unit(m[1], "年"), unit(m[2], "月")...)
		return made(len(m[0]), m[2]+"月"+m[3]+"日", "日", append(p, unit(m[3], "日")...)...)
	}
	if m := phonePattern.FindString(rest); m != "" && !continuesNumber(rest, len(m)) {
		return made(len(m), m, "", telephone(m)...)
	}
	if m := dialPattern.FindString(rest); m != "" && !continuesNumber(rest, len(m)) {
		return made(len(m), m, "", Digits(m)...)
	}
	if m := clockPattern.FindStringSubmatch(rest); m != nil && validClock(m[1], m[2]) && !continuesNumber(rest, len(m[0])) {
		p := unit(m[1], "時")
		if m[2] != "00" {
			p = append(p, unit(m[2], "分")...)
		}
		return made(len(m[0]), trimZeros(m[1])+"時"+trimZeros(m[2])+"分", "分", p...)
	}
	if m := shortDate.FindStringSubmatch(rest); m != nil && !continuesNumber(rest, len(m[0])) {
		if !isPlainFraction(m[1], m[2]) && validDate(m[1], m[2]) || datelike(rest[len(m[0]):]) && validDate(m[1], m[2]) {
			return made(len(m[0]), m[1]+"月"+m[2]+"日", "日", append(unit(m[1], "月"), unit(m[2], "日")...)...)
		}
		p := append(unit(m[2], ""), Piece{"分の", "ブンノ"})
		return made(len(m[0]), m[0], "", append(p, unit(m[1], "")...)...)
	}
	if m := partsPattern.FindStringSubmatch(rest); m != nil {
		p := append(unit(m[1], ""), Piece{"分の", "ブンノ"})
		return made(len(m[0]), m[2]+"/"+m[1], "", append(p, unit(m[2], "")...)...)
	}
	if m := hyphenPattern.FindString(rest); m != "" {
		if s, ok := e.hyphenated(i, m); ok {
			return s, true
		}
	}
	value, fraction, raw, n, fits := parseNumeral(rest)
	if n == 0 {
		return span{}, false
	}
	if !fits || len(raw) > 10 || len(raw) > 1 && raw[0] == '0' {
		digits := raw
		if digits == "" {
			digits = strconv.FormatUint(value, 10)
		}
		return made(n, digits, "", Digits(digits)...)
	}
	p := readNumeral(value, fraction, raw)
	base := decimalBase(value, fraction)
	name, c, tail, suffix, ok := e.counterAt(i + n)
	if !ok {
		return made(n, base, "", p...)
	}
	if name == "日" && value == 1 && fraction == "" && suffix != "" || name == "日" && value == 1 && !e.afterMonth(i, before) {
		c.whole = map[uint64]string{1: "イチニチ"}
	}
	p = count(p, value, fraction == "", name, c)
	if suffix != "" {
		p = append(p, Piece{suffix, suffixes[suffix]})
	}
	return made(n+tail, base+strings.ToLower(name)+suffix, name, p...)
}

// hyphenated reads 2-3人 as a range and 1-2-3 as an address.
func (e *expressionReader) hyphenated(i int, m string) (span, bool) {
	parts := strings.Split(m, "-")
	if len(parts) == 2 && parts[0][0] != '0' && len(parts[0]) <= len(parts[1]) {
		if _, _, _, _, ok := e.counterAt(i + len(m)); ok {
			return span{
				start: i, end: i + len(parts[0]) + 1, base: parts[0], sub: subNumber,
				pieces: append(unit(parts[0], ""), Piece{"から", "カラ"}),
			}, true
		}
	}
	var p []Piece
	for k, part := range parts {
		if k > 0 {
			p = append(p, Piece{"の", "ノ"})
		}
		if part[0] == '0' || len(part) > 3 {
			p = append(p, Digits(part)...)
			continue
		}
		p = append(p, unit(part, "")...)
	}
	return span{start: i, end: i + len(m), pieces: p, base: m, sub: subNumber}, true
}

// howMany reads 何 in front of a counter: 何階 is ナンガイ.
func (e *expressionReader) howMany(i int) (span, bool) {
	size := len("何")
	name, c, tail, suffix, ok := e.counterAt(i + size)
	if !ok || !e.boundary[i+size+tail] {
		return span{}, false
	}
	switch name {
	case "つ", "色", "者", "等", "行", "コ", "ヶ", "品", "口":
		return span{}, false
	}
	c.whole = nil
	if c.kind == native || c.kind == nativeH {
		c.kind = plain
	}
	p := count([]Piece{{"何", "ナン"}}, 0, false, name, c)
	if suffix != "" {
		p = append(p, Piece{suffix, suffixes[suffix]})
	}
	return span{start: i, end: i + size + tail, pieces: p, base: "何" + name + suffix, sub: subNumber, counter: name}, true
}

// counterAt finds the counter, and a suffix of it, at byte i. Of all readings
// it takes the longest that ends where the dictionary ends a word, because
// 3本棚 is no bottle.
func (e *expressionReader) counterAt(i int) (name string, c counter, n int, suffix string, ok bool) {
	rest := e.text[i:]
	type choice struct {
		name, suffix string
		n            int
	}
	var best choice
	var bestWhole bool
	take := func(x choice) {
		whole := e.boundary[i+x.n] || i+x.n == len(e.text)
		if best.n == 0 || whole && !bestWhole || whole == bestWhole && x.n > best.n {
			best, bestWhole = x, whole
		}
	}
	for head := rest; head != ""; {
		got, _, found := matchCounter(head)
		if !found {
			break
		}
		take(choice{got, "", len(got)})
		for size, k := 0, 0; k < 3 && len(got)+size < len(rest); k++ {
			_, w := utf8.DecodeRuneInString(rest[len(got)+size:])
			size += w
			tail := rest[len(got) : len(got)+size]
			if _, known := suffixes[tail]; known && e.boundary[i+len(got)+size] && suits(got, tail) {
				take(choice{got, tail, len(got) + size})
			}
		}
		_, last := utf8.DecodeLastRuneInString(got)
		head = got[:len(got)-last]
	}
	if best.n == 0 {
		return "", counter{}, 0, "", false
	}
	return best.name, counters[asciiLower(best.name)], best.n, best.suffix, true
}

// suits keeps 分 from being a share behind a clock's hour and 間 behind 月.
func suits(name, suffix string) bool {
	switch suffix {
	case "分":
		return name != "時" && name != "割" && name != "度" && name != "分"
	case "間":
		return name == "日" || name == "年" || name == "分" || name == "秒" || name == "か月" || name == "ヶ月" || name == "ヵ月" || name == "カ月"
	}
	return true
}

// afterMonth tells whether the number at i is a day of a month.
func (e *expressionReader) afterMonth(i int, before *span) bool {
	if before != nil && before.counter == "月" {
		return true
	}
	head := strings.TrimSuffix(e.text[:i], "の")
	return strings.HasSuffix(head, "月")
}

// weekday takes a weekday in brackets behind a date into the span.
func (e *expressionReader) weekday(s *span) {
	if s.counter != "日" {
		return
	}
	m := weekdayPattern.FindStringSubmatch(e.text[s.end:])
	if m == nil {
		return
	}
	s.end += len(m[0])
	s.pieces = append(s.pieces, Piece{m[1] + "曜日", weekdays[m[1]]})
	if strings.Contains(m[0], "祝") {
		s.pieces = append(s.pieces, Piece{"祝日", "シュクジツ"})
	}
}

// latin reads a word in Latin letters that no lexicon entry covers.
func (e *expressionReader) latin(i int) (span, bool) {
	n := 0
	for i+n < len(e.text) && isLetter(e.text[i+n]) {
		n++
	}
	word := e.text[i : i+n]
	return span{start: i, end: i + n, pieces: spokenLatin(word), base: strings.ToLower(word), sub: subLatin}, true
}

func readNumeral(value uint64, fraction, raw string) []Piece {
	if fraction != "" {
		return Decimal(value, fraction)
	}
	return Integer(value)
}

// unit reads the ASCII digits of number with a counter of the table ("" for none).
func unit(number, name string) []Piece {
	n, _ := strconv.ParseUint(number, 10, 64)
	p := Integer(n)
	if name == "" {
		return p
	}
	return count(p, n, true, name, counters[name])
}

// telephone reads groups of digits with a pause between them.
func telephone(s string) []Piece {
	var out []Piece
	for k, group := range strings.FieldsFunc(s, func(r rune) bool { return !isDigit(byteOf(r)) }) {
		if k > 0 {
			out = append(out, Piece{"、", "、"})
		}
		out = append(out, Digits(group)...)
	}
	return out
}

func decimalBase(value uint64, fraction string) string {
	s := strconv.FormatUint(value, 10)
	if fraction != "" {
		s += "." + fraction
	}
	return s
}

func validDate(month, day string) bool {
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	return m >= 1 && m <= 12 && d >= 1 && d <= 31
}

func validClock(hour, minute string) bool {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(minute)
	return h <= 29 && m <= 59 // 25:00 is said of a late night
}

// isPlainFraction tells a half or a third from a date.
func isPlainFraction(a, b string) bool {
	n, _ := strconv.Atoi(a)
	d, _ := strconv.Atoi(b)
	return n >= 1 && n < d && d <= 5
}

// datelike tells whether what follows m/d says that it is a day.
func datelike(after string) bool {
	for _, mark := range []string{"(", "から", "まで", "〜", "より", "に開", "開催"} {
		if strings.HasPrefix(after, mark) {
			return true
		}
	}
	return false
}

func trimZeros(s string) string {
	s = strings.TrimLeft(s, "0")
	if s == "" {
		return "0"
	}
	return s
}

func continuesNumber(s string, n int) bool {
	return n < len(s) && (isDigit(s[n]) || n+1 < len(s) && (s[n] == '-' || s[n] == '.' || s[n] == '/') && isDigit(s[n+1]))
}

func continuesWord(s string, n int) bool {
	return n < len(s) && (isDigit(s[n]) || isLetter(s[n]) || s[n] == '-')
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// byteOf gives r as a byte, or 0 where it is not ASCII.
func byteOf(r rune) byte {
	if r < utf8.RuneSelf {
		return byte(r)
	}
	return 0
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
