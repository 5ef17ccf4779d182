package bench

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed data/turn-questions.jsonl
var turnQuestions []byte

//go:embed data/turn-tune.jsonl
var tuneQuestions []byte

// Question is a short question that is spoken to the demo shop.
type Question struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	// Expect are the knowledge ids that answer it, the best one first.
	Expect []string `json:"expect"`
	// Terms are the words that a transcript must keep.
	Terms []string `json:"terms"`
}

// TurnQuestions are the spoken questions of the voice benchmark and the demo, in the order of the file.
func TurnQuestions() ([]Question, error) { return parseQuestions(turnQuestions) }

// TuneQuestions are spoken questions that the voice path may be tuned on; figures on them are reported apart.
func TuneQuestions() ([]Question, error) { return parseQuestions(tuneQuestions) }

func parseQuestions(text []byte) ([]Question, error) {
	var all []Question
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		var q Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("spoken questions, line %d: %w", n, err)
		}
		all = append(all, q)
	}
	return all, lines.Err()
}
