package powercut

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"tenin/firmware/flash/gpt"
	"tenin/firmware/powercut/fat"
)

// Options say what [Check] examines.
type Options struct {
	// Seed chooses the cases; with the same one they are the same.
	Seed uint64
	// Cases is how many power cuts there are; 0 is 200.
	Cases int
	// Trusted says whether firmware starts a program: uki.VerifyPE with the certificates of the device, for instance. nil
	// takes the loader and the kernel images for good that are on the disk before the first write and after the last.
	Trusted func(image []byte) error
	// Progress is told after each case, if it is not nil.
	Progress func(done, total int)
}

// A Result is a case and what became of it.
type Result struct {
	Case    Case    `json:"case"`
	Verdict Verdict `json:"verdict"`
}

// A Report counts what became of all cases.
type Report struct {
	Entries int `json:"entries"`
	Flushes int `json:"flushes"`
	// Bytes were written, what was discarded not counted.
	Bytes int64 `json:"bytes"`
	// Seed and Cases are those of the options.
	Seed  uint64 `json:"seed"`
	Cases int    `json:"cases"`
	// Outcomes counts them, and Started which version started from which slot: "tenin_2+3.efi from root-b".
	Outcomes map[Outcome]int `json:"outcomes"`
	Started  map[string]int  `json:"started"`
	Results  []Result        `json:"results"`
}

// Bad returns the cases after which somebody has to go there: [Stuck] and [Dead].
func (r Report) Bad() []Result { return r.with(Stuck, Dead) }

// Early returns the cases in which something was offered that was not all there yet, counted so that it falls back. An
// updater that works in the right order has none.
func (r Report) Early() []Result { return r.with(FallsBack) }

// Crossed returns the cases in which two files of the ESP have clusters in common.
func (r Report) Crossed() (list []Result) {
	for _, result := range r.Results {
		if len(result.Verdict.Crossed) > 0 {
			list = append(list, result)
		}
	}
	return list
}

func (r Report) with(outcomes ...Outcome) (list []Result) {
	for _, result := range r.Results {
		if slices.Contains(outcomes, result.Verdict.Outcome) {
			list = append(list, result)
		}
	}
	return list
}

// Pick returns up to n cases that differ as much as they can, to start them for good: of each kind, and of each thing that
// starts, those where most was lost.
func (r Report) Pick(n int) []Result {
	rest := slices.Clone(r.Results)
	slices.SortStableFunc(rest, func(a, b Result) int { return b.Case.Lost - a.Case.Lost })
	var picked []Result
	seen := map[string]bool{}
	for _, by := range []func(Result) string{
		func(x Result) string { return string(x.Verdict.Outcome) + string(x.Case.Kind) + x.Verdict.Started },
		func(x Result) string { return fmt.Sprint(x.Case.Flushed) },
		func(x Result) string { return fmt.Sprint(x.Case.Number) },
	} {
		for _, x := range rest {
			key := by(x)
			taken := slices.ContainsFunc(picked, func(p Result) bool { return p.Case.Number == x.Case.Number })
			if len(picked) < n && !seen[key] && !taken {
				picked = append(picked, x)
			}
			seen[key] = true
		}
	}
	return picked
}

// Check examines power cuts during the writes of a record. base is the disk before them, of size bytes.
func Check(ctx context.Context, base io.ReaderAt, size int64, log *Log, o Options) (Report, error) {
	if o.Cases == 0 {
		o.Cases = 200
	}
	report := Report{Entries: len(log.Entries), Seed: o.Seed, Cases: o.Cases, Outcomes: map[Outcome]int{}, Started: map[string]int{}}
	for _, e := range log.Entries {
		if e.Flush {
			report.Flushes++
		}
		if !e.Discard {
			report.Bytes += e.Size
		}
	}
	list, err := plan(base, size, log, o)
	if err != nil {
		return report, err
	}
	trusted := o.Trusted
	if trusted == nil {
		if trusted, err = known(base, size, log); err != nil {
			return report, err
		}
	}
	j := newJudge(trusted)
	report.Results = make([]Result, 0, len(list))
	err = each(newView(base, size, log), list, func(c Case, v *View) error {
		verdict, err := j.judge(ctx, v)
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		report.Results = append(report.Results, Result{c, verdict})
		report.Outcomes[verdict.Outcome]++
		if verdict.Started != "" {
			report.Started[verdict.Started+" from "+verdict.Root]++
		}
		if o.Progress != nil {
			o.Progress(len(report.Results), len(list))
		}
		return nil
	})
	if err != nil {
		return report, err
	}
	slices.SortFunc(report.Results, func(a, b Result) int { return a.Case.Number - b.Case.Number })
	return report, nil
}

// Each calls do with n power cuts during the writes of a record, whatever is on the disk, and ends at its first error. The
// view is valid until do returns.
func Each(base io.ReaderAt, size int64, log *Log, seed uint64, n int, do func(Case, *View) error) error {
	return each(newView(base, size, log), log.cases(seed, n, func(Entry) bool { return false }), do)
}

// each goes from the first moment to the last, so that what was flushed is laid over the disk once.
func each(flushed *View, list []Case, do func(Case, *View) error) error {
	slices.SortStableFunc(list, func(a, b Case) int { return a.Flushed - b.Flushed })
	at := 0
	for _, c := range list {
		for ; at < c.Flushed; at++ {
			flushed.apply(at, nil)
		}
		if err := do(c, c.view(flushed)); err != nil {
			return err
		}
	}
	return nil
}

// plan chooses the cases. The writes that decide are those to the partition table and the ESP.
func plan(base io.ReaderAt, size int64, log *Log, o Options) ([]Case, error) {
	table, err := gpt.Read(base, size)
	if err != nil {
		return nil, fmt.Errorf("the disk before the writes: %w", err)
	}
	esp, ok := table.Find("esp")
	if !ok {
		return nil, errors.New("the disk before the writes has no esp")
	}
	return log.cases(o.Seed, o.Cases, func(e Entry) bool { return e.Offset < esp.Offset()+esp.Size() }), nil
}

// known takes the programs of the first and the last moment for good.
func known(base io.ReaderAt, size int64, log *Log) (func(image []byte) error, error) {
	first, last := newView(base, size, log), newView(base, size, log)
	for i := range log.Entries {
		last.apply(i, nil)
	}
	good := map[[32]byte]bool{}
	for _, v := range []*View{first, last} {
		table, err := gpt.Read(v, size)
		if err != nil {
			return nil, err
		}
		p, _ := table.Find("esp")
		esp, err := fat.Open(section{v, p.Offset()}, p.Size())
		if err != nil {
			return nil, err
		}
		paths := []string{loaderPath}
		list, err := esp.List("EFI/Linux")
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if !e.Folder {
				paths = append(paths, "EFI/Linux/"+e.Name)
			}
		}
		for _, path := range paths {
			image, err := esp.ReadFile(path, maxKernel)
			if err != nil {
				return nil, fmt.Errorf("esp: %w", err)
			}
			good[sha256.Sum256(image)] = true
		}
	}
	return func(image []byte) error {
		if !good[sha256.Sum256(image)] {
			return fmt.Errorf("%d bytes are not a whole program", len(image))
		}
		return nil
	}, nil
}

// WriteDisk makes a file of the disk that a case of a [Report] leaves, to start it. o has the seed and the number of cases
// of that report; the file must not exist yet.
func WriteDisk(base *os.File, log *Log, o Options, number int, path string) error {
	info, err := base.Stat()
	if err != nil {
		return err
	}
	if o.Cases == 0 {
		o.Cases = 200
	}
	list, err := plan(base, info.Size(), log, o)
	if err != nil {
		return err
	}
	if number < 0 || number >= len(list) {
		return fmt.Errorf("there is no case %d of %d", number, len(list))
	}
	flushed := newView(base, info.Size(), log)
	for i := range list[number].Flushed {
		flushed.apply(i, nil)
	}
	return list[number].view(flushed).WriteTo(base, path)
}
