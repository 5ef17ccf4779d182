package knowledge

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	uni "golang.org/x/text/encoding/unicode"
)

// decodeText finds the encoding of a text file and returns its text with lines
// ending in \n. Shift_JIS is read as CP932, Microsoft's extension of it, since
// that is what Excel writes (①, ㈱, 髙).
func decodeText(data []byte) (text, name string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		data, name = data[3:], "UTF-8 with BOM"
		if !utf8.Valid(data) {
			return "", "", fmt.Errorf("%w: it begins as UTF-8, but line %d is not", ErrEncoding, badLine(data))
		}
		text = string(data)
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")):
		name = "UTF-16"
		decoded, err := uni.UTF16(uni.LittleEndian, uni.ExpectBOM).NewDecoder().Bytes(data)
		if err != nil || len(data)%2 != 0 || bytes.ContainsRune(decoded, unicode.ReplacementChar) {
			return "", "", fmt.Errorf("%w: it begins as UTF-16, but breaks off or is damaged", ErrEncoding)
		}
		text = string(decoded)
	case isBinary(data):
		return "", "", fmt.Errorf("%w: it is neither text nor a workbook; give JSON lines, CSV or .xlsx", ErrNotKnowledge)
	case utf8.Valid(data):
		text, name = string(data), "UTF-8"
	default:
		if text, name, err = decodeLegacy(data); err != nil {
			return "", "", err
		}
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.ReplaceAll(text, "\r", "\n"), name, nil
}

func decodeLegacy(data []byte) (text, name string, err error) {
	sjis, sjisOK := decodeStrict(japanese.ShiftJIS, data)
	euc, eucOK := decodeStrict(japanese.EUCJP, data)
	switch {
	// Text that reads as both is EUC-JP when Shift_JIS would make it a run of
	// half-width katakana, which is how EUC-JP's kana look in Shift_JIS.
	case eucOK && (!sjisOK || halfWidthShare(sjis) > 0.3):
		return euc, "EUC-JP", nil
	case sjisOK:
		return sjis, "Shift_JIS", nil
	}
	return "", "", fmt.Errorf("%w: line %d is neither UTF-8 nor Shift_JIS; save the file as UTF-8", ErrEncoding, badLine(data))
}

func decodeStrict(e encoding.Encoding, data []byte) (string, bool) {
	decoded, err := e.NewDecoder().Bytes(data)
	if err != nil || bytes.ContainsRune(decoded, unicode.ReplacementChar) {
		return "", false
	}
	for _, r := range string(decoded) {
		// C1 controls come from bytes that no shop typed.
		if r >= 0x80 && r < 0xA0 {
			return "", false
		}
	}
	return string(decoded), true
}

func halfWidthShare(text string) float64 {
	half, wide := 0, 0
	for _, r := range text {
		if r < 0x80 {
			continue
		}
		wide++
		if r >= 0xFF61 && r <= 0xFF9F {
			half++
		}
	}
	if wide == 0 {
		return 0
	}
	return float64(half) / float64(wide)
}

// badLine is the first line that is not UTF-8, nor CP932 either where it can be told.
func badLine(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if utf8.Valid(line) {
			continue
		}
		if _, ok := decodeStrict(japanese.ShiftJIS, line); !ok {
			return i + 1
		}
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 1
}
