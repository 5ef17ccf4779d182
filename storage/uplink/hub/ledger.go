package hub

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"tenin/llm/redact"
)

// flushEvery is how often new ids are written. Nothing hangs on it: what is not
// written is read from the stream again.
const flushEvery = 2 * time.Second

var (
	bucketMeta  = []byte("meta")
	keyMark     = []byte("stream")
	keyThrough  = []byte("through")
	errUnfit    = errors.New("the ledger is not of this stream")
	bucketOfDay = func(d day) []byte { return binary.BigEndian.AppendUint32(nil, uint32(d)) }
)

// day is a summary's own day: year*10000 + month*100 + day. Ids are filed by it,
// so that those of a day, which are random, stay in few pages.
type day uint32

func dayOf(s redact.Summary) day {
	h := s.Hour()
	return day(uint32(h.Year)*10000 + uint32(h.Month)*100 + uint32(h.Day))
}

// filed is an id and where to look for it.
type filed struct {
	id  redact.SummaryID
	day day
}

// ledger is the ids of all that is in the stream up to a sequence number: an index
// that can be made anew from the stream, and holds nothing that the stream does not.
// That is what keeps the two from disagreeing: the stream's sync is the only commit.
type ledger struct {
	path string
	mark string // of the stream

	mu      sync.RWMutex
	db      *bolt.DB
	fresh   map[filed]struct{} // not yet written
	writing map[filed]struct{} // being written
	through uint64             // of the stream, with fresh
	flushes sync.Mutex
}

// openLedger opens the ledger for the stream with this mark whose last sequence
// number is last. One that is damaged, of another stream, or ahead of the stream,
// which was then restored from a backup, is made anew.
func openLedger(path, mark string, last uint64, log *slog.Logger) (*ledger, error) {
	l := &ledger{path: path, mark: mark, fresh: map[filed]struct{}{}}
	err := l.load(mark, last)
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, errUnfit) {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	log.Warn("hub: the ledger is made anew from the stream", "why", err)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	if err := l.load(mark, last); err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	return l, nil
}

func (l *ledger) load(mark string, last uint64) (err error) {
	// bbolt trusts the pages of a damaged file and falls over them.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: it is damaged", errUnfit)
		}
		if err != nil && l.db != nil {
			_ = l.db.Close()
			l.db = nil
		}
	}()
	if l.db, err = bolt.Open(l.path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType}); err != nil {
		if os.IsPermission(err) || errors.Is(err, bolterrors.ErrTimeout) {
			return err
		}
		return fmt.Errorf("%w: %w", errUnfit, err)
	}
	return l.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketMeta)
		if b == nil {
			if b, err = tx.CreateBucket(bucketMeta); err != nil {
				return err
			}
			l.through = 0
			return errors.Join(b.Put(keyMark, []byte(mark)), b.Put(keyThrough, make([]byte, 8)))
		}
		through := b.Get(keyThrough)
		if string(b.Get(keyMark)) != mark || len(through) != 8 {
			return errUnfit
		}
		if l.through = binary.BigEndian.Uint64(through); l.through > last {
			return fmt.Errorf("%w: the stream is older than it", errUnfit)
		}
		return nil
	})
}

// has reports whether the stream has this id.
func (l *ledger) has(f filed) (had bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if _, ok := l.fresh[f]; ok {
		return true, nil
	}
	if _, ok := l.writing[f]; ok {
		return true, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("ledger %s: %w: remove the file, and it is made anew", l.path, ErrDamaged)
		}
	}()
	err = l.db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketOfDay(f.day)); b != nil {
			had = b.Get(f.id[:]) != nil
		}
		return nil
	})
	return had, err
}

// add notes the ids of the message of the stream with this sequence number.
func (l *ledger) add(seq uint64, ids []filed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range ids {
		l.fresh[f] = struct{}{}
	}
	l.through = max(l.through, seq)
}

// upTo returns the sequence number up to which the ledger knows the stream.
func (l *ledger) upTo() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.through
}

// flush writes what is new.
func (l *ledger) flush() (err error) {
	l.flushes.Lock()
	defer l.flushes.Unlock()
	l.mu.Lock()
	l.writing, l.fresh = l.fresh, map[filed]struct{}{}
	writing, through := l.writing, l.through
	l.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("ledger %s: %w: remove the file, and it is made anew", l.path, ErrDamaged)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil {
			for f := range writing {
				l.fresh[f] = struct{}{}
			}
		}
		l.writing = nil
	}()
	if len(writing) == 0 {
		return nil
	}
	return l.db.Update(func(tx *bolt.Tx) error {
		for f := range writing {
			b, err := tx.CreateBucketIfNotExists(bucketOfDay(f.day))
			if err != nil {
				return err
			}
			if err := b.Put(f.id[:], []byte{}); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put(keyThrough, binary.BigEndian.AppendUint64(nil, through))
	})
}

// fits reports whether the ledger can be that of the stream with this mark whose
// last sequence number is last.
func (l *ledger) fits(mark string, last uint64) bool {
	return l.mark == mark && l.upTo() <= last
}

// close writes what is new and ends all use.
func (l *ledger) close() error {
	err := l.flush()
	return errors.Join(err, l.db.Close())
}
