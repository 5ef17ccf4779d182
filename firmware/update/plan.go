package update

import (
	"context"
	"io"

	"tenin/firmware/verity"
)

// plan is what is to be done with a bundle.
type plan struct {
	// runs says that it is what runs and is kept.
	runs bool
	// down says that it goes below what runs, by a signed exception.
	down     bool
	manifest Manifest
}

// same says whether an entry starts what the bundle brings.
func (p plan) same(e Entry) bool {
	return e.Err == nil && e.Version == p.manifest.Version && e.Starts.Root.UUID == p.manifest.Root.UUID
}

// plan decides, from what is known and before anything is changed, whether the bundle is taken.
func (o Options) plan(manifest Manifest, entries []Entry, running Entry, s memory) (p plan, err error) {
	m := o.Machine
	p.manifest = manifest
	switch {
	case manifest.Product != Product:
		return p, refuse(ReasonProduct, "the bundle is for %q, this is %s", manifest.Product, Product)
	case manifest.Arch != m.Arch:
		return p, refuse(ReasonArch, "the bundle is for %s processors, this device has %s", manifest.Arch, m.Arch)
	case manifest.Test && !m.Test:
		return p, refuse(ReasonTest, "the bundle is a test's, with a console that is open to everybody; this is a shop's device")
	}
	if manifest.Version == m.Runs.Version {
		if !p.same(running) {
			return p, refuse(ReasonVersion, "version %d runs already, with other contents: give the bundle a higher version", manifest.Version)
		}
		if p.runs = true; running.Counted {
			return p, refuse(ReasonTrial, "version %d runs on trial: it is kept when it has shown to be healthy", manifest.Version)
		}
		return p, nil
	}
	if err := o.checkVersion(&p); err != nil {
		return p, err
	}
	// One that has no tries left and runs all the same has nothing beside it: an update is the way out.
	if running.Counted && !running.Spent() {
		return p, refuse(ReasonTrial, "version %d runs on trial, and there would be nothing to fall back on: wait until it is kept, or restart", m.Runs.Version)
	}
	if old, ok := s.of(manifest.ID()); ok && old.Outcome == TakenBack && !o.Again {
		return p, refuse(ReasonAgain, "version %d was taken back before (%s): mend what it was, or try it once more with --again", manifest.Version, old.Reason)
	}
	for _, e := range entries {
		if e.Version > manifest.Version && e.Version > running.Version && !e.Spent() && o.Source != ByHand && !p.down {
			return p, refuse(ReasonSuperseded, "version %d is installed already and is tried at the next start", e.Version)
		}
	}
	if err := o.checkVault(manifest); err != nil {
		return p, err
	}
	return p, nil
}

// checkVersion compares the version with what runs and with the floor.
func (o Options) checkVersion(p *plan) error {
	version, runs, floor := p.manifest.Version, o.Machine.Runs.Version, int64(0)
	if o.Floor != nil {
		var err error
		if floor, err = o.Floor.Value(); err != nil {
			return refuse(ReasonFloor, "whether version %d is too old cannot be told: %w", version, err)
		}
	}
	below := version < runs || version < floor
	switch {
	case !below:
		return nil
	case p.manifest.Down != nil:
		if err := p.manifest.Down(max(floor, runs)); err != nil {
			return refuse(ReasonFloor, "version %d goes below version %d, and its signed exception does not hold here: %w", version, max(floor, runs), err)
		}
		p.down = true
		return nil
	case version < floor:
		return refuse(ReasonFloor, "version %d is below the floor %d of this device: an older version may have holes that are mended", version, floor)
	default:
		return refuse(ReasonVersion, "version %d is older than version %d that runs", version, runs)
	}
}

// checkVault says whether the new version reads the vault, and the running one what the new one writes.
func (o Options) checkVault(m Manifest) error {
	if o.Vault == nil {
		return nil
	}
	v, err := o.Vault()
	if err != nil {
		return refuse(ReasonVault, "the vault's format cannot be told: %w", err)
	}
	switch {
	case v.Format > 0 && m.VaultReadsFrom > v.Format:
		return refuse(ReasonVault, "version %d reads vaults from format %d on and this one has %d: install a version between them first", m.Version, m.VaultReadsFrom, v.Format)
	case v.Format > 0 && m.VaultWrites < v.Oldest:
		return refuse(ReasonVault, "version %d knows vaults up to format %d and this one needs %d", m.Version, m.VaultWrites, v.Oldest)
	case m.VaultWrites > v.Writes+1:
		return refuse(ReasonVault, "version %d writes vaults of format %d, which version %d could not read if it were taken back: install a version between them first", m.Version, m.VaultWrites, o.Machine.Runs.Version)
	}
	return nil
}

// espReserve is what an update leaves free on the ESP, in bytes: firmware writes there too.
const espReserve = 1 << 20

// checkSpace compares the bundle with the slots and the ESP. starts is what its kernel image starts, leaves the bytes of what
// goes from the ESP before it comes.
func (o Options) checkSpace(manifest Manifest, starts CommandLine, s memory, leaves int64) error {
	m := o.Machine
	free, err := m.Disk.Free(m.ESP)
	if err != nil {
		return refuse(ReasonDisk, "ESP: %w", err)
	}
	if free += leaves; free < manifest.UKI.Size+espReserve {
		return refuse(ReasonSpace, "ESP: %d bytes are free or become so, and a kernel image of %d has to go there: remove what is not of this device", free, manifest.UKI.Size)
	}
	if manifest.Models == nil && manifest.ModelsUUID != [16]byte{} && manifest.ModelsUUID != m.Runs.Models.UUID {
		there, err := m.hasModels(starts.Models, s)
		if err != nil {
			return err
		}
		if !there {
			return refuse(ReasonModels, "version %d needs weights that neither it brings nor this device has: take the bundle with weights", manifest.Version)
		}
	}
	for _, t := range m.targets(manifest) {
		if t.full {
			continue
		}
		if m.Slots[t.name] == "" {
			return refuse(ReasonSpace, "%s: this device has no such slot: flash it anew with larger slots", t.name)
		}
		slot, err := m.Disk.OpenSlot(m.Slots[t.name])
		if err != nil {
			return slotError(t.name, err)
		}
		size := slot.Size()
		if err := slot.Close(); err != nil {
			return slotError(t.name, err)
		}
		if size < t.file.Size {
			return refuse(ReasonSpace, "%s: it has %d bytes and the bundle needs %d: flash the device anew with larger slots", t.name, size, t.file.Size)
		}
	}
	return nil
}

// hasModels says whether the slot of weights that does not run holds those, whole.
func (m Machine) hasModels(want verity.Image, s memory) (bool, error) {
	if m.Models == "" || m.Slots[other(m.Models)] == "" || s.Slots[other(m.Models)] != verity.FormatUUID(want.UUID) {
		return false, nil
	}
	there, err := m.slotNames(m.Slots[other(m.Models)], want)
	if err != nil {
		return false, slotError(other(m.Models), err)
	}
	return there, nil
}

// stopping ends a copy with its context.
type stopping struct {
	Contents
	ctx context.Context
}

// Copy implements Contents.
func (s stopping) Copy(name string, w io.Writer) error {
	return s.Contents.Copy(name, stoppingWriter{w, s.ctx})
}

type stoppingWriter struct {
	io.Writer
	ctx context.Context
}

func (w stoppingWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}
