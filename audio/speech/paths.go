package speech

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenin/llm/models"
	"tenin/llm/reading"
)

// Paths are the files that Kokoro needs.
type Paths struct {
	Model  string // ONNX, 92 MB
	Voices string // .npz with the tables of styles
	Vocab  string // JSON: phoneme to number
	Words  string // words that are spoken without a gap, one a line
}

// PathsIn returns the files by their usual names in a folder of weights.
func PathsIn(dir string) Paths {
	return Paths{
		Model:  filepath.Join(dir, models.Kokoro),
		Voices: filepath.Join(dir, models.KokoroVoices),
		Vocab:  filepath.Join(dir, models.KokoroVocab),
		Words:  filepath.Join(dir, models.KokoroWords),
	}
}

// frontEnd makes the front end that speaks like the voice model's own, with
// the word list of p.
func (p Paths) frontEnd(a *reading.Analyzer) (*FrontEnd, error) {
	f, err := os.Open(p.Words)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return NewFrontEnd(a, f)
}

// weightsError says what to do about weights that cannot be read.
func weightsError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("speech: weights are missing: run `tenin models pull` (%w)", err)
	}
	return fmt.Errorf("speech: weights cannot be read: run `tenin models verify` (%w)", err)
}
