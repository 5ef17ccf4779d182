// Package seal keeps one small secret, the vault's root key, at rest.
//
// # What it does
//
// A [Sealer] turns a [Secret] of at most [MaxSecret] bytes into a sealed blob
// that may lie next to the data it guards, and back. The blob alone is of no
// use: opening it also takes something that the sealer holds or asks for.
//
//   - [KeyFile]: 32 random bytes in a file of their own. For development, and
//     for a shop that has no TPM and has read what [KeyFile.Describe] says.
//   - [Passphrase]: a phrase that a person types, stretched by Argon2id.
//   - [TPM]: a key in the machine's TPM 2.0, bound to how the machine was started
//     and, if wanted, to a PIN that the TPM counts the tries of.
//
// Every sealer passes the one conformance suite in this folder's tests; a new one
// adds a line there. [Inspect] tells from a blob which sealer it takes.
//
// A [Counter] is a number in the TPM that only grows. It seals nothing; with it a
// store finds out that all its files were put back to an earlier moment.
//
// An [Attestor] seals nothing either: with it a machine proves which TPM it has, and
// how it was started, to somebody who made a [Challenge] and checks the answer with
// [CheckQuote]. A maker's certificate is checked there if [ReadRoots] was given any.
//
// # How to use it
//
//	sealer := seal.NewKeyFile("/media/key/tenin.key")
//	root := seal.Random(32)
//	blob, err := sealer.Seal(root)     // the first Seal creates the key file
//	again, err := sealer.Unseal(blob)
//	defer again.Destroy()
//
// # Promises
//
// A sealed blob begins with four bytes that name its sealer and version, so a
// blob handed to the wrong sealer is told apart from a damaged one. A blob is
// authenticated as a whole: cut, lengthened or changed in any bit, it does not
// open. Errors wrap one of [ErrWrongKey], [ErrDamaged], [ErrNoKey] and
// [ErrUnsafe], and of a TPM also [ErrNoTPM], [ErrLockedOut] and [ErrPCR]; they name
// the file or device concerned, say what to do, and never contain a secret.
//
// # What it cannot promise
//
// Go's collector may have copied a secret, and the key schedule of a cipher in
// use is a copy, so [Secret.Destroy] shortens a secret's life but does not
// prove its end. Locked memory and core dumps are the process's concern, not
// this package's.
//
// A TPM that was seen first is trusted: no seal asks its maker whether it is
// one. Who could sit between the program and the TPM at the very first Seal could
// pose as it; afterwards the blob names the one TPM it belongs to.
//
// A blob bound to PCR 7 does not open after the keys of Secure Boot changed. Under
// a vendor's keys that happens with updates of the firmware or of its list of
// revoked loaders, so such a machine needs a backup of what the vault holds.
package seal
