package ggmlwhisper

import (
	"encoding/json"
	"fmt"
)

// plainTokens is the number of tokens that stand for text in every
// multilingual Whisper model; the special ones after them are made by
// whisper.cpp itself.
const plainTokens = 50257

// byteOf maps each character of GPT-2's byte-level alphabet to its byte:
// printable Latin-1 stands for itself, the other bytes in order for U+0100 on.
var byteOf = func() map[rune]byte {
	m := map[rune]byte{}
	next := rune(0x100)
	for b := range 256 {
		switch {
		case b >= '!' && b <= '~', b >= 0xa1 && b <= 0xac, b >= 0xae:
			m[rune(b)] = byte(b)
		default:
			m[next] = byte(b)
			next++
		}
	}
	return m
}()

// readVocabulary turns a vocabulary.json (the list of byte-level tokens) into
// the bytes of the plain tokens.
func readVocabulary(vocabularyJSON []byte) ([][]byte, error) {
	var list []string
	if err := json.Unmarshal(vocabularyJSON, &list); err != nil {
		return nil, fmt.Errorf("vocabulary.json is not a list of tokens: %w", err)
	}
	if len(list) <= plainTokens || list[plainTokens] != "<|endoftext|>" {
		return nil, fmt.Errorf("vocabulary.json is not that of a multilingual Whisper: %d tokens", len(list))
	}
	tokens := make([][]byte, plainTokens)
	for i := range tokens {
		tokens[i] = []byte{}
		for _, r := range list[i] {
			b, ok := byteOf[r]
			if !ok {
				return nil, fmt.Errorf("vocabulary.json: token %d has %q, which stands for no byte", i, r)
			}
			tokens[i] = append(tokens[i], b)
		}
	}
	return tokens, nil
}
