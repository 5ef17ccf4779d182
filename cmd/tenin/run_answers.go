package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
)

// answerFiles writes what was said: into a folder, a file each, or all into one file.
type answerFiles struct {
	folder, file string
	count        int
	all          audio.Clip
}

func newAnswerFiles(output string) (*answerFiles, error) {
	a := &answerFiles{}
	switch {
	case output == "":
	case strings.EqualFold(filepath.Ext(output), ".wav"):
		a.file = output
		return a, checkOutput(output)
	default:
		if err := os.MkdirAll(output, 0o755); err != nil {
			return nil, fmt.Errorf("folder %s for the answers cannot be made: %w", output, errors.Unwrap(err))
		}
		if err := checkOutput(filepath.Join(output, "answer.wav")); err != nil {
			return nil, err
		}
		a.folder = output
	}
	return a, nil
}

// question returns where the next question's recording goes; empty when questions are not written.
func (a *answerFiles) question() string {
	if a.folder == "" {
		return ""
	}
	return filepath.Join(a.folder, fmt.Sprintf("%02d-question.wav", a.count+1))
}

// add returns where the spoken answer is, or will be.
func (a *answerFiles) add(turn kiosk.Turn, spoken audio.Clip) (string, error) {
	a.count++
	if len(spoken.Samples) == 0 || turn.Reply.Kind == dialogue.None {
		return "", nil
	}
	switch {
	case a.folder != "":
		path := filepath.Join(a.folder, fmt.Sprintf("%02d-answer.wav", a.count))
		return path, audio.WriteFile(path, spoken)
	case a.file != "":
		a.all.Rate = spoken.Rate
		if len(a.all.Samples) > 0 {
			a.all.Samples = append(a.all.Samples, make([]float32, spoken.Rate)...)
		}
		a.all.Samples = append(a.all.Samples, spoken.Samples...)
		return a.file, nil
	}
	return "", nil
}

func (a *answerFiles) finish() error {
	if a.file == "" || len(a.all.Samples) == 0 {
		return nil
	}
	return audio.WriteFile(a.file, a.all)
}
