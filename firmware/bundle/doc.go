// Package bundle writes and reads updates of a device: one file with a signed manifest, the kernel image, the image of the
// root, and the weights where they changed.
//
// # The file
//
// An uncompressed tar (POSIX ustar) with exactly these files in this order:
//
//	manifest.json   what the bundle is and the SHA-256 of each file below
//	manifest.sig    64 bytes of Ed25519 over the bytes of manifest.json
//	tenin.efi       the signed kernel image
//	root.img        the image for a slot of the root
//	models.img      the image for a slot of the weights, where the bundle brings them
//
// Nothing follows, and nothing stands between. The manifest has one form only: what [Manifest.Encode] writes. So there is
// no unknown or doubled field that one reader sees and another does not.
//
// # Reading one
//
// [Open] verifies the signature before it looks at what the manifest says, and holds all that it checked in memory. [Bundle.Copy]
// hashes what it hands over, and says at the end whether it was what was signed: its reader may be a file that somebody
// still changes.
//
// Errors wrap [ErrSignature], [ErrDamaged] or [ErrOther].
package bundle
