package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tenin/firmware/verity"
)

// Vault is the format of the vault on this device.
type Vault struct {
	// Writes is the format that the running program writes, Format that of the vault, 0 where there is none, and Oldest the
	// oldest format whose readers may read it.
	Writes, ReadsFrom, Format, Oldest int
}

// A Floor is the lowest version that may run here.
type Floor interface {
	// Value returns it; 0 where none was set.
	Value() (int64, error)
	// Set makes it version, higher or lower.
	Set(version int64) error
}

// Options are what an update needs beside the bundle. Machine and Open have to be given.
type Options struct {
	Machine Machine
	// Open verifies a bundle's signature; its errors are Refusals for ReasonSignature, ReasonDamaged or the like.
	Open func(f *os.File, size int64) (Contents, error)
	// Vault tells the format of the vault; nil: it is not compared.
	Vault func() (Vault, error)
	// Floor guards against older versions; nil: there is none.
	Floor Floor
	// Source is where the bundle came from and Name the file's name there, for the result.
	Source, Name string
	// Again takes a bundle that was taken back before.
	Again bool
	// Progress is told what is done and how far it is, in bytes; it may be nil.
	Progress func(step string, done, total int64)
	// Now is the time; nil: the clock's.
	Now func() time.Time
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

func (o Options) progress(step string, total int64) func(done int64) {
	if o.Progress == nil {
		return func(int64) {}
	}
	return func(done int64) { o.Progress(step, done, total) }
}

// Report is what Apply did.
type Report struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// Slot is the system slot that holds it, Models that of its weights where it has some.
	Slot   string `json:"slot"`
	Models string `json:"models,omitempty"`
	// Outcome is Installed, or Blessed for what runs and is kept already.
	Outcome string `json:"outcome"`
	// Wrote names the slots that were written; none when all was there already.
	Wrote []string `json:"wrote"`
	// Restart says that a start is needed to try it.
	Restart bool `json:"restart"`
}

// Apply verifies the bundle at path and puts it into the slot that does not run, where the next start tries it. A bundle
// that is there already changes nothing. The error wraps a Refusal where it has a reason, or ctx's.
//
// Power may be pulled at every moment: the version that runs was blessed, and neither its slot nor its kernel image is
// touched. What refers to the other slot's content goes before that is written, and what starts the new content comes after
// it was read back.
func Apply(ctx context.Context, path string, o Options) (r Report, err error) {
	unlock, err := o.Machine.lock()
	if err != nil {
		return r, err
	}
	defer unlock()
	f, size, err := openBundle(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	return apply(ctx, f, size, o)
}

// openBundle opens a regular file, and neither waits for nor follows anything else.
func openBundle(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, 0, refuse(ReasonKind, "%s: it is a link; name the bundle itself", path)
	} else if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = refuse(ReasonKind, "%s: it is no file", path)
	case info.Size() > MaxBundle:
		err = refuse(ReasonSize, "%s: it has %d bytes, a bundle at most %d", path, info.Size(), int64(MaxBundle))
	default:
		return f, info.Size(), nil
	}
	return nil, 0, errors.Join(err, f.Close())
}

// apply does the work and remembers what became of it.
func apply(ctx context.Context, f *os.File, size int64, o Options) (Report, error) {
	c, err := o.Open(f, size)
	if err != nil {
		return Report{}, o.refused(Manifest{}, err)
	}
	r, err := install(ctx, c, o)
	if err != nil && ctx.Err() == nil {
		err = o.refused(c.Manifest(), err)
	}
	return r, err
}

// refused remembers why a bundle was refused and returns that.
func (o Options) refused(m Manifest, err error) error {
	s, serr := o.Machine.remember()
	if serr != nil {
		return err
	}
	outcome := o.outcome(m, Refused)
	outcome.Reason, outcome.Text = ReasonOf(err), oneLine(err.Error())
	if old, ok := s.of(outcome.Manifest); ok && (old.Outcome == TakenBack || old.Outcome == Blessed || old.Outcome == Installed) {
		// What became of it when it was tried says more.
		return err
	}
	s.note(outcome, o.now())
	_ = o.Machine.keep(s)
	_ = o.Machine.publish(s, o.Floor)
	return err
}

func (o Options) outcome(m Manifest, what string) Outcome {
	out := Outcome{Version: m.Version, Name: m.Name, File: o.Name, Source: o.Source, Outcome: what}
	if m.Version > 0 {
		out.Manifest = m.ID()
	}
	return out
}

// install is Apply after the signature was verified.
func install(ctx context.Context, c Contents, o Options) (r Report, err error) {
	m, manifest := o.Machine, c.Manifest()
	entries, err := m.Entries()
	if err != nil {
		return r, refuse(ReasonDisk, "%w", err)
	}
	running, err := m.running(entries)
	if err != nil {
		return r, err
	}
	s, err := m.remember()
	if err != nil {
		return r, refuse(ReasonDisk, "%w", err)
	}
	plan, err := o.plan(manifest, entries, running, s)
	if err != nil {
		return r, err
	}
	r = Report{Version: manifest.Version, Name: manifest.Name, Slot: m.Root, Outcome: Blessed, Wrote: []string{}}
	if plan.runs {
		return r, nil
	}
	image, starts, err := readKernel(c, manifest)
	if err != nil {
		return r, err
	}
	outcome := o.outcome(manifest, Writing)
	outcome.Down = plan.down
	r.Outcome, r.Restart = Installed, true

	// What refers to the content that is written over goes first, and so does what a power cut left half done.
	keep := func(e Entry) bool {
		return e.File == running.File || e.Err == nil && e.Version != manifest.Version && m.stands(e)
	}
	leaves := int64(0)
	for _, e := range entries {
		if !keep(e) {
			leaves += e.Size
		}
	}
	if err := o.checkSpace(manifest, starts, s, leaves); err != nil {
		return r, err
	}
	var there *Entry
	for i, e := range entries {
		same := e.Version == manifest.Version && e.Counted && !e.Spent() && plan.same(e)
		if same {
			same, err = m.isStored(e.File, image)
			if err != nil {
				return r, refuse(ReasonDisk, "ESP: %w", err)
			}
		}
		if same {
			there = &entries[i]
		}
	}
	s.note(outcome, o.now())
	s.know(manifest.Version, known{manifest.Name, manifest.VaultWrites, manifest.VaultReadsFrom})
	s.supersede(manifest, o.now())
	slots := m.targets(manifest)
	ready, err := m.ready(slots, o)
	if err != nil {
		return r, err
	}
	for _, t := range slots {
		if !t.full {
			delete(s.Slots, t.name)
		} else if t.file.Size > 0 {
			s.Slots[t.name] = verity.FormatUUID(t.file.UUID)
		}
	}
	if there != nil && ready {
		// All of it is there: only that it is may have been forgotten.
		r.place(slots)
		return r, o.finish(s, outcome)
	}
	if err := m.keep(s); err != nil {
		return r, err
	}
	// Before anything goes that could be started, what runs has to be there for good: whoever blessed it gave it a new name.
	if err := m.Disk.SyncFile(filepath.Join(m.folder(), running.File)); err != nil {
		return r, refuse(ReasonDisk, "ESP: %w", err)
	}
	for _, e := range entries {
		if keep(e) {
			continue
		}
		if err := m.Disk.Remove(filepath.Join(m.folder(), e.File)); err != nil {
			return r, refuse(ReasonDisk, "ESP: %w", err)
		}
	}
	if err := m.removeParts(); err != nil {
		return r, err
	}
	for i := range slots {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		wrote, err := o.fill(ctx, c, &slots[i])
		if err != nil {
			return r, err
		}
		if wrote {
			r.Wrote = append(r.Wrote, slots[i].name)
			s.Slots[slots[i].name] = verity.FormatUUID(slots[i].file.UUID)
		}
	}
	r.place(slots)
	if err := ctx.Err(); err != nil {
		return r, err
	}
	if plan.down && o.Floor != nil {
		if err := o.Floor.Set(manifest.Version); err != nil {
			return r, refuse(ReasonFloor, "the floor cannot be lowered: %w", err)
		}
	}
	if err := m.offer(manifest.Version, image); err != nil {
		return r, err
	}
	if plan.down {
		if err := m.setAside(running); err != nil {
			return r, err
		}
	}
	return r, o.finish(s, outcome)
}

// finish remembers that the next start tries it.
func (o Options) finish(s memory, outcome Outcome) error {
	outcome.Outcome = Installed
	s.note(outcome, o.now())
	if err := o.Machine.keep(s); err != nil {
		return err
	}
	// Who reads it finds out at the next start.
	_ = o.Machine.publish(s, o.Floor)
	return nil
}

func (r *Report) place(slots []target) {
	for _, t := range slots {
		if strings.HasPrefix(t.name, "models-") {
			r.Models = t.name
		} else {
			r.Slot = t.name
		}
	}
}

// readKernel takes the kernel image into memory, where it is compared with what the manifest says it starts.
func readKernel(c Contents, m Manifest) (image []byte, starts CommandLine, err error) {
	if m.UKI.Size <= 0 || m.UKI.Size > maxUKI {
		return nil, starts, refuse(ReasonDamaged, "%s: a kernel image of %d bytes", m.UKI.Name, m.UKI.Size)
	}
	var b bytes.Buffer
	b.Grow(int(m.UKI.Size))
	if err := c.Copy(m.UKI.Name, &b); err != nil {
		return nil, starts, err
	}
	image = b.Bytes()
	if sha256.Sum256(image) != m.UKI.SHA256 {
		return nil, starts, refuse(ReasonDamaged, "%s: it is not what was signed", m.UKI.Name)
	}
	if starts, err = commandLineOf(image); err != nil {
		return nil, starts, refuse(ReasonDamaged, "%s: %w", m.UKI.Name, err)
	}
	fits := starts.Version == m.Version && starts.Root.UUID == m.Root.UUID && starts.Root.DataSize == m.Root.DataSize
	if m.Models != nil {
		fits = fits && starts.Models.UUID == m.Models.UUID && starts.Models.DataSize == m.Models.DataSize
	} else {
		fits = fits && starts.Models.UUID == m.ModelsUUID
	}
	if !fits {
		return nil, starts, refuse(ReasonDamaged, "%s: it starts version %d with other slots than the bundle has: make the bundle anew", m.UKI.Name, starts.Version)
	}
	return image, starts, nil
}

// supersede ends what was installed and never tried.
func (s *memory) supersede(m Manifest, now time.Time) {
	for i, old := range s.History {
		if old.Manifest != m.ID() && (old.Outcome == Installed || old.Outcome == Writing || old.Outcome == Waiting) {
			s.History[i].Outcome, s.History[i].Reason = Refused, ReasonSuperseded
			s.History[i].Text, s.History[i].At = fmt.Sprintf("version %d came before it was tried", m.Version), now.Unix()
		}
	}
}

// stands says whether what e starts is in the slots that run, so that nothing that an update writes is of it.
func (m Machine) stands(e Entry) bool {
	return e.Starts.Root.UUID == m.Runs.Root.UUID && e.Starts.Models.UUID == m.Runs.Models.UUID
}

// removeParts deletes kernel images that a power cut left half copied.
func (m Machine) removeParts() error {
	names, err := m.Disk.List(m.folder())
	if err != nil {
		return refuse(ReasonDisk, "ESP: %w", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "tenin_") && strings.HasSuffix(name, ".part") {
			if err := m.Disk.Remove(filepath.Join(m.folder(), name)); err != nil {
				return refuse(ReasonDisk, "ESP: %w", err)
			}
		}
	}
	return nil
}

// isStored says whether a file of the ESP is image.
func (m Machine) isStored(name string, image []byte) (bool, error) {
	b, err := m.Disk.ReadFile(filepath.Join(m.folder(), name), maxUKI)
	return bytes.Equal(b, image), err
}

// offer puts a kernel image where the boot loader finds it, whole or not at all.
func (m Machine) offer(version int64, image []byte) error {
	part := partName(version)
	if err := m.Disk.CreateFile(filepath.Join(m.folder(), part), image); err != nil {
		if errors.Is(err, unix.ENOSPC) {
			return refuse(ReasonSpace, "ESP: no room for a kernel image of %d bytes", len(image))
		}
		return refuse(ReasonDisk, "ESP: %w", err)
	}
	if same, err := m.isStored(part, image); err != nil {
		return refuse(ReasonDisk, "ESP: %w", err)
	} else if !same {
		return refuse(ReasonDisk, "ESP: the kernel image was read back otherwise than it was written: the disk is failing")
	}
	if err := m.Disk.Rename(filepath.Join(m.folder(), part), filepath.Join(m.folder(), trialName(version))); err != nil {
		return refuse(ReasonDisk, "ESP: %w", err)
	}
	return nil
}

// setAside lets the boot loader take an entry last.
func (m Machine) setAside(e Entry) error {
	if e.Spent() {
		return nil
	}
	if err := m.Disk.Rename(filepath.Join(m.folder(), e.File), filepath.Join(m.folder(), spentName(e.Version))); err != nil {
		return refuse(ReasonDisk, "ESP: %w", err)
	}
	return nil
}

// target is a slot and what is to be in it.
type target struct {
	name string
	file File
	full bool // it is there already
}

// targets returns where the bundle's images go. One that runs already stays where it is.
func (m Machine) targets(manifest Manifest) (list []target) {
	put := func(file File, runs [16]byte, slot string) {
		if file.UUID == runs {
			list = append(list, target{slot, file, true})
		} else {
			list = append(list, target{other(slot), file, false})
		}
	}
	put(manifest.Root, m.Runs.Root.UUID, m.Root)
	switch {
	case manifest.Models != nil:
		slot := m.Models
		if slot == "" {
			slot = "models-b"
		}
		put(*manifest.Models, m.Runs.Models.UUID, slot)
	case manifest.ModelsUUID != [16]byte{} && manifest.ModelsUUID == m.Runs.Models.UUID:
		list = append(list, target{m.Models, File{UUID: manifest.ModelsUUID}, true})
	case manifest.ModelsUUID != [16]byte{}:
		// checkSpace has seen that they are in the other slot.
		list = append(list, target{other(m.Models), File{UUID: manifest.ModelsUUID}, true})
	}
	return list
}

// ready says whether every slot holds what it is to hold, as it is stored, and marks those that do.
func (m Machine) ready(list []target, o Options) (bool, error) {
	all := true
	for i := range list {
		t := &list[i]
		if t.full {
			continue
		}
		s, err := m.Disk.OpenSlot(m.Slots[t.name])
		if err != nil {
			return false, slotError(t.name, err)
		}
		if named(s, t.file) {
			t.full, err = holds(s, t.file, o.progress("checking "+t.name, t.file.Size))
		}
		if err = errors.Join(err, s.Close()); err != nil {
			return false, slotError(t.name, err)
		}
		all = all && t.full
	}
	return all, nil
}

// fill writes a slot and reads it back; false when it held all of it already.
func (o Options) fill(ctx context.Context, c Contents, t *target) (wrote bool, err error) {
	if t.full {
		return false, nil
	}
	s, err := o.Machine.Disk.OpenSlot(o.Machine.Slots[t.name])
	if err != nil {
		return false, slotError(t.name, err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	report := o.progress("writing "+t.name, t.file.Size)
	if err := writeSlot(s, stopping{c, ctx}, t.file, report); err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, slotError(t.name, err)
	}
	if err := wipeStale(s, t.file.Size); err != nil {
		return false, slotError(t.name, err)
	}
	same, err := holds(s, t.file, o.progress("reading back "+t.name, t.file.Size))
	if err != nil {
		return false, slotError(t.name, err)
	}
	if !same {
		return false, refuse(ReasonDisk, "%s: another thing was read back than was written: the disk is failing", t.name)
	}
	return true, nil
}

// lock keeps other updates out until unlock is called.
func (m Machine) lock() (unlock func(), err error) {
	if err := os.MkdirAll(m.State, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(m.State, "lock"), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("another update is under way: wait until it is done"), f.Close())
	}
	return func() { f.Close() }, nil
}

func oneLine(s string) string {
	words := strings.Fields(s)
	line := strings.Join(words, " ")
	if runes := []rune(line); len(runes) > 300 {
		line = string(runes[:300])
	}
	return line
}
