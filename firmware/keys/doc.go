// Package keys keeps the keys of a shop's devices in one folder.
//
// # What is in the folder
//
//   - PK, KEK, db: the three keys of Secure Boot, RSA with 2048 bits, each with a certificate that it signed itself.
//     db signs what a device starts; KEK signs changes of db, PK changes of KEK. Each is NAME.key, NAME.crt, and as
//     firmware takes it NAME.esl (a list of certificates) and NAME.auth (the list, signed by the key above it).
//   - pcr.key, pcr.pub: signs the state (PCR 11) in which a device's TPM opens its data.
//   - bundle.key, bundle.pub: Ed25519, signs updates.
//   - guid: the owner in the lists of certificates.
//
// A shop that has Secure Boot keys already puts its own db.key and db.crt (PEM) in their place. A machine that only
// builds needs no PK.key and no KEK.key: they may be kept elsewhere, and a missing key is an error only when it is used.
//
// # Private keys
//
// They are PKCS #8 in PEM, readable by their owner alone, like the folder. With a passphrase they are encrypted instead:
// a random key, sealed by [seal.Passphrase] in the file passphrase.seal, encrypts each with AES-256-GCM.
//
// Errors wrap [seal.ErrNoKey], [seal.ErrUnsafe], [seal.ErrWrongKey] and [seal.ErrDamaged].
package keys
