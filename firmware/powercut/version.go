package powercut

import (
	"cmp"
	"strings"
)

// compareVersions compares two versions as UAPI.10 (Version Format Specification) does, and systemd-boot with it: it
// returns a negative number where a is the older.
func compareVersions(a, b string) int {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	letter := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	skip := func(s string) string {
		return strings.TrimLeftFunc(s, func(r rune) bool {
			return !(r < 0x80 && (digit(byte(r)) || letter(byte(r))) || strings.ContainsRune("~-^.", r))
		})
	}
	// span takes the characters for which is holds from the front.
	span := func(s string, is func(byte) bool) (part, rest string) {
		i := 0
		for i < len(s) && is(s[i]) {
			i++
		}
		return s[:i], s[i:]
	}
	first := func(s string) byte {
		if s == "" {
			return 0
		}
		return s[0]
	}
	for {
		a, b = skip(a), skip(b)
		// A tilde is older than everything, the end too.
		if first(a) == '~' || first(b) == '~' {
			if r := cmp.Compare(btoi(first(a) != '~'), btoi(first(b) != '~')); r != 0 {
				return r
			}
			a, b = a[1:], b[1:]
		}
		if a == "" || b == "" {
			return cmp.Compare(len(a), len(b))
		}
		// These separate parts, and what has one where the other goes on is the older, in this order.
		for _, c := range []byte("-^.") {
			if first(a) == c || first(b) == c {
				if r := cmp.Compare(btoi(first(a) != c), btoi(first(b) != c)); r != 0 {
					return r
				}
				a, b = a[1:], b[1:]
			}
		}
		if digit(first(a)) || digit(first(b)) {
			var x, y string
			x, a = span(a, digit)
			y, b = span(b, digit)
			// A number is newer than letters.
			if r := cmp.Compare(btoi(x != ""), btoi(y != "")); r != 0 {
				return r
			}
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if r := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); r != 0 {
				return r
			}
			continue
		}
		var x, y string
		x, a = span(a, letter)
		y, b = span(b, letter)
		if r := cmp.Compare(x, y); r != 0 {
			return r
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
