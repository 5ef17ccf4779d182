package keys

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
)

// The names of the keys, which are those of their files without an ending.
const (
	NamePK     = "PK"
	NameKEK    = "KEK"
	NameDB     = "db"
	NamePCR    = "pcr"
	NameBundle = "bundle"

	fileGUID       = "guid"
	filePassphrase = "passphrase.seal"
)

// secureBoot are the keys of Secure Boot, each after the one that signs it.
var secureBoot = []string{NamePK, NameKEK, NameDB}

// GUID is an identifier as UEFI stores it: the first three fields little-endian (UEFI 2.10, appendix A).
type GUID [16]byte

// newGUID returns a random one (RFC 9562, version 4).
func newGUID() (g GUID) {
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

// String returns the form with dashes.
func (g GUID) String() string {
	s := g.swap()
	h := hex.EncodeToString(s[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseGUID reads what String wrote.
func ParseGUID(text string) (g GUID, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	if err != nil || len(b) != len(g) {
		return g, errors.New("not a GUID")
	}
	return GUID(b).swap(), nil
}
