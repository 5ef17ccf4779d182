package image

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The files of the step "models".
const (
	modelsImage = "models.img"
	modelsSlot  = "models.json"
)

// models makes the slot of weights and returns its folder.
func (b *build) models(ctx context.Context) (dir string, err error) {
	type input struct {
		Name, SHA256 string
		Size, Time   int64
	}
	var inputs []input
	for _, w := range b.o.Weights {
		info, err := os.Stat(w.Path)
		if err != nil {
			return "", fmt.Errorf("weights: %w: run `tenin models pull`", err)
		}
		i := input{Name: w.Name, SHA256: w.SHA256, Size: info.Size()}
		if w.SHA256 == "" {
			sum, err := hashFile(w.Path)
			if err != nil {
				return "", err
			}
			i.SHA256 = hex.EncodeToString(sum[:])
		}
		inputs = append(inputs, i)
	}
	key := keyOf("models 1", inputs, modelsCompression)
	dir = b.cache.path("models", key)
	if b.cache.has("models", key) {
		b.cached()
		return dir, nil
	}
	return dir, b.cache.make("models", key, func(out string) error {
		tree := filepath.Join(out, "tree")
		if err := os.Mkdir(tree, 0o755); err != nil {
			return err
		}
		var total, done int64
		for _, i := range inputs {
			total += i.Size
		}
		for n, w := range b.o.Weights {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.say("copying weights", done, total)
			if err := copyWeight(filepath.Join(tree, w.Name), w.Path, inputs[n].SHA256); err != nil {
				return err
			}
			done += inputs[n].Size
		}
		b.say("packing weights", done, total)
		// No time is the build's: the same weights are the same slot in every version, which is then not sent again.
		slot, err := makeSlot(ctx, tree, filepath.Join(out, modelsImage), modelsCompression, 1)
		if err != nil {
			return err
		}
		if err := os.RemoveAll(tree); err != nil {
			return err
		}
		return writeJSON(filepath.Join(out, modelsSlot), slot)
	})
}

// copyWeight copies a file and checks on the way that it is what it should be.
func copyWeight(to, from, want string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	sum, err := hashFile(to)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, want) {
		return fmt.Errorf("weights: %s is not what it should be: run `tenin models verify`", from)
	}
	return nil
}
