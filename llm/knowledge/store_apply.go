package knowledge

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
)

// HistoryLength is how many applies can be undone.
const HistoryLength = 20

// A HistoryItem is one apply that can be undone or, when it is undone, redone.
type HistoryItem struct {
	Time time.Time `json:"time"`
	// Source is [Batch.Source]: the file that was imported.
	Source string `json:"source,omitempty"`
	// Added, Changed and Removed count entries and products together.
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
	// Undone is true for items that Redo would bring back.
	Undone bool `json:"undone,omitempty"`
}

// applied is a HistoryItem with what it takes to go back and forth: the values
// of every record that changed, before and after, as they stand in the file.
type applied struct {
	HistoryItem
	Patch []recordChange `json:"patch"`
}

type recordChange struct {
	Bucket string `json:"b"`
	Key    []byte `json:"k"`
	Old    []byte `json:"o"` // nil: there was none
	New    []byte `json:"n"` // nil: there is none
}

// Apply makes the store hold what the batch holds, for the kinds that the batch
// covers; the other kind stays as it is. What the batch lists as kept stays too
// (see [Batch.KeepEntries]). It happens as a whole or not at all. An apply that
// changes nothing is not kept in the history.
func (s *Store) Apply(b Batch) (Diff, error) { return s.change(b, true, time.Now()) }

// Merge adds and changes what the batch holds and removes nothing.
func (s *Store) Merge(b Batch) (Diff, error) { return s.change(b, false, time.Now()) }

// Preview is what Apply would return; nothing is changed.
func (s *Store) Preview(b Batch) (d Diff, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		before, err := readAll(tx)
		if err == nil {
			d = Compare(before, target(before, b, true))
		}
		return err
	})
	return d, err
}

// target is the content that the store shall have.
func target(before, b Batch, replace bool) Batch {
	entries, products := b.Covers()
	after := Batch{Entries: before.Entries, Products: before.Products}
	if entries {
		after.Entries = overlay(before.Entries, b.Entries, b.KeepEntries, replace, func(e Entry) (EntryKey, string) { return e.Key(), e.ID })
	}
	if products {
		after.Products = overlay(before.Products, b.Products, b.KeepProducts, replace, func(p Product) (string, string) { return p.ID, p.ID })
	}
	return after
}

func overlay[T any, K comparable](before, next []T, keep []string, replace bool, key func(T) (K, string)) []T {
	kept := map[string]bool{}
	for _, id := range keep {
		kept[id] = true
	}
	has := map[K]bool{}
	out := make([]T, 0, len(next))
	for _, v := range next {
		k, _ := key(v)
		has[k] = true
		out = append(out, v)
	}
	for _, v := range before {
		k, id := key(v)
		if !has[k] && (!replace || kept[id]) {
			out = append(out, v)
		}
	}
	return out
}

func (s *Store) change(b Batch, replace bool, now time.Time) (d Diff, err error) {
	if err := checkBatch(b); err != nil {
		return Diff{}, err
	}
	err = s.update(func(tx *bolt.Tx) error {
		before, err := readAll(tx)
		if err != nil {
			return err
		}
		after := target(before, b, replace)
		d = Compare(before, after)
		patch, err := makePatch(tx, after)
		if err != nil || len(patch) == 0 {
			return err
		}
		item := HistoryItem{
			Time: now.UTC().Round(time.Second), Source: b.Source,
			Added:   len(d.Entries.Added) + len(d.Products.Added),
			Changed: len(d.Entries.Changed) + len(d.Products.Changed),
			Removed: len(d.Entries.Removed) + len(d.Products.Removed),
		}
		if err := remember(tx, applied{item, patch}); err != nil {
			return err
		}
		return runPatch(tx, patch, func(c recordChange) []byte { return c.New })
	})
	if err != nil {
		return Diff{}, fmt.Errorf("apply to %s, nothing was changed: %w", s.path, err)
	}
	return d, nil
}

// checkBatch guards the store against batches that did not come from Import.
func checkBatch(b Batch) error {
	seen := map[EntryKey]bool{}
	for i, e := range b.Entries {
		k := e.Key()
		if e.ID == "" || e.Question == "" || e.Answer == "" || seen[k] {
			return fmt.Errorf("entry %d (%s): it needs an id of its own, a question and an answer", i+1, k)
		}
		seen[k] = true
	}
	ids := map[string]bool{}
	for i, p := range b.Products {
		if p.ID == "" || p.Name == "" || ids[p.ID] {
			return fmt.Errorf("product %d (%s): it needs an id of its own and a name", i+1, p.ID)
		}
		ids[p.ID] = true
	}
	return nil
}

func makePatch(tx *bolt.Tx, after Batch) ([]recordChange, error) {
	entries := make(map[string][]byte, len(after.Entries))
	for _, e := range after.Entries {
		if e.Language == "" {
			e.Language = DefaultLanguage
		}
		if err := marshalInto(entries, bucketEntries, entryRecordKey(e), e); err != nil {
			return nil, err
		}
	}
	products := make(map[string][]byte, len(after.Products))
	for _, p := range after.Products {
		if err := marshalInto(products, bucketProducts, []byte(p.ID), p); err != nil {
			return nil, err
		}
	}
	return append(bucketPatch(tx, bucketEntries, entries), bucketPatch(tx, bucketProducts, products)...), nil
}

func marshalInto(m map[string][]byte, bucket, key []byte, v any) error {
	payload, err := json.Marshal(v)
	if err == nil {
		m[string(key)] = sealRecord(bucket, key, payload)
	}
	return err
}

// bucketPatch makes a bucket hold exactly want. It empties want.
func bucketPatch(tx *bolt.Tx, bucket []byte, want map[string][]byte) (patch []recordChange) {
	c := tx.Bucket(bucket).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		next, ok := want[string(k)]
		delete(want, string(k))
		if !ok || !bytes.Equal(v, next) {
			patch = append(patch, recordChange{string(bucket), bytes.Clone(k), bytes.Clone(v), next})
		}
	}
	for k, v := range want {
		patch = append(patch, recordChange{string(bucket), []byte(k), nil, v})
	}
	// In the order of keys bbolt fills page after page: 100,000 new records take
	// 1 s so, and 18 s in random order.
	slices.SortFunc(patch, func(a, b recordChange) int { return bytes.Compare(a.Key, b.Key) })
	return patch
}

func runPatch(tx *bolt.Tx, patch []recordChange, value func(recordChange) []byte) error {
	for _, c := range patch {
		b := tx.Bucket([]byte(c.Bucket))
		if b == nil {
			return damaged("the history names the bucket %q", c.Bucket)
		}
		var err error
		if v := value(c); v == nil {
			err = b.Delete(c.Key)
		} else {
			err = b.Put(c.Key, v)
		}
		if err != nil {
			return err
		}
	}
	return writeRevision(tx)
}

// Undo takes back the last apply that is not undone yet: the content is byte
// for byte what it was before it. A second Undo goes one step further back; the
// way forward is [Store.Redo]. When there is no such apply the error wraps
// [ErrNoHistory].
func (s *Store) Undo() (Diff, error) {
	return s.travel("undo", func(tx *bolt.Tx, cursor uint64) error {
		a, err := recall(tx, cursor)
		if err != nil {
			return err
		}
		if err := runPatch(tx, a.Patch, func(c recordChange) []byte { return c.Old }); err != nil {
			return err
		}
		return writeCursor(tx, cursor-1)
	})
}

// Redo brings back what the last Undo took. A new apply ends the way forward.
func (s *Store) Redo() (Diff, error) {
	return s.travel("redo", func(tx *bolt.Tx, cursor uint64) error {
		a, err := recall(tx, cursor+1)
		if err != nil {
			return err
		}
		if err := runPatch(tx, a.Patch, func(c recordChange) []byte { return c.New }); err != nil {
			return err
		}
		return writeCursor(tx, cursor+1)
	})
}

func (s *Store) travel(what string, step func(*bolt.Tx, uint64) error) (d Diff, err error) {
	err = s.update(func(tx *bolt.Tx) error {
		before, err := readAll(tx)
		if err != nil {
			return err
		}
		cursor, err := readCursor(tx)
		if err != nil {
			return err
		}
		if err := step(tx, cursor); err != nil {
			return err
		}
		after, err := readAll(tx)
		if err != nil {
			return err
		}
		d = Compare(before, after)
		return nil
	})
	if err != nil {
		return Diff{}, fmt.Errorf("%s in %s: %w", what, s.path, err)
	}
	return d, nil
}

// History lists what can be undone and redone, the newest first.
func (s *Store) History() (items []HistoryItem, err error) {
	items = []HistoryItem{}
	err = s.view(func(tx *bolt.Tx) error {
		cursor, err := readCursor(tx)
		if err != nil {
			return err
		}
		c := tx.Bucket(bucketHistory).Cursor()
		for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
			a, err := recall(tx, binary.BigEndian.Uint64(k))
			if err != nil {
				return err
			}
			a.Undone = binary.BigEndian.Uint64(k) > cursor
			items = append(items, a.HistoryItem)
		}
		return nil
	})
	return items, err
}

func historyKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func remember(tx *bolt.Tx, a applied) error {
	cursor, err := readCursor(tx)
	if err != nil {
		return err
	}
	h := tx.Bucket(bucketHistory)
	var stale [][]byte
	err = h.ForEach(func(k, _ []byte) error {
		if len(k) != 8 {
			return damaged("a key of the history has %d bytes", len(k))
		}
		if n := binary.BigEndian.Uint64(k); n > cursor || n+HistoryLength <= cursor+1 {
			stale = append(stale, bytes.Clone(k))
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range stale {
		if err := h.Delete(k); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(z).Encode(a); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := putRecord(h, bucketHistory, historyKey(cursor+1), buf.Bytes()); err != nil {
		return err
	}
	return writeCursor(tx, cursor+1)
}

func recall(tx *bolt.Tx, n uint64) (a applied, err error) {
	key := historyKey(n)
	value := tx.Bucket(bucketHistory).Get(key)
	if value == nil {
		return a, ErrNoHistory
	}
	payload, err := openRecord(bucketHistory, key, value)
	if err != nil {
		return a, err
	}
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return a, damaged("history %d: %v", n, err)
	}
	data, err := io.ReadAll(z)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return a, damaged("history %d: %v", n, err)
	}
	return a, nil
}
