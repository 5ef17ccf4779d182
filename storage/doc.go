// Package storage keeps what was said at the kiosk, encrypted, until it is
// forgotten.
//
// # What it is
//
// A [Vault] is two files in the home folder: vault.db, a bbolt database of
// sealed records, and keyring, a small file with a key for every session, itself
// encrypted under a root key that a [seal.Sealer] keeps. DESIGN.md in this
// folder has both formats byte by byte, the threats, and what was rejected.
//
// # How to use it
//
//	vault, err := storage.Open(home, seal.NewKeyFile(path), storage.Options{})
//	defer vault.Close()
//
//	consent, err := storage.GrantConsent(storage.Grant{Notice: "2026-11-ja", By: storage.ByKey, At: now})
//	session, err := vault.Begin(storage.SessionMeta{
//		Started: now, Source: storage.FromMicrophone(consent), Language: "ja",
//	})
//	clip, err := session.NewClip()
//	err = clip.Write(samples)  // sealed second by second, as it happens
//	err = clip.Close()
//	err = session.Append(storage.Turn{Transcript: heard, Answer: said, Kind: "approved", Clip: clip.Number()})
//	err = session.Close()
//
//	list, err := vault.Sessions()
//	saved, err := vault.Load(list[0].ID)
//	err = vault.Erase(list[0].ID)
//
// A shopper who gives no consent has no [Consent], and without one [Vault.Begin]
// refuses the microphone: nothing is kept because nothing can be.
//
// # Promises
//
// When Append, Clip.Write (for each full second), Clip.Close, Erase, Put or Ack
// has returned nil, its effect survives a crash or a power loss at any later
// point. When one is interrupted, the record is there whole or not at all.
//
// Erase destroys the session's key first: once that has happened nothing in
// vault.db can be read again, whatever is left in free pages or backups of it.
//
// A record that was changed, cut, moved, replayed or taken away is found: the
// reading function returns an error that wraps [ErrDamaged]. With [Options].Counter
// that holds for the vault as a whole, should both files be put back to an earlier
// moment. The limits are in DESIGN.md.
//
// Errors wrap one of the sentinels below where one fits, are one line, name the
// file or the session, and hold nothing that a shopper said.
package storage
