package speech

import (
	"encoding/json"
	"fmt"
	"os"
)

// readVocab reads the numbers of the phonemes: {"vocab": {"a": 43, …}}.
func readVocab(path string) (map[rune]int64, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Vocab map[string]int64 `json:"vocab"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("vocabulary %s: %w", path, err)
	}
	out := map[rune]int64{}
	for k, id := range file.Vocab {
		r := []rune(k)
		if len(r) != 1 || id < 1 {
			return nil, fmt.Errorf("vocabulary %s: %q is no phoneme", path, k)
		}
		out[r[0]] = id
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("vocabulary %s is empty", path)
	}
	return out, nil
}

// tokensOf gives the numbers of phonemes between the model's end marks (0), at
// most maxPhonemes of them; phonemes that the model does not know are left out.
func tokensOf(vocab map[rune]int64, phonemes string) []int64 {
	ids := []int64{0}
	for _, r := range phonemes {
		if id, ok := vocab[r]; ok && len(ids) <= maxPhonemes {
			ids = append(ids, id)
		}
	}
	return append(ids, 0)
}
