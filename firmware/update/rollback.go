package update

import (
	"errors"
	"slices"

	"tenin/firmware/verity"
)

// RollBack lets the next start choose the version before, by systemd-boot's own counting: the version that runs is named as
// one that has no tries left. It returns the version that starts next. The error wraps a Refusal where there is none, where
// it is below the floor, or where it could not read the vault.
func RollBack(o Options) (next Entry, err error) {
	m := o.Machine
	unlock, err := m.lock()
	if err != nil {
		return next, err
	}
	defer unlock()
	entries, err := m.Entries()
	if err != nil {
		return next, err
	}
	running, err := m.running(entries)
	if err != nil {
		return next, err
	}
	s, err := m.remember()
	if err != nil {
		return next, err
	}
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Blessed() && e.File != running.File })
	if i < 0 {
		return next, refuse(ReasonVersion, "there is no other version on this device that was kept")
	}
	next = entries[i]
	if o.Floor != nil {
		floor, err := o.Floor.Value()
		if err != nil {
			return next, refuse(ReasonFloor, "whether version %d is too old cannot be told: %w", next.Version, err)
		}
		if next.Version < floor {
			return next, refuse(ReasonFloor, "version %d is below the floor %d of this device, which rose when version %d was kept: a way back takes a bundle with a signed exception", next.Version, floor, running.Version)
		}
	}
	if err := m.canStart(next); err != nil {
		return next, err
	}
	if k, ok := s.knows(next.Version); ok && o.Vault != nil {
		v, err := o.Vault()
		if err != nil {
			return next, refuse(ReasonVault, "the vault's format cannot be told: %w", err)
		}
		if v.Format > 0 && k.VaultWrites < v.Oldest {
			return next, refuse(ReasonVault, "version %d knows vaults up to format %d and this one needs %d", next.Version, k.VaultWrites, v.Oldest)
		}
	}
	if err := m.Fail(ReasonByHand, "the version before was asked for", o.now()); err != nil {
		return next, err
	}
	return next, m.setAside(running)
}

// canStart says whether the slots hold what an entry starts.
func (m Machine) canStart(e Entry) error {
	for kind, want := range map[string]verity.Image{"root": e.Starts.Root, "models": e.Starts.Models} {
		if want == (verity.Image{}) {
			continue
		}
		found := false
		for _, letter := range []string{"-a", "-b"} {
			path := m.Slots[kind+letter]
			if path == "" {
				continue
			}
			holds, err := m.slotNames(path, want)
			if err != nil {
				return refuse(ReasonDisk, "%s%s: %w", kind, letter, err)
			}
			found = found || holds
		}
		if !found {
			return refuse(ReasonDisk, "version %d: its slot was written over", e.Version)
		}
	}
	return nil
}

// slotNames says whether the superblock of a slot that may be in use is that of an image.
func (m Machine) slotNames(path string, want verity.Image) (bool, error) {
	r, err := m.Disk.OpenReader(path)
	if err != nil {
		return false, err
	}
	defer r.Close()
	if want.DataSize+block > r.Size() {
		return false, nil
	}
	super, err := verity.ReadSuperblock(r, want.DataSize)
	if errors.Is(err, verity.ErrNone) || errors.Is(err, verity.ErrDamaged) {
		return false, nil
	}
	return super.UUID == want.UUID, err
}
