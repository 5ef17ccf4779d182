package speech

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tenin/audio"
)

// DefaultCacheSize is the limit of a cache in bytes: about an hour and a half of
// speech at 48 kB a second.
const DefaultCacheSize = 256 << 20

// A Cache keeps the speech of approved text in a folder. A clip's name is the
// hash of all that decides its samples, so a new model, voice or front end never
// meets old speech. Files are written whole or not at all and checked when read;
// a damaged one is dropped and rendered again. Beyond the size limit the clips
// that were not used for longest go first.
//
// The folder has mode 0700 and its files 0600. One process at a time should
// write; reading beside it is safe.
type Cache struct {
	dir   string
	limit int64

	mu    sync.Mutex
	total int64
	known map[string]entry
}

type entry struct {
	size int64
	used time.Time
}

const clipSuffix = ".speech"

// OpenCache opens or makes the cache in dir. limit is in bytes; 0 is
// DefaultCacheSize. Left-overs of interrupted writes are removed.
func OpenCache(dir string, limit int64) (*Cache, error) {
	if limit <= 0 {
		limit = DefaultCacheSize
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("speech cache: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("speech cache: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("speech cache: %w", err)
	}
	c := &Cache{dir: dir, limit: limit, known: map[string]entry{}}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		switch {
		case strings.HasPrefix(f.Name(), tempPrefix):
			os.Remove(filepath.Join(dir, f.Name()))
		case strings.HasSuffix(f.Name(), clipSuffix):
			c.known[f.Name()] = entry{info.Size(), info.ModTime()}
			c.total += info.Size()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.evict("")
	return c, nil
}

const tempPrefix = ".writing-"

// A Key names one clip.
type Key [sha256.Size]byte

// KeyOf returns the key of text spoken by s with o. It returns the errors of
// Options and of s.ID.
func KeyOf(s Synthesizer, text Approved, o Options) (Key, error) {
	o, err := o.settled()
	if err != nil {
		return Key{}, err
	}
	id, err := s.ID()
	if err != nil {
		return Key{}, err
	}
	h := sha256.New()
	for _, field := range []string{"tenin speech 1", id, o.Voice, fmt.Sprint(o.Speed), o.Language, text.key()} {
		// The length keeps fields from running into each other.
		fmt.Fprintf(h, "%d:%s", len(field), field)
	}
	return Key(h.Sum(nil)), nil
}

func (k Key) file() string { return hex.EncodeToString(k[:]) + clipSuffix }

// Get returns the clip of k. ok is false where there is none; a damaged file is
// removed.
func (c *Cache) Get(k Key) (clip audio.Clip, ok bool) {
	name := k.file()
	path := filepath.Join(c.dir, name)
	raw, err := os.ReadFile(path)
	if err == nil {
		clip, err = decodeClip(raw)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.drop(name)
		return audio.Clip{}, false
	}
	now := time.Now()
	e, counted := c.known[name]
	if !counted {
		c.total += int64(len(raw))
	} else if e.size != int64(len(raw)) {
		c.total += int64(len(raw)) - e.size
	}
	c.known[name] = entry{int64(len(raw)), now}
	// The file's time carries the order of use over a restart; a read-only
	// folder may lack it.
	_ = os.Chtimes(path, now, now)
	return clip, true
}

// Put stores the clip of k. A clip larger than the whole cache is not stored.
func (c *Cache) Put(k Key, clip audio.Clip) error {
	raw := encodeClip(clip)
	if int64(len(raw)) > c.limit {
		return nil
	}
	name := k.file()
	if err := writeFile(filepath.Join(c.dir, name), raw); err != nil {
		return fmt.Errorf("speech cache: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total += int64(len(raw)) - c.known[name].size
	c.known[name] = entry{int64(len(raw)), time.Now()}
	c.evict(name)
	return nil
}

// Size returns how many bytes and clips the cache holds.
func (c *Cache) Size() (bytes int64, clips int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total, len(c.known)
}

// Speak yields the speech of approved text: from the cache in one clip, or from
// s chunk by chunk and then into the cache. Speech that was not made to its end
// is not stored.
func (c *Cache) Speak(ctx context.Context, s Synthesizer, text Approved, o Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		key, err := KeyOf(s, text, o)
		if err != nil {
			yield(audio.Clip{}, err)
			return
		}
		if clip, ok := c.Get(key); ok {
			yield(clip, nil)
			return
		}
		whole := audio.Clip{Rate: Rate}
		for chunk, err := range s.Synthesize(ctx, text.text, o) {
			if !yield(chunk, err) || err != nil {
				return
			}
			whole.Samples = append(whole.Samples, chunk.Samples...)
		}
		// A full disk must not cost the shopper the answer that was just spoken.
		_ = c.Put(key, whole)
	}
}

// Progress tells how far Render is: Done of Total texts, of which Made were not
// in the cache before. Refused counts the texts that cannot be spoken.
type Progress struct {
	Done, Total, Made, Refused int
}

// Render makes the speech of texts ahead of their use. What is in the cache
// already is skipped, so a render that was interrupted goes on where it stopped.
// Texts that no voice can speak (another language, nothing to say, too long) are
// counted and skipped; any other error ends the render. progress may be nil and
// is called after each text.
func (c *Cache) Render(ctx context.Context, s Synthesizer, texts []Approved, o Options, progress func(Progress)) (Progress, error) {
	p := Progress{Total: len(texts)}
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return p, err
		}
		made, err := c.render(ctx, s, text, o)
		switch {
		case errors.Is(err, ErrLanguage), errors.Is(err, ErrNothingToSay), errors.Is(err, ErrTooLong):
			p.Refused++
		case err != nil:
			return p, err
		case made:
			p.Made++
		}
		p.Done++
		if progress != nil {
			progress(p)
		}
	}
	return p, nil
}

func (c *Cache) render(ctx context.Context, s Synthesizer, text Approved, o Options) (made bool, err error) {
	key, err := KeyOf(s, text, o)
	if err != nil {
		return false, err
	}
	if _, ok := c.Get(key); ok {
		return false, nil
	}
	clip, err := Whole(s.Synthesize(ctx, text.text, o))
	if err != nil {
		return false, err
	}
	return true, c.Put(key, clip)
}

// Keep removes every clip but those of keys: what the shop withdrew, and what
// an older model or front end made.
func (c *Cache) Keep(keys []Key) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := map[string]bool{}
	for _, k := range keys {
		keep[k.file()] = true
	}
	var failed error
	for name := range c.known {
		if !keep[name] {
			failed = errors.Join(failed, c.drop(name))
		}
	}
	if failed != nil {
		return fmt.Errorf("speech cache: %w", failed)
	}
	return nil
}

// evict removes the clips that were not used for longest until nine tenths of
// the limit are left; fresh is spared. c.mu is held.
func (c *Cache) evict(fresh string) {
	if c.total <= c.limit {
		return
	}
	names := make([]string, 0, len(c.known))
	for name := range c.known {
		if name != fresh {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := c.known[a].used.Compare(c.known[b].used); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if c.total <= c.limit*9/10 {
			return
		}
		_ = c.drop(name)
	}
}

// drop removes a clip. c.mu is held.
func (c *Cache) drop(name string) error {
	err := os.Remove(filepath.Join(c.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.total -= c.known[name].size
	delete(c.known, name)
	return nil
}

// writeFile puts raw at path in one step. It does not wait for the disk: a file
// that a power cut damaged fails its check and is rendered again.
func writeFile(path string, raw []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
