package knowledge

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// cleanText trims a value, makes line ends \n and drops characters that nobody
// sees. Everything else stays as the shop wrote it, because answers are spoken
// word for word. It returns an error for control characters.
func cleanText(text string) (string, error) {
	if strings.ContainsRune(text, '\r') {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	for _, r := range text {
		// Direction overrides are as invisible as control characters and can
		// make a screen show another answer than the one that was approved.
		override := r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
		if override || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", fmt.Errorf("holds the control character U+%04X", r)
		}
		if unicode.Is(unicode.Co, r) {
			return "", fmt.Errorf("holds U+%04X, a character that only the machine it was made on can show (外字)", r)
		}
		if r == unicode.ReplacementChar {
			return "", errors.New("holds U+FFFD: the text was broken before it was saved")
		}
	}
	text = strings.Map(func(r rune) rune {
		switch r {
		case '\uFEFF', '\u200B', '\u2060', '\u00AD':
			return -1
		case '\t':
			return ' '
		case '～':
			// The same sign has two code points, and which one a file has
			// depends on the program that saved it.
			return '〜'
		}
		return r
	}, text)
	return strings.TrimSpace(text), nil
}

// oneLine folds line breaks and runs of blanks into single spaces.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// splitList cuts a cell with several values. Questions are cut only where no
// sentence has such a mark; names also at 、 and comma.
func splitList(f field, text string) []string {
	cut := func(r rune) bool {
		switch r {
		case '\n', '|', '｜', ';', '；', '／':
			return true
		case '、', ',', '，':
			return f == fieldAliases
		}
		return false
	}
	return strings.FieldsFunc(text, cut)
}

var spreadsheetErrors = map[string]bool{
	"#N/A": true, "#REF!": true, "#VALUE!": true, "#DIV/0!": true, "#NAME?": true, "#NULL!": true, "#NUM!": true, "#SPILL!": true,
}

// saysNothing is true for what people put into a cell that has no value.
func saysNothing(text string) bool {
	switch norm.NFKC.String(text) {
	case "", "-", "ー", "―", "–", "—", "−", "なし", "無し", "無期限", "未定", "未設定", "n/a", "N/A":
		return true
	}
	return false
}

var (
	westernDay = regexp.MustCompile(`^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?$`)
	packedDay  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	eraDay     = regexp.MustCompile(`^(令和|平成|昭和|[RHSrhs])(元|\d{1,2})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?$`)
	yearlast   = regexp.MustCompile(`^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$`)
	noYear     = regexp.MustCompile(`^\d{1,2}(?:[-/.]|月)\d{1,2}日?$`)
	dayTail    = regexp.MustCompile(`(?:\([^)]*\)|[月火水木金土日]曜日?)?(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?:から|まで|〜|~)?$`)
)

// eraBefore is the year before an era's first: 令和1 is 2019.
var eraBefore = map[string]int{"令和": 2018, "R": 2018, "平成": 1988, "H": 1988, "昭和": 1925, "S": 1925}

// parseDay reads a calendar day as Japanese shops write it: 2026-04-01,
// 2026/4/1, 20260401, 2026年4月1日, 令和8年4月1日, R8.4.1, with a weekday or a
// time of day behind it. The zero time stands for a cell that says nothing.
// serial is the number behind a day in a workbook.
func parseDay(text, serial string, date1904 bool) (time.Time, error) {
	if serial != "" {
		n, err := strconv.ParseFloat(serial, 64)
		// Outside of 1990 to 9999 the workbook holds a plain number (20260401, or a year).
		if err == nil && n >= 32874 && n < 2958466 {
			t, err := excelize.ExcelDateToTime(math.Floor(n), date1904)
			if err == nil {
				return dayOf(t), nil
			}
		}
		text = serial
	}
	s := strings.ReplaceAll(norm.NFKC.String(text), " ", "")
	s = strings.ReplaceAll(s, "\n", "")
	if saysNothing(s) {
		return time.Time{}, nil
	}
	if loc := dayTail.FindStringIndex(s); loc != nil {
		s = s[:loc[0]]
	}
	if m := westernDay.FindStringSubmatch(s); m != nil {
		return calendarDay(text, m[1], m[2], m[3])
	}
	if m := packedDay.FindStringSubmatch(s); m != nil {
		return calendarDay(text, m[1], m[2], m[3])
	}
	if m := eraDay.FindStringSubmatch(s); m != nil {
		n := 1
		if m[2] != "元" {
			n, _ = strconv.Atoi(m[2]) // two digits
		}
		if n == 0 {
			return time.Time{}, fmt.Errorf("there is no such day: %s", oneLine(text))
		}
		return calendarDay(text, strconv.Itoa(eraBefore[strings.ToUpper(m[1])]+n), m[3], m[4])
	}
	if noYear.MatchString(s) {
		return time.Time{}, fmt.Errorf("the year is missing: %s", oneLine(text))
	}
	if yearlast.MatchString(s) {
		return time.Time{}, fmt.Errorf("day and month cannot be told apart, write 2026-04-01: %s", oneLine(text))
	}
	return time.Time{}, fmt.Errorf("not a date, write 2026-04-01: %s", excerpt(text))
}

func calendarDay(text, year, month, day string) (time.Time, error) {
	y, _ := strconv.Atoi(year) // at most four digits each, by the patterns above
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if t.Year() != y || int(t.Month()) != m || t.Day() != d || y < 1900 {
		return time.Time{}, fmt.Errorf("there is no such day: %s", oneLine(text))
	}
	return t, nil
}

var (
	yenMark  = regexp.MustCompile(`^(?:税込み?|¥|\\|約)*|(?:円|也|-|税込み?|\((?:税込み?)\))*$`)
	grouped  = regexp.MustCompile(`^\d{1,3}(?:,\d{3})+$`)
	pieces   = regexp.MustCompile(`(?:個|点|本|枚|箱|袋|台|足|着|冊|つ|pcs)$`)
	integral = regexp.MustCompile(`^-?\d+(?:\.0+)?$`)
)

// maxPrice is a thousand million yen: what is dearer is a bar code in the wrong column.
const maxPrice = 1_000_000_000

// parsePrice reads whole yen with tax: 1280, 1,280円, ¥1,280(税込). 0 and no
// error when the cell says nothing.
func parsePrice(text, raw string) (int, error) {
	s := strings.ReplaceAll(norm.NFKC.String(pick(raw, text)), " ", "")
	if saysNothing(s) {
		return 0, nil
	}
	if strings.Contains(s, "税抜") || strings.Contains(s, "税別") || strings.Contains(s, "本体") {
		return 0, fmt.Errorf("the price is without tax, give it with tax: %s", excerpt(text))
	}
	n, ok := wholeNumber(yenMark.ReplaceAllString(s, ""))
	if !ok || n < 0 || n > maxPrice {
		return 0, fmt.Errorf("not a price in whole yen: %s", excerpt(text))
	}
	return n, nil
}

// parseStock reads a number of pieces: 46, 46個, 在庫切れ. nil when the cell says
// nothing or only that there is some; warning is not empty when the value was
// read as another one.
func parseStock(text, raw string) (stock *int, warning string, err error) {
	s := strings.ReplaceAll(norm.NFKC.String(pick(raw, text)), " ", "")
	if saysNothing(s) && s != "なし" && s != "無し" {
		return nil, "", nil
	}
	switch s {
	case "なし", "無し", "無", "×", "✕", "✗", "x", "X", "切", "在庫なし", "在庫無し", "在庫切れ", "品切れ", "欠品", "売切", "売切れ", "売り切れ", "完売":
		return new(int), "", nil
	case "あり", "有り", "有", "○", "◯", "〇", "◎", "在庫あり", "在庫有り", "多数":
		return nil, "", nil
	case "△", "残りわずか", "残少", "わずか":
		return nil, "", nil
	}
	n, ok := wholeNumber(pieces.ReplaceAllString(s, ""))
	switch {
	case !ok || n > maxPrice:
		return nil, "", fmt.Errorf("not a number of pieces: %s", excerpt(text))
	case n < 0:
		return new(int), "a stock below zero is read as none", nil
	}
	return &n, "", nil
}

func wholeNumber(s string) (int, bool) {
	if grouped.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "eE") && f == math.Trunc(f) && math.Abs(f) < 1e15 {
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if !integral.MatchString(s) {
		return 0, false
	}
	s, _, _ = strings.Cut(s, ".")
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// parseJAN reads a bar code's number. A code that cannot be right is kept when
// a person can still recognise it, with a warning; one that a spreadsheet has
// rounded is dropped, for its digits are gone.
func parseJAN(text, raw string) (jan, warning string) {
	s := norm.NFKC.String(pick(raw, text))
	if saysNothing(strings.TrimSpace(s)) {
		return "", ""
	}
	numeric := raw != ""
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "eE.") {
		if !numeric {
			return "", "a spreadsheet has rounded the code to " + s + ", it is left out: format the column as text"
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	s = strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", "not a bar code number, it is left out: " + excerpt(text)
		}
	}
	// A 12-digit UPC is a JAN with one zero before it, and a number cell has lost
	// all zeros in front; they do not change the check digit.
	if len(s) >= 10 && len(s) <= 12 && checkDigitRight(s) {
		padded := strings.Repeat("0", 13-len(s)) + s
		if len(s) < 12 {
			return padded, "read as " + padded + ": zeros in front were missing"
		}
		return padded, ""
	}
	switch {
	case len(s) != 8 && len(s) != 13:
		return s, fmt.Sprintf("a JAN has 8 or 13 digits, not %d: %s", len(s), excerpt(s))
	case !checkDigitRight(s):
		return s, "the check digit of the JAN is wrong: " + s
	}
	return s, ""
}

// checkDigitRight tests the last digit of a GTIN: weights 3 and 1 from the
// right (GS1 General Specifications, 7.9).
func checkDigitRight(digits string) bool {
	sum := 0
	for i := 0; i < len(digits); i++ {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return sum%10 == 0
}

var languageNames = map[string]string{
	"日本語": "ja", "和文": "ja", "日": "ja", "jp": "ja", "japanese": "ja",
	"英語": "en", "英文": "en", "英": "en", "english": "en",
	"中国語": "zh", "中文": "zh", "cn": "zh", "chinese": "zh",
	"韓国語": "ko", "kr": "ko", "korean": "ko",
}

// parseLanguage returns a BCP 47 primary subtag for a tag (ja-JP) or a name
// (日本語); "" when the cell says nothing.
func parseLanguage(text string) (string, error) {
	s := strings.ToLower(strings.TrimSpace(norm.NFKC.String(text)))
	if saysNothing(s) {
		return "", nil
	}
	if code, ok := languageNames[s]; ok {
		return code, nil
	}
	tag, err := language.Parse(strings.ReplaceAll(s, "_", "-"))
	if err != nil || len(s) > 35 {
		return "", fmt.Errorf("unknown language, write ja or en: %s", excerpt(text))
	}
	base, confidence := tag.Base()
	if confidence == language.No || base.String() == "und" {
		return "", fmt.Errorf("unknown language, write ja or en: %s", excerpt(text))
	}
	return base.String(), nil
}

// guessLanguage is for entries whose file names no language: Latin letters
// alone are English, Hangul is Korean, all else is [DefaultLanguage].
func guessLanguage(texts ...string) string {
	latin, hangul := false, false
	for _, t := range texts {
		for _, r := range t {
			switch {
			case unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han):
				return DefaultLanguage
			case unicode.Is(unicode.Hangul, r):
				hangul = true
			case unicode.Is(unicode.Latin, r):
				latin = true
			}
		}
	}
	switch {
	case hangul:
		return "ko"
	case latin:
		return "en"
	}
	return DefaultLanguage
}

func pick(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// excerpt keeps a quoted value from filling the report.
func excerpt(text string) string {
	r := []rune(oneLine(text))
	if len(r) > 30 {
		return string(r[:30]) + "…"
	}
	return string(r)
}
