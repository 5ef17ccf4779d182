package x11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// method is the only authorization of a server whose cookie we made: who knows it is let in.
const method = "MIT-MAGIC-COOKIE-1"

// CookieSize is the length of a cookie in bytes.
const CookieSize = 16

// familyLocal and familyWild are the kinds of address of an entry (Xauth.h): this machine by its name, and every one.
const (
	familyLocal = 256
	familyWild  = 65535
)

// longestAuthority is how large a file of cookies is read.
const longestAuthority = 1 << 20

// Cookie returns the cookie for a display's number from a file as xauth writes it; nil when the file has none for it.
// Entries of this machine count whatever name they give it, since a sandbox has another.
func Cookie(path, number string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > longestAuthority {
		return nil, fmt.Errorf("%s is no file of cookies", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	cookie, err := parseCookie(b, number)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return cookie, nil
}

var errAuthority = errors.New("not a file of cookies")

// parseCookie reads entries of family, address, number, name and data: a family of two bytes, then each with its length
// in two bytes before it, the high one first (Xau(3)).
func parseCookie(b []byte, number string) ([]byte, error) {
	for len(b) > 0 {
		if len(b) < 2 {
			return nil, errAuthority
		}
		family := binary.BigEndian.Uint16(b)
		b = b[2:]
		var fields [4]string // address, number, name, data
		for i := range fields {
			if len(b) < 2 {
				return nil, errAuthority
			}
			n := int(binary.BigEndian.Uint16(b))
			if len(b) < 2+n {
				return nil, errAuthority
			}
			fields[i], b = string(b[2:2+n]), b[2+n:]
		}
		if (family == familyLocal || family == familyWild) && (fields[1] == number || fields[1] == "") && fields[2] == method &&
			len(fields[3]) == CookieSize {
			return []byte(fields[3]), nil
		}
	}
	return nil, nil
}

// WriteCookie makes a file with one cookie, for every display of this machine and for its owner's eyes only.
func WriteCookie(path string, cookie []byte) error {
	if len(cookie) != CookieSize {
		return fmt.Errorf("a cookie of %d bytes: it has %d", len(cookie), CookieSize)
	}
	b := binary.BigEndian.AppendUint16(nil, familyWild)
	for _, field := range []string{"", "", method, string(cookie)} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
		b = append(b, field...)
	}
	return os.WriteFile(path, b, 0o600)
}
