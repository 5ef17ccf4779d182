package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
)

// The vault's format moves with the versions of this program. What is written by one is read by the next, and, because a new
// version may be taken back, by the one before as long as what was added can be left alone: both files say who wrote them and
// which is the oldest that may read them. DESIGN.md has the rules for an addition.
const (
	// SchemaVersion is the format of both files that this program writes.
	SchemaVersion = 4
	// OldestSchema is the oldest format that it reads.
	OldestSchema = 1
	// oldestReader is the oldest program that reads what this one writes. Before format 4 nobody looked at it.
	oldestReader = 4
)

// Schema is the format of a vault.
type Schema struct {
	// Version is the format that it was written in, Oldest the oldest whose programs may read it; 0 where there is no vault.
	Version, Oldest int
}

// written is the schema of what this program writes.
var written = Schema{SchemaVersion, oldestReader}

// newer says that a newer program has added something that this one leaves alone.
func (s Schema) newer() bool { return s.Version > SchemaVersion }

// check says whether this program may read it.
func (s Schema) check() error {
	switch {
	case s.Version < OldestSchema, s.newer() && (s.Oldest < OldestSchema || s.Oldest > s.Version):
		return damaged("its format is impossible; restore it from a backup")
	case s.newer() && s.Oldest > SchemaVersion:
		return fmt.Errorf("%w: format %d, which programs from format %d on read; this one knows format %d: start the newer tenin again, or update this one",
			ErrNewer, s.Version, s.Oldest, SchemaVersion)
	}
	return nil
}

// keep is what is written over s: what a newer program has marked stays marked.
func (s Schema) keep() Schema {
	if s.newer() {
		return s
	}
	return written
}

// ReadSchema tells the format of the vault of home without its key, also while it is open; the zero Schema where there is
// none. The error wraps ErrDamaged where the first bytes make no sense.
func ReadSchema(home string) (Schema, error) {
	path := filepath.Join(home, keyringName)
	file, err := readSmall(path, keyringLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return Schema{}, nil
	} else if err != nil {
		return Schema{}, explain(path, err)
	}
	s, err := keyringSchema(file)
	return s, explain(path, err)
}

// keyringSchema reads the head of a keyring: u16 version, u16 oldest reader, which was zero before format 4.
func keyringSchema(file []byte) (s Schema, err error) {
	if len(file) < keyringHead || string(file[:8]) != keyringMagic {
		return s, damaged("not a keyring; restore it from a backup")
	}
	if binary.LittleEndian.Uint32(file[12:]) != crc32.ChecksumIEEE(file[:12]) {
		return s, damaged("the first bytes were changed; restore it from a backup")
	}
	return newSchema(binary.LittleEndian.Uint16(file[8:]), binary.LittleEndian.Uint16(file[10:]))
}

// newSchema takes the two numbers as they are stored.
func newSchema(version, oldest uint16) (Schema, error) {
	if (version < 4) != (oldest == 0) {
		return Schema{}, damaged("unknown format; restore it from a backup")
	}
	return Schema{int(version), int(oldest)}, nil
}

// encode returns the schema as the database has it, with its checksum, so that a flipped bit is not taken for a newer
// program's work.
func (s Schema) encode() []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(s.Version))
	b = binary.LittleEndian.AppendUint16(b, uint16(s.Oldest))
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// parseSchema reads what encode wrote, or what was written before format 4: a version alone, which was always 1.
func parseSchema(b []byte) (Schema, error) {
	n := len(b) - 4
	if n != 2 && n != 4 || binary.LittleEndian.Uint32(b[n:]) != crc32.ChecksumIEEE(b[:n]) {
		return Schema{}, damaged("its format version was changed; restore it from a backup")
	}
	oldest := uint16(0)
	if n == 4 {
		oldest = binary.LittleEndian.Uint16(b[2:])
	}
	return newSchema(binary.LittleEndian.Uint16(b), oldest)
}

// newer says that a newer program has added something to the vault.
func (v *Vault) newer() bool { return v.ring.schema.newer() || v.schema.newer() }

// migrate brings a vault of an older format to the present one: the keyring first, the database second, as every change.
func (v *Vault) migrate() error {
	if v.ring.schema.Version >= SchemaVersion && v.schema.Version >= SchemaVersion {
		return nil
	}
	err := func() error {
		if err := v.storeRing(v.ring.next(), false, nil); err != nil {
			return err
		}
		err := v.update(nothingMore)
		if err == nil {
			v.schema = v.schema.keep()
		}
		return err
	}()
	// A full disk must not keep anybody from reading and erasing.
	if errors.Is(err, ErrNoSpace) {
		return nil
	}
	return err
}
