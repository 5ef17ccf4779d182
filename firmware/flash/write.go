package flash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tenin/firmware/flash/gpt"
)

// head is how much of the disk's beginning is written last: the partition table and all before the first partition.
const head = 1 << 20

// ErrReadBack is wrapped when a disk gives back something else than was written: it is broken, or not as large as it says.
var ErrReadBack = errors.New("the disk reads back differently from what was written to it")

// Options say what [Write] may do, and to what.
type Options struct {
	// Verify refuses an image that is damaged or not signed; nil is [VerifyImage].
	Verify func(path string) error
	// Confirm has to be the disk's serial number, or its name where it has none ([Disk.Confirmation]).
	Confirm string
	// ToFile takes the path for that of a file, which is made, and needs no confirmation. Overwrite takes a file that is there
	// for a disk of that size. FileSize is the file's size in bytes, and 0 the image's.
	ToFile    bool
	FileSize  int64
	Overwrite bool
	// Progress is called now and then, by one goroutine at a time, if it is not nil.
	Progress func(Progress)
	// System is where disks are looked for.
	System System

	// open is for tests.
	open func(path string) (target, error)
}

// A Report is what was done.
type Report struct {
	Image string `json:"image"`
	// Disk is the path that was written to, and Size its size in bytes; ImageSize is that of the image.
	Disk      string `json:"disk"`
	Size      int64  `json:"size"`
	ImageSize int64  `json:"image_size"`
	// Written bytes were written, and Zeroed bytes made zero by the disk itself. All were read back and compared.
	Written int64 `json:"written"`
	Zeroed  int64 `json:"zeroed"`
	// Seconds of each stage.
	CheckSeconds  float64 `json:"check_seconds"`
	WriteSeconds  float64 `json:"write_seconds"`
	ReadSeconds   float64 `json:"read_seconds"`
	FinishSeconds float64 `json:"finish_seconds"`
	// MBPerSecond is the image's size by the time of all stages but the check of the image, in 10^6 bytes a second.
	MBPerSecond float64 `json:"mb_per_second"`
	// Contents are what the image says of itself.
	Contents Contents `json:"contents"`
	// Notes are for whoever holds the disk.
	Notes []string `json:"notes"`
}

// Write writes an image to a disk and returns when it was read back and found equal. The error wraps [ErrRefused] when the
// disk is not taken and [ErrImage] when the image is not, and nothing was written then; [ErrReadBack] when the disk is
// broken. After any error the disk starts as it did before, or not at all.
func Write(ctx context.Context, imagePath, disk string, o Options) (Report, error) {
	report := Report{Image: imagePath, Disk: disk, Notes: []string{}}
	m := &meter{tell: o.Progress}
	began := time.Now()
	lap := func(seconds *float64) {
		*seconds = math.Round(time.Since(began).Seconds()*1000) / 1000
		began = time.Now()
	}

	from, err := openImage(imagePath)
	if err != nil {
		return report, err
	}
	defer from.file.Close()
	report.ImageSize = from.size
	if o.ToFile {
		err = o.checkFile(disk, from)
	} else {
		err = o.checkDisk(disk, from)
	}
	if err != nil {
		return report, err
	}
	m.begin(Checking, from.size, 0)
	verify := o.Verify
	if verify == nil {
		verify = func(path string) error { return VerifyImage(ctx, path) }
	}
	if err := verify(imagePath); err != nil {
		return report, err
	}
	if err := errors.Join(ctx.Err(), from.unchanged()); err != nil {
		return report, err
	}
	report.Contents = from.contents()
	to, err := o.target(disk, from)
	if err != nil {
		return report, err
	}
	defer to.Close()
	report.Size = to.Size()
	lap(&report.CheckSeconds)

	if err := o.write(ctx, from, to, m, &report, lap); err != nil {
		// Whatever went wrong, and also where the last sectors were written but not read back.
		state := "nothing starts from it now"
		if invalidate(to) != nil {
			state = "do not start anything from it"
		}
		if ctx.Err() != nil {
			return report, fmt.Errorf("%s: stopped before it was done; %s: flash it again: %w", disk, state, err)
		}
		return report, fmt.Errorf("%s: %w; %s: try again, or take another", disk, err, state)
	}
	if err := to.Reread(); err != nil {
		report.Notes = append(report.Notes, "the kernel could not read the new partitions: take the disk out and put it in again")
	}
	report.MBPerSecond = math.Round(float64(from.size)/1e5/(report.WriteSeconds+report.ReadSeconds+report.FinishSeconds)) / 10
	return report, nil
}

func (o Options) write(ctx context.Context, from *image, to target, m *meter, report *Report, lap func(*float64)) error {
	if err := invalidate(to); err != nil {
		return err
	}
	list, err := from.pieces(head, from.end())
	if err != nil {
		return err
	}
	c := &copier{from: from, to: to, seed: maphash.MakeSeed(), meter: m, list: list}
	total := from.end() - head
	m.begin(Writing, total, total)
	if err := c.each(ctx, c.write); err != nil {
		return err
	}
	if err := to.Flush(); err != nil {
		return err
	}
	for _, p := range c.list {
		if p.zero {
			report.Zeroed += p.n
		} else {
			report.Written += p.n
		}
	}
	lap(&report.WriteSeconds)
	m.begin(ReadingBack, total, 0)
	if err := c.each(ctx, c.compare); err != nil {
		return err
	}
	lap(&report.ReadSeconds)
	m.begin(Finishing, head, 0)
	if err := errors.Join(ctx.Err(), from.unchanged()); err != nil {
		return err
	}
	if err := finish(from, to, !o.ToFile); err != nil {
		return err
	}
	m.add(head)
	report.Written += head
	lap(&report.FinishSeconds)
	return nil
}

// invalidate makes the disk one that nothing starts from. The backup of the partition table goes first: while the first
// table is whole the old system still starts, and with a backup alone some firmware would start what Linux then does not
// find.
func invalidate(to target) error {
	zero, free, err := buffer(head)
	if err != nil {
		return err
	}
	defer free()
	for _, off := range []int64{(to.Size() - head + blockSize - 1) / blockSize * blockSize, 0} {
		if _, err := to.WriteAt(zero[:min(head, to.Size()-off)], off); err != nil {
			return fmt.Errorf("writing at %d MiB: %w", off>>20, cause(err))
		}
		if err := to.Flush(); err != nil {
			return err
		}
	}
	// Nobody finds the old partitions by the kernel either. It does not matter if it cannot be told.
	_ = to.Reread()
	return nil
}

// finish makes the disk one that starts: the beginning, whose partition table counts only when all of it is there, and
// after it the header of the backup, for the reason that invalidate has.
//
// A fresh disk has identities of its own: a device must not take a stick that was flashed from the same image for its disk.
func finish(from *image, to target, fresh bool) error {
	first, free, err := buffer(head)
	if err != nil {
		return err
	}
	defer free()
	if _, err := from.file.ReadAt(first, 0); err != nil {
		return fmt.Errorf("the image cannot be read: %w", cause(err))
	}
	table := from.table
	if fresh {
		table = table.Fresh()
	}
	backup, err := table.Place(first, to.Size())
	if err != nil {
		return err
	}
	// The backup need not begin at a block: what lies before it in its block stays.
	at := backup.At / blockSize * blockSize
	last, free, err := buffer(int(to.Size() - at))
	if err != nil {
		return err
	}
	defer free()
	if err := readFull(to, last, at); err != nil {
		return err
	}
	copy(last[backup.At-at:], backup.Entries)
	header := last[len(last)-gpt.Sector:]
	clear(header)
	if err := put(to, last, at); err != nil {
		return err
	}
	if err := put(to, first, 0); err != nil {
		return err
	}
	copy(header, backup.Header)
	return put(to, last, at)
}

// put writes, flushes, and compares with what the disk says.
func put(to target, b []byte, off int64) error {
	if _, err := to.WriteAt(b, off); err != nil {
		return fmt.Errorf("writing at %d MiB: %w", off>>20, cause(err))
	}
	if err := to.Flush(); err != nil {
		return err
	}
	back, free, err := buffer(len(b))
	if err != nil {
		return err
	}
	defer free()
	if err := readFull(to, back, off); err != nil {
		return err
	}
	if !bytes.Equal(b, back) {
		return differs(off)
	}
	return nil
}

func readFull(from io.ReaderAt, b []byte, off int64) error {
	if n, err := from.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("reading back at %d MiB: %w", off>>20, cause(err))
	}
	return nil
}

// room says whether a disk of that size takes the image.
func room(from *image, size int64) error {
	if size < from.size {
		return fmt.Errorf("is too small: it has %s, and the image %s", megabytes(size), megabytes(from.size))
	}
	return nil
}

func megabytes(n int64) string {
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// Suits returns the disk with what speaks against it for the image at that path: it is too small, or counts in sectors
// that the image was not made for. The error is that of an image that cannot be read.
func (d Disk) Suits(imagePath string) (Disk, error) {
	i, err := openImage(imagePath)
	if err != nil {
		return d, err
	}
	defer i.file.Close()
	return d.suits(i), nil
}

func (d Disk) suits(i *image) Disk {
	d.Refused = append([]string{}, d.Refused...)
	if err := room(i, d.Size); err != nil && d.Size > 0 {
		d.Refused = append(d.Refused, err.Error())
	}
	if d.SectorSize != gpt.Sector {
		d.Refused = append(d.Refused, fmt.Sprintf("counts in sectors of %d bytes, and the image was made for %d", d.SectorSize, gpt.Sector))
	}
	return d
}

func (o Options) checkDisk(path string, from *image) error {
	d, err := o.System.Find(path)
	if err != nil {
		return err
	}
	if d = d.suits(from); len(d.Refused) > 0 {
		return fmt.Errorf("%w: %s %s", ErrRefused, d.Path, strings.Join(d.Refused, "; "))
	}
	if o.Confirm != d.Confirmation() && o.Confirm != d.Name {
		return fmt.Errorf("%w: %s was not confirmed: what was given is neither its serial number nor its name", ErrRefused, d.Path)
	}
	return nil
}

func (o Options) checkFile(path string, from *image) error {
	if info, err := os.Stat(path); err == nil && os.SameFile(info, from.info) {
		return fmt.Errorf("%w: %s is the image itself", ErrRefused, path)
	}
	if o.FileSize != 0 {
		if err := room(from, o.FileSize); err != nil {
			return fmt.Errorf("%w: %s %w", ErrRefused, path, err)
		}
	}
	return nil
}

// target opens what is written to, and looks again now that nobody else can use it.
func (o Options) target(path string, from *image) (target, error) {
	switch {
	case o.open != nil:
		return o.open(path)
	case o.ToFile:
		size := o.FileSize
		if size == 0 && !o.Overwrite {
			size = from.size
		}
		f, err := openFile(path, size, o.Overwrite)
		if err != nil {
			return nil, err
		}
		if err := room(from, f.size); err != nil {
			f.Close()
			return nil, fmt.Errorf("%w: %s %w", ErrRefused, path, err)
		}
		return f, nil
	}
	d, err := o.System.Find(path)
	if err != nil {
		return nil, err
	}
	b, err := openBlock(d.Path)
	if err != nil {
		return nil, err
	}
	// Another stick may have got the name since: what is asked now is about the device that is open.
	st, err := b.stat()
	if err == nil {
		number := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
		if o.System.text("class", "block", d.Name, "dev") != number {
			err = fmt.Errorf("%w: %s is another device by now; look again", ErrRefused, path)
		}
	}
	if err == nil {
		err = o.checkDisk(d.Path, from)
	}
	if err == nil && b.size < from.size {
		err = fmt.Errorf("%w: %s %w", ErrRefused, path, room(from, b.size))
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}
