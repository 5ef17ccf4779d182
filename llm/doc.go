// Package llm is the language engine: it turns text into vectors for search and
// writes or scores text with a language model, both on this machine.
//
// An [Embedder] and a [Generator] come from GGUF files through llama.cpp
// ([OpenEmbedder], [OpenGenerator]); package llmtest has fakes in plain Go and
// the conformance suite that fakes and engines pass alike. In a program built
// without the tag engines both Open functions return [ErrNoEngine].
//
// # What is kept
//
// A generator keeps its last prompt and text in the KV cache, so that the next
// prompt of the same talk costs only what is new. [Reset] makes engines forget;
// call it between two shoppers.
//
// # Cost
//
// One engine call runs at a time in each model. Two models that compute at once on
// two cores slow each other down many times over, for ggml's threads spin at
// their barriers; whoever owns both lets one work at a time.
package llm
