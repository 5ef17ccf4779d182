// Package kiosk puts the parts of a clerk together and runs its turns: hear, find, answer, speak, keep.
//
// A [Clerk] owns every part that is expensive to open: the knowledge and its index, the recogniser, the voice, the vault.
// A [Visit] is one shopper in front of it; it knows whether anything may be kept.
package kiosk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/llm"
	"tenin/llm/models"
	"tenin/llm/reading"
	"tenin/storage"
)

// Parts are what a Clerk opens.
type Parts uint8

// The parts. Knowing is the knowledge with its index, Hearing the recogniser and the VAD, Speaking the voice, Keeping the
// vault.
const (
	Knowing Parts = 1 << iota
	Hearing
	Speaking
	Keeping
)

// Options say which clerk to open.
type Options struct {
	// Home is the folder of the vault and the knowledge. It is made when something is to be kept in it.
	Home string
	// Config are the shop's settings.
	Config config.Config
	// Weights are the models; the zero value is the default folder.
	Weights *models.Store
	// Parts to open.
	Parts Parts
	// Language of the shoppers: "ja", "en" or "auto"; empty is the settings' own.
	Language string
	// Progress is told about long work; it may be nil.
	Progress func(what string, done, total int)
	// Notice is told, in a line, what works worse than it should; it may be nil.
	Notice func(line string)
	// Engines are used instead of those that would be opened from Weights. The clerk closes them.
	Engines Engines
	// Start, if not nil, returns what Engines would be. It is called when the vault is open: whoever has the home should
	// have it before its engines take seconds to start.
	Start func(context.Context) (Engines, error)

	now func() time.Time // a test's clock
}

// Engines are what a clerk computes with. A nil one is opened from the weights when a part needs it.
type Engines struct {
	Recognizer asr.Recognizer
	VAD        audio.VAD
	Voice      speech.Synthesizer
	Embedder   llm.Embedder
}

// Clerk is the running clerk. Its methods may be called by one visit at a time.
type Clerk struct {
	options Options
	permit  *permit

	// shop and expected are replaced by Reload; a turn takes each once.
	shop     atomic.Pointer[shop]
	expected atomic.Pointer[expected]
	spelled  atomic.Pointer[spellings]
	reload   sync.Mutex // held by Reload
	knowing  sync.Mutex // held by whoever changes the home's knowledge
	embedder llm.Embedder

	recognizer asr.Recognizer
	vad        audio.VAD

	voice speech.Synthesizer
	cache *speech.Cache

	vault    *storage.Vault
	backroom *Backroom // nil without a vault
}

// Open opens the parts that o names, side by side. What fails closes what was opened.
func Open(ctx context.Context, o Options) (_ *Clerk, err error) {
	if o.Weights == nil {
		store := models.Open(models.DefaultDir())
		o.Weights = &store
	}
	if o.Language == "" {
		o.Language = o.Config.Shop.Language
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	if o.now == nil {
		o.now = time.Now
	}
	c := &Clerk{options: o, permit: newPermit()}
	c.expected.Store(&expected{})
	c.spelled.Store(newSpellings(nil))
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()

	if o.Parts&Keeping != 0 {
		if err := c.openVault(); err != nil {
			return nil, err
		}
	}
	if o.Start != nil {
		if c.options.Engines, err = o.Start(ctx); err != nil {
			return nil, err
		}
	}
	if o.Parts&(Hearing|Speaking) != 0 && o.Parts&Knowing == 0 {
		if err := c.learnReadings(); err != nil {
			return nil, err
		}
	}
	var group errgroup.Group
	if o.Parts&(Knowing|Speaking) != 0 {
		// The dictionary takes 0.5 s, and so do the weights: side by side.
		reading.Warm()
	}
	if o.Parts&Knowing != 0 {
		group.Go(func() error { return c.openKnowledge(ctx) })
	}
	if o.Parts&Hearing != 0 {
		group.Go(c.openEars)
	}
	if o.Parts&Speaking != 0 {
		group.Go(c.openVoice)
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if shop := c.shop.Load(); c.recognizer != nil && shop != nil {
		c.expect(shop.batch)
	}
	return c, nil
}

func (c *Clerk) openEars() error {
	if e := c.options.Engines; e.Recognizer != nil && e.VAD != nil {
		c.recognizer, c.vad = permitted{e.Recognizer, c.permit}, e.VAD
		return nil
	}
	weights, err := c.options.Weights.Path(models.Whisper)
	if err != nil {
		return err
	}
	silero, err := c.options.Weights.Path(models.Silero)
	if err != nil {
		return err
	}
	whisper, err := asr.OpenWhisper(weights, asr.WhisperOptions{Threads: c.threads()})
	if err != nil {
		return unusable(models.Whisper, err)
	}
	c.recognizer = permitted{whisper, c.permit}
	if c.vad, err = audio.OpenSilero(silero); err != nil {
		return unusable(models.Silero, err)
	}
	return nil
}

// unusable says of weights that an engine refuses what to do about them.
func unusable(name string, err error) error {
	for _, absent := range []error{asr.ErrNoEngine, audio.ErrNoEngines, llm.ErrNoEngine} {
		if errors.Is(err, absent) {
			return err
		}
	}
	return fmt.Errorf("%w: %s cannot be used (%w): run `tenin models verify`, then `tenin models pull`", models.ErrDamaged, name, err)
}

func (c *Clerk) openVoice() (err error) {
	if c.voice, err = c.newVoice(); err != nil {
		return err
	}
	folder, err := c.cacheFolder()
	if err == nil {
		c.cache, err = speech.OpenCache(filepath.Join(folder, "speech"), 0)
	}
	if err != nil {
		c.options.Notice(fmt.Sprintf("each answer is spoken anew, which takes seconds: %v", err))
	}
	return nil
}

func (c *Clerk) newVoice() (speech.Synthesizer, error) {
	if v := c.options.Engines.Voice; v != nil {
		return v, nil
	}
	for _, name := range []string{models.Kokoro, models.KokoroVoices, models.KokoroVocab, models.KokoroWords} {
		if _, err := c.options.Weights.Path(name); err != nil {
			return nil, err
		}
	}
	voice, err := speech.OpenKokoro(speech.PathsIn(c.options.Weights.Dir()), reading.Default(), c.threads())
	if err != nil {
		return nil, unusable(models.Kokoro, err)
	}
	return voice, nil
}

func (c *Clerk) openVault() error {
	vault, err := OpenVault(c.options.Home, Unlock{Seal: c.options.Config.Seal})
	if err != nil {
		return err
	}
	c.vault = vault
	if err := c.forgetIfTrusted(); err != nil {
		return err
	}
	c.backroom, err = openBackroom(vault, c.options.Config, c.options.Home, c, c.options.now)
	return err
}

// forget destroys the sessions that are older than the shop's retention.
func (c *Clerk) forget(now time.Time) error {
	ids, err := c.expired(now)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.vault.Erase(id); err != nil {
			return fmt.Errorf("retention: %w", err)
		}
	}
	return nil
}

// threads of the heavy engines: more than four gain nothing on clips of a few seconds.
func (c *Clerk) threads() int {
	if n := c.options.Config.Engines.Threads; n > 0 {
		return n
	}
	return min(runtime.NumCPU(), 4)
}

// tokens counts tokens as the recogniser does, for the vocabulary's budget.
func (c *Clerk) tokens() func(string) int {
	if p, ok := c.recognizer.(permitted); ok {
		if w, ok := p.Recognizer.(interface{ Tokens(string) int }); ok {
			return w.Tokens
		}
	}
	return nil
}

// Vault returns the vault, or nil when it was not asked for.
func (c *Clerk) Vault() *storage.Vault { return c.vault }

// Close frees every part that was opened.
func (c *Clerk) Close() error {
	var errs []error
	for _, part := range []io.Closer{c.recognizer, c.vad, c.voice, c.embedder} {
		if part != nil {
			errs = append(errs, part.Close())
		}
	}
	if c.backroom != nil {
		errs = append(errs, c.backroom.close())
	}
	if c.vault != nil {
		errs = append(errs, c.vault.Close())
	}
	return errors.Join(errs...)
}

// makeHome makes the home folder for its owner alone.
func makeHome(home string) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("home %s cannot be made: %w", home, errors.Unwrap(err))
	}
	return nil
}
