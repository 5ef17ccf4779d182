package kiosk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tenin/audio/speech"
	"tenin/llm"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/llm/knowledge/demo"
	"tenin/llm/models"
	"tenin/llm/reading"
	"tenin/llm/redact"
)

// shop is what the clerk knows, as it was when the clerk was opened or the knowledge last reloaded. It does not change.
type shop struct {
	batch    knowledge.Batch
	demo     bool
	ids      *redact.IDSet
	index    *knowledge.Index
	dialogue *dialogue.Clerk
}

// KnowledgePath returns where the knowledge of home lies.
func KnowledgePath(home string) string { return filepath.Join(home, "knowledge.db") }

// OpenKnowledge opens the store of home and makes it when there is none.
func OpenKnowledge(home string) (*knowledge.Store, error) {
	if err := makeHome(home); err != nil {
		return nil, err
	}
	return knowledge.Open(KnowledgePath(home))
}

// LoadKnowledge reads what the shop of home knows. A home without knowledge has the demo shop's, and demo is true.
func LoadKnowledge(home string) (batch knowledge.Batch, isDemo bool, err error) {
	store, err := knowledge.OpenReadOnly(KnowledgePath(home))
	if err == nil {
		defer store.Close()
		if batch, err = store.Batch(); err != nil {
			return batch, false, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return batch, false, err
	}
	if len(batch.Entries)+len(batch.Products) > 0 {
		return batch, false, nil
	}
	return demo.Batch(), true, nil
}

func (c *Clerk) openKnowledge(ctx context.Context) (err error) {
	if c.embedder, err = c.newEmbedder(); err != nil {
		return err
	}
	return c.learn(ctx, func(done, total int) { c.options.Progress("reading the knowledge", done, total) })
}

// learn makes what the home holds what the clerk knows.
func (c *Clerk) learn(ctx context.Context, progress func(done, total int)) error {
	batch, isDemo, err := LoadKnowledge(c.options.Home)
	if err != nil {
		return err
	}
	spelled, err := loadSpellings(c.options.Home)
	if err != nil {
		return err
	}
	index, err := c.buildIndex(ctx, batch, progress)
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(batch.Entries)+len(batch.Products))
	for _, e := range batch.Entries {
		ids = append(ids, e.ID)
	}
	for _, p := range batch.Products {
		ids = append(ids, p.ID)
	}
	c.spelled.Store(spelled)
	c.shop.Store(&shop{batch: batch, demo: isDemo, ids: redact.NewIDSet(ids), index: index, dialogue: dialogue.New(index, c.policy())})
	return nil
}

func (c *Clerk) newEmbedder() (llm.Embedder, error) {
	if e := c.options.Engines.Embedder; e != nil {
		return e, nil
	}
	weights, err := c.options.Weights.Path(models.E5)
	if err != nil {
		return nil, err
	}
	embedder, err := llm.OpenEmbedder(weights)
	if err != nil {
		return nil, unusable(models.E5, err)
	}
	return embedder, nil
}

// buildIndex embeds what was not embedded before; the vectors are kept beside the home's other caches. A cache that cannot
// be opened or written costs time at every start, not the answer.
func (c *Clerk) buildIndex(ctx context.Context, batch knowledge.Batch, progress func(done, total int)) (*knowledge.Index, error) {
	options := []knowledge.IndexOption{knowledge.WithProgress(progress)}
	vectors, err := c.openVectors()
	if err != nil {
		c.options.Notice(fmt.Sprintf("the knowledge is read anew at each start, which takes a minute: %v", err))
	} else {
		options = append(options, knowledge.WithVectors(forgiving{vectors}, models.E5))
	}
	embedder := &buildingEmbedder{Embedder: c.embedder, permit: c.permit}
	index, err := knowledge.NewIndex(ctx, batch.Entries, batch.Products, embedder, reading.Default(), options...)
	embedder.built.Store(true)
	if vectors != nil {
		if err := vectors.Flush(); err != nil {
			c.options.Notice(fmt.Sprintf("the knowledge will be read anew at the next start: %v", err))
		}
	}
	return index, err
}

func (c *Clerk) openVectors() (*knowledge.VectorCache, error) {
	folder, err := c.cacheFolder()
	if err != nil {
		return nil, err
	}
	return knowledge.OpenVectorCache(filepath.Join(folder, "vectors"))
}

// cacheFolder makes the home's folder of things that can be made again.
func (c *Clerk) cacheFolder() (string, error) {
	folder := filepath.Join(c.options.Home, "cache")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("cache %s cannot be made: %w", folder, errors.Unwrap(err))
	}
	return folder, nil
}

// forgiving keeps what it can: a vector that is not kept is computed again.
type forgiving struct{ *knowledge.VectorCache }

func (f forgiving) Put(model, text string, vector []float32) error {
	_ = f.VectorCache.Put(model, text, vector)
	return nil
}

func (c *Clerk) policy() dialogue.Policy {
	return dialogue.Policy{
		Threshold: c.options.Config.Answers.Threshold,
		HandOff:   map[string]string{"ja": c.options.Config.Answers.HandOff},
		Now:       time.Now,
		Off:       func(topic string) bool { return c.backroom != nil && c.backroom.topicOff(topic) },
	}
}

// Index returns the index that the clerk answers from.
func (c *Clerk) Index() *knowledge.Index { return c.shop.Load().index }

// Demo says that the clerk answers from the demo shop, because its home has no knowledge.
func (c *Clerk) Demo() bool { return c.shop.Load().demo }

// Answers returns how many answers and products the clerk knows.
func (c *Clerk) Known() (answers, products int) {
	batch := c.shop.Load().batch
	return len(batch.Entries), len(batch.Products)
}

// approved returns the texts that are spoken often: the approved answers in the voice's language, the hand-off, and what
// the kiosk says by itself.
func (s *shop) approved(p dialogue.Policy) []speech.Approved {
	texts := []speech.Approved{speech.Approve(p.HandOffText("ja")), speech.Approve(sentences.sorry["ja"]), speech.Approve(sentences.again["ja"])}
	for _, e := range s.batch.Entries {
		if e.Language == "ja" {
			texts = append(texts, speech.Approve(e.Answer))
		}
	}
	return texts
}

// demoName is the name of the shop that comes with the program.
const demoName = "てんいん百貨店"

// Brand is what stands at the top of the screens: the settings' brand or name, else the demo shop's; empty for a shop that
// has not said its name.
func (c *Clerk) Brand() string {
	shop := c.options.Config.Shop
	if name := cmp.Or(shop.Brand, shop.Name); name != "" || !c.Demo() {
		return name
	}
	return demoName
}

// Greeting says in a line who is at the counter and what it knows.
func (c *Clerk) Greeting() string {
	answers, products := c.Known()
	name := c.options.Config.Shop.Name
	switch {
	case name != "":
	case c.Demo():
		name = "demo shop " + demoName
	default:
		name = "this shop"
	}
	return fmt.Sprintf("Tenin at %s: %d answers, %d products.", name, answers, products)
}
