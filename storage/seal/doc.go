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
//
// A TPM is a third sealer behind the same interface. Every sealer passes the
// one conformance suite in this folder's tests; a new one adds a line there.
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
// [ErrUnsafe], name the file concerned, and never contain a secret.
//
// # What it cannot promise
//
// Go's collector may have copied a secret, and the key schedule of a cipher in
// use is a copy, so [Secret.Destroy] shortens a secret's life but does not
// prove its end. Locked memory and core dumps are the process's concern, not
// this package's.
package seal
