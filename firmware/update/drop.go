package update

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The drop folder has three parts. Whoever brings bundles writes into in/, and nowhere else; a bundle is taken from there by
// one rename, into a folder that only root can look into.
const (
	dropIn      = "in"
	dropWork    = "work"
	dropRefused = "refused"

	// ReasonFile says in one line why the bundle beside it was refused.
	ReasonFile = "REASON.txt"
)

// againSuffix ends the name of a bundle that the hub wants tried although it was taken back before.
const againSuffix = ".again.bundle"

const (
	// partAge is how long a bundle that does not grow may lie there half, and partsMost what all of them may hold in bytes.
	partAge   = 7 * 24 * time.Hour
	partsMost = MaxBundle
	// refusedLeaves is how much room a bundle that was refused has to leave on the disk to be kept, in bytes.
	refusedLeaves = 1 << 30
)

var (
	bundleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.bundle$`)
	partFile   = regexp.MustCompile(`^\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.part$`)
)

// DropReport is what became of what lay in the drop folder.
type DropReport struct {
	// Outcomes are those of the bundles that were there, the newest version first.
	Outcomes []Outcome
	// Restart says that a start is needed to try one.
	Restart bool
}

// Drop takes what lies in the drop folder. Of several bundles the newest is taken. One that cannot be taken because a trial
// runs waits; others that are refused are moved aside, where one is kept. Nothing there is believed: a bundle is a file that
// is opened once and whose signature holds, and the bytes that are written are those that are verified, whoever changes
// the file meanwhile.
func Drop(ctx context.Context, o Options) (r DropReport, err error) {
	unlock, err := o.Machine.lock()
	if err != nil {
		return r, err
	}
	defer unlock()
	d := &drop{Options: o}
	for {
		found, err := d.claim()
		if err != nil {
			return r, err
		}
		if len(found) == 0 {
			return r, nil
		}
		again, err := d.round(ctx, found, &r)
		if err != nil || !again {
			return r, err
		}
	}
}

// drop is one call of Drop.
type drop struct{ Options }

func (d *drop) path(parts ...string) string {
	return filepath.Join(append([]string{d.Machine.Drop}, parts...)...)
}

// claim moves what lies in the folder to where nobody else comes, tidies it, and returns the names of what is to be done.
func (d *drop) claim() ([]string, error) {
	for name, mode := range map[string]fs.FileMode{dropWork: 0o700, dropRefused: 0o755} {
		if err := os.MkdirAll(d.path(name), mode); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(d.path(dropIn))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case bundleName.MatchString(name):
			// A folder does not take the place of a file, nor a file that of a folder: what was there before is gone first.
			if err := os.RemoveAll(d.path(dropWork, name)); err != nil {
				return nil, err
			}
			if err := os.Rename(d.path(dropIn, name), d.path(dropWork, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		case !partFile.MatchString(name):
			if err := os.RemoveAll(d.path(dropIn, name)); err != nil {
				return nil, err
			}
		}
	}
	if err := d.tidyParts(); err != nil {
		return nil, err
	}
	work, err := os.ReadDir(d.path(dropWork))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range work {
		names = append(names, e.Name())
	}
	return names, nil
}

// tidyParts removes what nobody finishes, and the oldest of what is too much.
func (d *drop) tidyParts() error {
	entries, err := os.ReadDir(d.path(dropIn))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	var parts []fs.FileInfo
	for _, e := range entries {
		// What goes meanwhile is gone.
		if info, err := os.Lstat(d.path(dropIn, e.Name())); err == nil && partFile.MatchString(e.Name()) {
			parts = append(parts, info)
		}
	}
	slices.SortFunc(parts, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	left := int64(partsMost)
	for _, p := range parts {
		if left -= p.Size(); p.Mode().IsRegular() && left >= 0 && d.now().Sub(p.ModTime()) < partAge {
			continue
		}
		if err := os.RemoveAll(d.path(dropIn, p.Name())); err != nil {
			return err
		}
	}
	return nil
}

// candidate is a claimed bundle that is open.
type candidate struct {
	name     string
	file     *os.File
	size     int64
	source   string
	contents Contents
}

func (c candidate) version() int64 { return c.contents.Manifest().Version }

// round looks at all bundles that were claimed and takes the newest. It reports whether to look again.
func (d *drop) round(ctx context.Context, names []string, r *DropReport) (again bool, err error) {
	var good []candidate
	defer func() {
		for _, c := range good {
			c.file.Close()
		}
	}()
	for _, name := range names {
		c, err := d.open(name)
		if err != nil {
			if ReasonOf(err) == ReasonInternal {
				return false, err
			}
			if err := d.aside(name, c.source, Manifest{}, err, r); err != nil {
				return false, err
			}
			continue
		}
		good = append(good, c)
	}
	if len(good) == 0 {
		return false, nil
	}
	slices.SortStableFunc(good, func(a, b candidate) int { return int(min(max(b.version()-a.version(), -1), 1)) })
	for _, c := range good[1:] {
		why := refuse(ReasonSuperseded, "version %d is here too", good[0].version())
		if err := d.aside(c.name, c.source, c.contents.Manifest(), why, r); err != nil {
			return false, err
		}
	}
	return d.take(ctx, good[0], r)
}

// open opens a claimed bundle and verifies its signature.
func (d *drop) open(name string) (c candidate, err error) {
	c = candidate{name: name, source: FromDrop}
	if c.file, c.size, err = openBundle(d.path(dropWork, name)); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EISDIR) {
			err = refuse(ReasonKind, "it is no file")
		}
		return c, err
	}
	if info, err := c.file.Stat(); err == nil {
		if owner, ok := ownerOf(info); ok && owner == 0 {
			c.source = FromStick
		}
	}
	if c.contents, err = d.Open(c.file, c.size); err != nil {
		c.file.Close()
	}
	return c, err
}

// take applies a bundle. It reports whether something else may be done then.
func (d *drop) take(ctx context.Context, c candidate, r *DropReport) (again bool, err error) {
	o := d.Options
	o.Name, o.Source, o.Again = c.name, c.source, strings.HasSuffix(c.name, againSuffix)
	manifest := c.contents.Manifest()
	report, err := install(ctx, c.contents, o)
	switch reason := ReasonOf(err); {
	case err == nil:
		r.Restart = r.Restart || report.Restart
		if s, serr := d.Machine.remember(); serr == nil {
			if out, ok := s.of(manifest.ID()); ok {
				r.Outcomes = append(r.Outcomes, out)
			}
		}
		return true, os.Remove(d.path(dropWork, c.name))
	case ctx.Err() != nil:
		return false, ctx.Err()
	case reason == ReasonTrial && manifest.Version != d.Machine.Runs.Version:
		// It is taken up at the next start.
		return false, d.wait(o, manifest, r)
	case reason == ReasonInternal:
		return false, err
	default:
		return true, d.aside(c.name, c.source, manifest, err, r)
	}
}

// wait remembers a bundle that is taken up when the trial has ended.
func (d *drop) wait(o Options, manifest Manifest, r *DropReport) error {
	s, err := d.Machine.remember()
	if err != nil {
		return err
	}
	out := o.outcome(manifest, Waiting)
	out.Text = fmt.Sprintf("version %d is on trial", d.Machine.Runs.Version)
	s.note(out, d.now())
	r.Outcomes = append(r.Outcomes, s.History[0])
	return errors.Join(d.Machine.keep(s), d.Machine.publish(s, d.Floor))
}

// aside moves a bundle that was refused to where people can look at it, in place of the one before.
func (d *drop) aside(name, source string, m Manifest, why error, r *DropReport) error {
	o := d.Options
	o.Name, o.Source = name, source
	_ = o.refused(m, why)
	out := o.outcome(m, Refused)
	out.Reason, out.Text, out.At = ReasonOf(why), oneLine(why.Error()), d.now().Unix()
	r.Outcomes = append(r.Outcomes, out)

	old, err := os.ReadDir(d.path(dropRefused))
	if err != nil {
		return err
	}
	for _, e := range old {
		if err := os.RemoveAll(d.path(dropRefused, e.Name())); err != nil {
			return err
		}
	}
	from := d.path(dropWork, name)
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	free, err := d.Machine.Disk.Free(d.Machine.Drop)
	if err != nil || !info.Mode().IsRegular() || info.Size() > MaxBundle || free < refusedLeaves {
		err = os.RemoveAll(from)
	} else if err = os.Rename(from, d.path(dropRefused, name)); err == nil {
		err = os.Chmod(d.path(dropRefused, name), 0o644)
	}
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s: %s: %s\n", strings.TrimSuffix(name, "\n"), out.Reason, out.Text)
	return os.WriteFile(d.path(dropRefused, ReasonFile), []byte(line), 0o644)
}

// Pending says whether bundles lie in the drop folder that nobody has taken yet.
func (m Machine) Pending() bool {
	entries, err := os.ReadDir(filepath.Join(m.Drop, dropIn))
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return bundleName.MatchString(e.Name()) })
}
