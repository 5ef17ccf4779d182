package uplink

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// fetchState is what is remembered between two tries, beside the part.
	fetchState = ".tenin_fetch"
	// syncEvery is how many bytes may be lost to a power cut. A sync of that much takes
	// a slow eMMC about a tenth of a second.
	syncEvery = 8 << 20
	// fetchRoom stays free on the disk for everybody else.
	fetchRoom = 256 << 20
)

// fetchMemory is the state's file.
type fetchMemory struct {
	SHA256 []byte `json:"sha256,omitempty"` // of the bundle whose part is there
	Synced int64  `json:"synced"`           // bytes of it that are on the disk for certain
	Day    int64  `json:"day"`              // of the budget: days since 1970
	Spent  int64  `json:"spent"`            // bytes on that day
}

// part is a bundle that is being fetched.
type part struct {
	folder, name string
	file         *os.File
	offer        Offer
	memory       fetchMemory
	sum          hash.Hash
	have         int64 // bytes that are in the file and in sum
	budget       int64
	now          func() time.Time
}

func partName(o Offer) string {
	return fmt.Sprintf(".tenin_%d-%s.part", o.Version, hex.EncodeToString(o.SHA256[:8]))
}

func bundleName(version int64) string { return fmt.Sprintf("tenin_%d.bundle", version) }

// readMemory returns what is remembered; what cannot be read is forgotten.
func readMemory(folder string) (m fetchMemory) {
	f, err := os.OpenFile(filepath.Join(folder, fetchState), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return m
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil || json.Unmarshal(b, &m) != nil || m.Synced < 0 || m.Spent < 0 {
		return fetchMemory{}
	}
	return m
}

// openPart opens the part of an offer, at what is certain of it, and removes all
// others.
func openPart(folder string, o Offer, budget int64, now func() time.Time) (p *part, err error) {
	p = &part{folder: folder, name: partName(o), offer: o, memory: readMemory(folder), sum: sha256.New(), budget: budget, now: now}
	if err := dropParts(folder, func(name string) bool { return name != p.name }); err != nil {
		return nil, err
	}
	if !bytes.Equal(p.memory.SHA256, o.SHA256) {
		p.memory.SHA256, p.memory.Synced = o.SHA256, 0
	}
	if p.file, err = os.OpenFile(p.path(), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o640); err != nil {
		return nil, fmt.Errorf("drop folder: %w", err)
	}
	defer func() {
		if err != nil {
			_ = p.file.Close()
		}
	}()
	info, err := p.file.Stat()
	if err != nil {
		return nil, err
	}
	certain := min(p.memory.Synced, info.Size(), o.Size)
	if err := p.file.Truncate(certain); err != nil {
		return nil, err
	}
	if p.have, err = io.Copy(p.sum, io.LimitReader(p.file, certain)); err != nil {
		return nil, fmt.Errorf("drop folder: %w", err)
	}
	var room unix.Statfs_t
	if err := unix.Statfs(folder, &room); err != nil {
		return nil, err
	}
	if free := int64(room.Bavail) * room.Bsize; free < o.Size-p.have+fetchRoom {
		return nil, fmt.Errorf("version %d takes %d MB, and %d MB are free of which %d stay so: it is not fetched", o.Version, o.Size>>20, free>>20, int64(fetchRoom)>>20)
	}
	return p, nil
}

func (p *part) path() string { return filepath.Join(p.folder, p.name) }

// spend takes n bytes from the day's budget.
func (p *part) spend(n int64) error {
	day := p.now().Unix() / int64(24*time.Hour/time.Second)
	if day != p.memory.Day {
		p.memory.Day, p.memory.Spent = day, 0
	}
	if p.memory.Spent+n > p.budget {
		return fmt.Errorf("more than %d MB were fetched today: it goes on tomorrow", p.budget>>20)
	}
	p.memory.Spent += n
	return nil
}

// add appends what came.
func (p *part) add(b []byte) error {
	if _, err := p.file.WriteAt(b, p.have); err != nil {
		return fmt.Errorf("drop folder: %w", err)
	}
	p.sum.Write(b)
	p.have += int64(len(b))
	if p.have-p.memory.Synced >= syncEvery {
		return p.sync()
	}
	return nil
}

// sync makes certain what is there, and remembers that.
func (p *part) sync() error {
	if err := p.file.Sync(); err != nil {
		return fmt.Errorf("drop folder: %w", err)
	}
	p.memory.Synced = p.have
	return p.remember()
}

func (p *part) remember() error {
	b, err := json.Marshal(p.memory)
	if err != nil {
		return err
	}
	if err := ReplaceFile(filepath.Join(p.folder, fetchState), b); err != nil {
		return fmt.Errorf("drop folder: %w", err)
	}
	return nil
}

// finish gives a whole part its name, or throws away what is not what was promised.
func (p *part) finish() (string, error) {
	if !bytes.Equal(p.sum.Sum(nil), p.offer.SHA256) {
		p.memory.SHA256, p.memory.Synced = nil, 0
		return "", errors.Join(fmt.Errorf("%w: what came of version %d is not what it promised (SHA-256)", ErrLied, p.offer.Version),
			os.Remove(p.path()), p.remember())
	}
	if err := p.sync(); err != nil {
		return "", err
	}
	path := filepath.Join(p.folder, bundleName(p.offer.Version))
	if err := os.Rename(p.path(), path); err != nil {
		return "", fmt.Errorf("drop folder: %w", err)
	}
	p.memory.SHA256, p.memory.Synced = nil, 0
	// Syncs the folder too.
	return path, p.remember()
}

func (p *part) close() { _ = p.file.Close() }

// dropParts removes the parts of bundles for which unwanted holds.
func dropParts(folder string, unwanted func(name string) bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("drop folder: %w", err)
	}
	for _, e := range entries {
		// What a power cut left of a replacement of the state.
		if strings.HasPrefix(e.Name(), "."+fetchState+"-") {
			err = errors.Join(err, os.Remove(filepath.Join(folder, e.Name())))
		}
		if n := e.Name(); strings.HasPrefix(n, ".tenin_") && strings.HasSuffix(n, ".part") && unwanted(n) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, n)))
		}
	}
	return err
}
