// Package guid has the identifiers of UEFI: of partitions, and of whoever owns a key.
package guid

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
)

// GUID is an identifier as UEFI stores it: the first three fields little-endian (UEFI 2.10, appendix A).
type GUID [16]byte

// New returns a random one (RFC 9562, version 4).
func New() (g GUID) {
	rand.Read(g[:]) // never fails
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

// swap turns the text's order of bytes into UEFI's, and back.
func (g GUID) swap() GUID {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return g
}

// String returns the form with dashes, in small letters: c12a7328-f81f-11d2-ba4b-00a0c93ec93b.
func (g GUID) String() string {
	s := g.swap()
	h := hex.EncodeToString(s[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Parse reads what String wrote.
func Parse(text string) (g GUID, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	if err != nil || len(b) != len(g) {
		return g, errors.New("not a GUID")
	}
	return GUID(b).swap(), nil
}
