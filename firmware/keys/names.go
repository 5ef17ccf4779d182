package keys

import "tenin/firmware/internal/guid"

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

// GUID is an identifier as UEFI stores it.
type GUID = guid.GUID

// ParseGUID reads what [GUID.String] wrote.
func ParseGUID(text string) (GUID, error) { return guid.Parse(text) }
