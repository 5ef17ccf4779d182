package update

import (
	"encoding/hex"
	"io"
)

// Product is the only product whose bundles are taken.
const Product = "tenin-kiosk"

// Limits of what a bundle may hold, in bytes.
const (
	MaxBundle = 2 << 30
	maxUKI    = 128 << 20
)

// Manifest is what a bundle says of itself, believed because it is signed.
type Manifest struct {
	Product string
	// Version only grows; Name is what people call it.
	Version int64
	Name    string
	Arch    string
	// Test says that the image has a console for tests.
	Test bool
	// VaultWrites is the format of the vault that it writes, VaultReadsFrom the oldest that it reads.
	VaultWrites, VaultReadsFrom int
	Root, UKI                   File
	// Models is nil where the bundle brings no weights; ModelsUUID are those that it needs, zero for none.
	Models     *File
	ModelsUUID [16]byte
	// Down says whether the bundle may go below a floor to its version, and if not, why; nil: it may not.
	Down func(floor int64) error
	// Digest is SHA-256 of the manifest's bytes: the bundle's identity.
	Digest [32]byte
}

// ID returns the digest in hex.
func (m Manifest) ID() string { return hex.EncodeToString(m.Digest[:]) }

// File is a file of a bundle.
type File struct {
	Name   string
	Size   int64
	SHA256 [32]byte
	// UUID is that of the image's dm-verity superblock, DataSize where that begins; not for the kernel image.
	UUID     [16]byte
	DataSize int64
}

// Contents is a bundle whose signature was verified.
type Contents interface {
	Manifest() Manifest
	// Copy writes a file of the bundle to w and fails at the end if what it has written is not what was signed.
	Copy(name string, w io.Writer) error
}
