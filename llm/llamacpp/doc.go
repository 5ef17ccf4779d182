// Package llama runs GGUF models through llama.cpp: it loads them, splits text
// into tokens, generates with a callback and a context, embeds, scores given
// text, and shows the logits on the way.
//
// # Why this folder exists
//
// The module github.com/go-skynet/go-llama.cpp cannot be built from a module
// proxy. Its llama.cpp is a git submodule, which module zips leave out, and its
// binding calls llama.cpp's C API of March 2024, most of which is gone. Its own
// instructions tell users to point a replace directive at a local folder.
// This is that folder: the same import path and, where they still make sense,
// the same calls (New, Predict, Embeddings, TokenizeString, SetTokenCallback,
// Free and the Set... options), written afresh on today's llama.h. No code of
// the original is in it. It is part of Tenin and under Tenin's licence,
// Apache-2.0.
//
// # What is new
//
// Loading reports progress and tells a missing, cut or foreign file apart
// before the engine sees it, because the engine may abort the process.
// Generation obeys a context within one graph node of the engine, keeps the
// longest common prefix of the last prompt in the KV cache, takes GBNF
// grammars, and lets a [LogitProcessor] change the logits before each choice.
// [LLama.Score] gives the log-probability of text that the caller chose.
// [LLama.Reset] forgets everything that was said.
//
// # Threads
//
// libgomp keeps a team of threads for each operating system thread that calls
// it, and a llama_context belongs to one caller at a time. So every model has
// one goroutine, locked to its thread, that makes all engine calls; methods hand
// it work and wait. All methods may be called from many goroutines, one call
// runs at a time. Callbacks run on that goroutine: they must not call the same
// model.
//
// # Building
//
// The engine is compiled in with the build tag engines and needs llama.h and
// ggml's headers on C_INCLUDE_PATH and CPLUS_INCLUDE_PATH and the static
// libraries on LIBRARY_PATH. Without the tag the package still builds, reads
// GGUF headers with [Inspect], and every load returns [ErrNoEngine].
//
// # What the engine prints
//
// Its log callback is dropped, for its messages may hold a prompt. One message
// escapes it: a grammar that does not parse is written to standard error whole.
// So a grammar is built from the shop's own text with [Choices] or
// [GrammarLiteral], never from what somebody said.
package llama
