package powercut

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"

	"tenin/firmware/flash/gpt"
	"tenin/firmware/powercut/fat"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// An Outcome is what becomes of a disk that is started after a power cut.
type Outcome string

// The outcomes, from good to bad.
const (
	// Starts: what is chosen first starts.
	Starts Outcome = "starts"
	// FallsBack: what is chosen first fails and starts anew by itself until its counter is spent, and then another starts.
	FallsBack Outcome = "falls back"
	// Stuck: it stops, and goes on only when somebody switches it off and on.
	Stuck Outcome = "stuck"
	// Dead: nothing on it starts any more.
	Dead Outcome = "dead"
)

// A Verdict says what starts.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// First is the file that is chosen first, and Started the one that starts in the end; empty for none.
	First   string `json:"first"`
	Started string `json:"started"`
	// Root and Models are the partitions that the started one runs from.
	Root   string `json:"root"`
	Models string `json:"models,omitempty"`
	// Boots is how many starts it takes, the good one included.
	Boots int `json:"boots"`
	// Why says what failed first, if something did.
	Why string `json:"why,omitempty"`
	// Crossed are pairs of files in the ESP that have clusters in common, as two names of one file after a rename that was cut
	// off. It starts all the same, but deleting one spoils the other.
	Crossed []string `json:"crossed,omitempty"`
	// Notes are what does not keep it from starting: tables that differ, lost space.
	Notes []string `json:"notes,omitempty"`
}

// loaderPath is the program that firmware starts from a disk that it was told nothing about.
const loaderPath = "EFI/BOOT/BOOTX64.EFI"

// A judge examines views of one disk, and remembers what it found of parts that stay.
type judge struct {
	// trusted says whether firmware starts an image.
	trusted func(image []byte) error
	seed    maphash.Seed
	images  map[[32]byte]error
	slots   map[slotKey]error
}

type slotKey struct {
	partition string
	print     uint64
	image     verity.Image
}

// restartsError marks a failure after which the machine starts anew by itself.
type restartsError struct{ error }

func (e restartsError) Unwrap() error { return e.error }

// Judge says what becomes of a disk. trusted says whether firmware starts a program, by its signature for instance.
func Judge(ctx context.Context, v *View, trusted func(image []byte) error) (Verdict, error) {
	return newJudge(trusted).judge(ctx, v)
}

func newJudge(trusted func(image []byte) error) *judge {
	return &judge{trusted: trusted, seed: maphash.MakeSeed(), images: map[[32]byte]error{}, slots: map[slotKey]error{}}
}

func dead(format string, a ...any) Verdict {
	return Verdict{Outcome: Dead, Why: fmt.Sprintf(format, a...)}
}

// judge returns an error only when it could not examine the disk.
func (j *judge) judge(ctx context.Context, v *View) (Verdict, error) {
	table, err := gpt.Read(v, v.Size())
	if errors.Is(err, gpt.ErrNone) {
		return dead("%v", err), nil
	} else if err != nil {
		return Verdict{}, err
	}
	var notes []string
	if _, err := gpt.ReadBackup(v, v.Size()); err != nil {
		notes = append(notes, "the backup of the partition table: "+err.Error())
	}
	p, ok := table.Find("esp")
	if !ok {
		return dead("the partition table has no esp"), nil
	}
	esp, err := fat.Open(section{v, p.Offset()}, p.Size())
	if err != nil {
		return dead("esp: %v", err), nil
	}
	loader, err := esp.ReadFile(loaderPath, maxKernel)
	if err == nil {
		err = j.whole(loader)
	}
	if err != nil {
		return dead("loader: %v", err), nil
	}
	if list, err := esp.List("loader/entries"); err == nil && len(list) > 0 {
		return Verdict{}, fmt.Errorf("esp: loader/entries has files, which are not examined here")
	}
	conf, err := esp.ReadFile("loader/loader.conf", 1<<20)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		notes = append(notes, "loader.conf: "+err.Error())
	}
	list, err := entries(esp)
	if err != nil {
		return dead("esp: %v", err), nil
	}
	verdict, err := j.boot(ctx, v, table, list, string(conf))
	if err != nil {
		return Verdict{}, err
	}
	state := esp.Check()
	if state.CopiesDiffer {
		notes = append(notes, "the esp's two tables differ")
	}
	if state.Lost > 0 {
		notes = append(notes, fmt.Sprintf("the esp has %d lost clusters", state.Lost))
	}
	for _, name := range state.Broken {
		notes = append(notes, "the esp's "+name+" cannot be read to its end")
	}
	verdict.Crossed, verdict.Notes = state.Crossed, notes
	return verdict, nil
}

// boot starts the machine again and again until something runs or nothing changes any more.
func (j *judge) boot(ctx context.Context, v *View, table *gpt.Table, list []entry, conf string) (Verdict, error) {
	verdict := Verdict{Outcome: Starts}
	for len(list) > 0 {
		i := choose(list, conf)
		e := &list[i]
		verdict.Boots++
		if verdict.First == "" {
			verdict.First = e.file
		}
		file := e.file
		root, models, err := j.start(ctx, v, table, *e)
		if err == nil {
			verdict.Started, verdict.Root, verdict.Models = file, root, models
			if verdict.Boots > 1 && verdict.Outcome == Starts {
				verdict.Outcome = FallsBack
			}
			return verdict, nil
		}
		if ctx.Err() != nil {
			return Verdict{}, ctx.Err()
		}
		if verdict.Why == "" {
			verdict.Why = fmt.Sprintf("%s: %v", file, err)
		}
		if e.left <= 0 {
			verdict.Outcome = Dead
			return verdict, nil
		}
		if !errors.As(err, new(restartsError)) {
			verdict.Outcome = Stuck
		}
		// The loader counts before it starts something.
		e.left--
		e.done++
		sortEntries(list)
	}
	verdict.Outcome = Dead
	if verdict.Why == "" {
		verdict.Why = "EFI/Linux has nothing that the loader would offer"
	}
	return verdict, nil
}

// whole says whether firmware starts a program.
func (j *judge) whole(image []byte) error {
	sum := sha256.Sum256(image)
	err, known := j.images[sum]
	if !known {
		err = j.trusted(image)
		j.images[sum] = err
	}
	return err
}

// start does what firmware and the initrd do with an entry, and says which partitions it runs from.
func (j *judge) start(ctx context.Context, v *View, table *gpt.Table, e entry) (root, models string, err error) {
	if err := j.whole(e.image); err != nil {
		return "", "", err
	}
	info, err := uki.Read(e.image)
	if err != nil {
		return "", "", err
	}
	word, ok := info.Param("tenin.root")
	if !ok {
		return "", "", restartsError{errors.New("its command line names no root")}
	}
	if root, err = j.slot(ctx, v, table, word, "root-a", "root-b"); err != nil {
		return "", "", err
	}
	if word, ok := info.Param("tenin.models"); ok {
		if models, err = j.slot(ctx, v, table, word, "models-a", "models-b"); err != nil {
			return "", "", err
		}
	}
	return root, models, nil
}

// slot looks for an image as the initrd does: the first partition whose superblock has its identity is opened, and only
// that. Each block is compared, since a system that meets a wrong one later ends then.
func (j *judge) slot(ctx context.Context, v *View, table *gpt.Table, word string, names ...string) (string, error) {
	image, err := verity.Parse(word)
	if err != nil {
		return "", restartsError{err}
	}
	for _, p := range table.Partitions {
		if p.Name != names[0] && p.Name != names[1] {
			continue
		}
		uuid := make([]byte, 16)
		if image.Size() > p.Size() {
			continue
		}
		if _, err := v.ReadAt(uuid, p.Offset()+image.DataSize+16); err != nil {
			return "", err
		}
		if !bytes.Equal(uuid, image.UUID[:]) {
			continue
		}
		key := slotKey{p.Name, v.print(j.seed, p.Offset(), image.Size()), image}
		err, known := j.slots[key]
		if !known {
			err = verity.Check(ctx, section{v, p.Offset()}, image, nil)
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			j.slots[key] = err
		}
		if err != nil {
			return "", restartsError{fmt.Errorf("%s: %w", p.Name, err)}
		}
		return p.Name, nil
	}
	return "", restartsError{fmt.Errorf("neither %s nor %s holds what it starts", names[0], names[1])}
}

// A section is a part of a view from an offset on.
type section struct {
	v  *View
	at int64
}

func (s section) ReadAt(p []byte, off int64) (int, error) { return s.v.ReadAt(p, s.at+off) }
