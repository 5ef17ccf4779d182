package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"

	"tenin/llm/reading"
)

// A Form is a way to write a text down.
type Form string

// The forms that a Search looks for. Letters A to Z and a to z count as the same where the form keeps them readable.
const (
	Plain    Form = "text"
	Bare     Form = "text without spaces and hyphens"
	Wide     Form = "full-width text"
	Katakana Form = "reading in katakana"
	Hiragana Form = "reading in hiragana"
	UTF16LE  Form = "UTF-16LE"
	UTF16BE  Form = "UTF-16BE"
	Hex      Form = "hex"
	Base64   Form = "base64"
	Base64u  Form = "base64url"
	Percent  Form = "URL-encoded"
	Escaped  Form = "\\u escapes"
	Octal    Form = "octal escapes"
	Bytes    Form = "decimal bytes"
	Register Form = "registers of a crash"
)

// Forms returns all of them.
func Forms() []Form {
	return []Form{Plain, Bare, Wide, Katakana, Hiragana, UTF16LE, UTF16BE, Hex, Base64, Base64u, Percent, Escaped, Octal, Bytes, Register}
}

// folds says whether the case of a form's ASCII letters means nothing.
func (f Form) folds() bool { return f != Base64 && f != Base64u && f != UTF16LE && f != UTF16BE }

// write returns the patterns one of which stands wherever text was written in that form; none where the form would be
// the text itself.
func (f Form) write(text string) [][]byte {
	b := []byte(text)
	switch f {
	case Plain:
		return one(text)
	case Bare:
		return otherThan(text, strings.NewReplacer(" ", "", "-", "").Replace(text))
	case Wide:
		return otherThan(text, strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r - '!' + '！'
			}
			return r
		}, text))
	case Katakana:
		return otherThan(text, reading.Default().Katakana(text))
	case Hiragana:
		return otherThan(text, reading.Default().Hiragana(text))
	case UTF16LE, UTF16BE:
		var out []byte
		for _, u := range utf16.Encode([]rune(text)) {
			if f == UTF16LE {
				out = append(out, byte(u), byte(u>>8))
			} else {
				out = append(out, byte(u>>8), byte(u))
			}
		}
		return [][]byte{out}
	case Hex:
		return one(hex.EncodeToString(b))
	case Base64:
		return aligned(base64.RawStdEncoding, b)
	case Base64u:
		return aligned(base64.RawURLEncoding, b)
	case Percent:
		// Spaces are written in two ways; what is between them is enough.
		escaped := url.QueryEscape(text)
		return append(otherThan(text, escaped), otherThan(escaped, strings.ReplaceAll(escaped, "+", "%20"))...)
	case Escaped:
		return otherThan(text, strings.Trim(strconv.QuoteToASCII(text), `"`))
	case Octal:
		var out strings.Builder
		for _, c := range b {
			if c < 0x80 {
				out.WriteByte(c)
			} else {
				fmt.Fprintf(&out, `\%03o`, c)
			}
		}
		return otherThan(text, out.String())
	case Bytes:
		return [][]byte{bytes.Trim(fmt.Append(nil, b), "[]")}
	case Register:
		// Eight bytes of it in a register of a little-endian machine, as a fatal signal prints them.
		var list [][]byte
		for i := 0; i+8 <= len(b); i++ {
			word := uint64(0)
			for k := 7; k >= 0; k-- {
				word = word<<8 | uint64(b[i+k])
			}
			list = append(list, fmt.Appendf(nil, "0x%x", word))
		}
		return list
	}
	panic("unknown form " + string(f))
}

func one(text string) [][]byte { return [][]byte{[]byte(text)} }

func otherThan(text, other string) [][]byte {
	if other == text || other == "" {
		return nil
	}
	return one(other)
}

// aligned returns what b becomes inside a longer text: its first byte may be the first, second or third of a group. The
// letters that the neighbours take part in are left out.
func aligned(encoding *base64.Encoding, b []byte) (list [][]byte) {
	for before := range 3 {
		out := encoding.EncodeToString(append(make([]byte, before), b...))
		first := []int{0, 2, 3}[before]
		last := (before + len(b)) * 8 / 6
		list = append(list, []byte(out[first:last]))
	}
	return list
}
