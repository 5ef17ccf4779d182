package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
)

// ErrFloorOld means that the record of a floor was put back to an earlier moment.
var ErrFloorOld = errors.New("its record is older than it was")

// Floor is a number that nobody takes back unseen: the lowest version of a program that may run. It may be set higher or
// lower, and each time a number in the TPM goes one up. The record says which count it belongs to, so an earlier record is
// found out, and versions need not follow each other as counts do.
//
// The record is a file, 0600: "TFL1", 32 bytes of secret that open the number in the TPM, u64 count (0: there is no number
// yet), u64 floor, u16 length and the number's id, SHA-256 of all before. It tells nothing and is not signed: whoever may
// write the file may set the floor. So it belongs on a file system that only the device opens, and what it guards against is
// a disk that was put back.
//
// What is left to an attacker: who runs code as root on the device sets the floor as the device does. Who owns the TPM can
// delete the number, which is found out and stops the device, and cannot bring it back. A copy of the disk from before the
// first Set has no record and no floor.
type Floor struct {
	path    string
	counter interface {
		Create(Secret) ([]byte, uint64, error)
		Read([]byte, Secret) (uint64, error)
		Increment([]byte, Secret) (uint64, error)
		Delete([]byte) error
	}
}

// NewFloor returns the floor whose record is, or will be, the file at path, and whose number is in the TPM at tpm (empty:
// DefaultTPM). It touches nothing yet.
func NewFloor(path, tpm string) *Floor { return &Floor{path, NewCounter(tpm)} }

type floorRecord struct {
	secret Secret
	count  uint64
	floor  uint64
	id     []byte
}

const (
	floorMagic = "TFL1"
	floorFixed = 4 + 32 + 8 + 8 + 2
	floorLimit = floorFixed + CounterIDSize + sha256.Size
)

// Value returns the floor, 0 where none was set. Errors wrap ErrFloorOld, ErrNoCounter (the number was deleted, or the TPM
// cleared), ErrDamaged, ErrNoTPM or ErrUnsafe: whether a version is too old cannot be told then.
func (f *Floor) Value() (int64, error) {
	r, unlock, err := f.hold()
	defer unlock()
	if err != nil || r == nil {
		return 0, err
	}
	defer r.secret.Destroy()
	if r.count == 0 {
		return 0, nil
	}
	if err := f.check(r); err != nil {
		return 0, err
	}
	return int64(r.floor), nil
}

// Set makes the floor version. The errors are those of Value and of the file system; an interrupted Set is finished by the
// next call of either, or was never begun.
func (f *Floor) Set(version int64) error {
	if version < 0 {
		return fmt.Errorf("floor: a version of %d", version)
	}
	r, unlock, err := f.hold()
	defer unlock()
	if err != nil {
		return err
	}
	if r == nil {
		r = &floorRecord{secret: Random(32)}
	}
	defer r.secret.Destroy()
	if r.count == 0 {
		return f.begin(r, version)
	}
	if err := f.check(r); err != nil {
		return err
	}
	if r.floor == uint64(version) {
		return nil
	}
	// The record first: one ahead of the number is a Set that was interrupted, one behind it an earlier record.
	r.count, r.floor = r.count+1, uint64(version)
	if err := f.write(r); err != nil {
		return err
	}
	return f.check(r)
}

// begin makes the number. The secret is stored before, so that an interrupted begin finds the number that it made.
func (f *Floor) begin(r *floorRecord, version int64) (err error) {
	if err := f.write(r); err != nil {
		return err
	}
	if r.id, r.count, err = f.counter.Create(r.secret); err != nil {
		return err
	}
	r.floor = uint64(version)
	return f.write(r)
}

// Renew gives the floor another number, where the one before is gone with its TPM, and keeps what it is. Whoever calls it
// has proved to be the owner by other means. A floor that was never set stays so.
func (f *Floor) Renew() error {
	r, unlock, err := f.hold()
	defer unlock()
	if err != nil || r == nil {
		return err
	}
	defer r.secret.Destroy()
	if r.count == 0 {
		return nil
	}
	// That the old number is gone already, or cannot be deleted, changes nothing.
	_ = f.counter.Delete(r.id)
	fresh := &floorRecord{secret: Random(32)}
	defer fresh.secret.Destroy()
	if fresh.id, fresh.count, err = f.counter.Create(fresh.secret); err != nil {
		return err
	}
	fresh.floor = r.floor
	return f.write(fresh)
}

// Destroy takes the floor away with its number, as when a device is wiped.
func (f *Floor) Destroy() error {
	r, unlock, err := f.hold()
	defer unlock()
	if err == nil && r != nil {
		if r.count > 0 {
			err = f.counter.Delete(r.id)
		}
		r.secret.Destroy()
	}
	if rerr := os.Remove(f.path); !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

// hold returns the record, nil where there is none, and keeps other processes out until unlock, which is never nil: two of them
// that finish one interrupted Set would move the number twice, and whoever only looks may be one of them. The folder is locked,
// since the record is replaced and may lie where nothing can be written.
func (f *Floor) hold() (r *floorRecord, unlock func(), err error) {
	unlock = func() {}
	dir, err := os.Open(filepath.Dir(f.path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unlock, nil
	} else if err != nil {
		return nil, unlock, err
	}
	unlock = func() { _ = dir.Close() }
	for {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, unlock, fmt.Errorf("floor: %s: %w", filepath.Dir(f.path), err)
	}
	r, err = f.read()
	return r, unlock, err
}

// check compares the record with the number, and moves the number to where an interrupted Set left it.
func (f *Floor) check(r *floorRecord) error {
	value, err := f.counter.Read(r.id, r.secret)
	if err != nil {
		return fmt.Errorf("floor: %w", err)
	}
	if value+1 == r.count {
		if value, err = f.counter.Increment(r.id, r.secret); err != nil {
			return fmt.Errorf("floor: %w", err)
		}
	}
	switch {
	case value == r.count:
		return nil
	case value > r.count:
		return fmt.Errorf("floor: %w: it was written at count %d and the TPM stands at %d: an earlier copy of the disk was put back", ErrFloorOld, r.count, value)
	default:
		return fmt.Errorf("floor: %w: its count %d is ahead of the TPM's %d", ErrDamaged, r.count, value)
	}
}

// read returns the record, nil where there is none.
func (f *Floor) read() (*floorRecord, error) {
	file, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	b := make([]byte, floorLimit+1)
	defer clear(b)
	n, err := file.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if n > floorLimit || n == 0 {
		return nil, fmt.Errorf("floor: %s: %w: %d bytes", f.path, ErrDamaged, n)
	}
	r, err := parseFloor(b[:n])
	if err != nil {
		return nil, fmt.Errorf("floor: %s: %w", f.path, err)
	}
	return r, nil
}

// parseFloor accepts what encode writes and nothing else.
func parseFloor(b []byte) (*floorRecord, error) {
	cut := fmt.Errorf("%w: it is cut or was changed", ErrDamaged)
	if len(b) < floorFixed+sha256.Size || string(b[:4]) != floorMagic {
		return nil, cut
	}
	content, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(content); !bytes.Equal(want[:], sum) {
		return nil, cut
	}
	r := &floorRecord{count: binary.LittleEndian.Uint64(content[36:]), floor: binary.LittleEndian.Uint64(content[44:])}
	r.id = bytes.Clone(content[floorFixed:])
	if int(binary.LittleEndian.Uint16(content[52:])) != len(r.id) || r.floor > math.MaxInt64 || (r.count == 0) != (len(r.id) == 0) || r.count == 0 && r.floor != 0 {
		return nil, cut
	}
	r.secret = NewSecret(content[4:36])
	return r, nil
}

func (r *floorRecord) encode() []byte {
	b := append(make([]byte, 0, floorLimit), floorMagic...)
	b = append(b, r.secret.Bytes()...)
	b = binary.LittleEndian.AppendUint64(b, r.count)
	b = binary.LittleEndian.AppendUint64(b, r.floor)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.id)))
	b = append(b, r.id...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// write replaces the record, whole or not at all.
func (f *Floor) write(r *floorRecord) (err error) {
	b := r.encode()
	defer clear(b)
	temp := f.path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, f.path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
