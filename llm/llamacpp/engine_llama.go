//go:build engines

package llama

/*
#cgo CXXFLAGS: -std=c++17
#cgo LDFLAGS: -Wl,--start-group -lllama -lggml -lggml-cpu -lggml-base -Wl,--end-group -lgomp -lstdc++ -lm
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/cgo"
	"strings"
	"sync"
	"unsafe"
)

// microBatch is how many prompt tokens one graph of the engine takes. The engine
// asks whether to stop between the nodes of a graph, so it bounds how long a
// cancelled call goes on: 0.3-16 ms after the cancel in 19 tries with Gemma 3
// 270M on a busy machine. It bounds the working buffers, too.
const microBatch = 128

// outputRows is how many rows of logits one call may ask for. A row of Gemma's
// vocabulary is 1 MB, and the engine reserves for the most that may be asked.
const outputRows = 16

var initEngine = sync.OnceFunc(func() { C.bridge_init() })

// engine is llama.cpp behind the backend interface.
type engine struct{ b *C.bridge }

func openEngine(path string, o ModelOptions, progress func(float32) bool) (backend, error) {
	initEngine()
	handle := cgo.NewHandle(progress)
	defer handle.Delete()
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	outputs := min(outputRows, o.NBatch)
	var b *C.bridge
	code := C.bridge_open(file, C.bridge_options{
		context: C.int32_t(o.ContextSize), batch: C.int32_t(o.NBatch),
		ubatch: C.int32_t(min(microBatch, o.NBatch)), outputs: C.int32_t(outputs),
		threads: C.int32_t(o.Threads), embeddings: C.bool(o.Embeddings), mmap: C.bool(o.MMap),
		progress: C.uintptr_t(handle),
	}, &b)
	switch code {
	case C.BRIDGE_OK:
		return &engine{b}, nil
	case C.BRIDGE_STOPPED:
		return nil, fmt.Errorf("load %s: stopped by the caller: %w", path, context.Canceled)
	case C.BRIDGE_LOAD:
		return nil, fmt.Errorf("load %s: %w: its architecture or a tensor is unknown, or memory ran out", path, ErrUnsupported)
	case C.BRIDGE_CONTEXT:
		return nil, fmt.Errorf("load %s: %w: no memory for a context of %d tokens; ask for less", path, ErrEngine, o.ContextSize)
	}
	return nil, fmt.Errorf("load %s: %w", path, engineError("loading", int(code)))
}

//export llamaLoadProgress
func llamaLoadProgress(handle C.uintptr_t, done C.float) C.bool {
	return C.bool(cgo.Handle(handle).Value().(func(float32) bool)(float32(done)))
}

func (e *engine) size() size {
	s := C.bridge_sizes(e.b)
	return size{context: int(s.context), batch: int(s.batch), outputs: int(s.outputs), vocab: int(s.vocab), dim: int(s.dim)}
}

func (e *engine) tokenize(text string, marks, parse bool) ([]int32, error) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > math.MaxInt32/4 {
		return nil, ErrTooLong
	}
	// A token is at least one byte, but marks and a leading space may be added.
	tokens := make([]int32, len(text)+8)
	n := C.bridge_tokenize(e.b, (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.int32_t(len(text)),
		(*C.int32_t)(unsafe.Pointer(&tokens[0])), C.int32_t(len(tokens)), C.bool(marks), C.bool(parse))
	if n < 0 {
		return nil, engineError("tokenizing", int(n))
	}
	return tokens[:n], nil
}

func (e *engine) piece(token int32) []byte {
	buf := make([]byte, 64)
	for {
		n := C.bridge_piece(e.b, C.int32_t(token), (*C.char)(unsafe.Pointer(&buf[0])), C.int32_t(len(buf)))
		if n >= 0 {
			return buf[:n]
		}
		buf = make([]byte, -n)
	}
}

func (e *engine) isEnd(token int32) bool     { return bool(C.bridge_is_end(e.b, C.int32_t(token))) }
func (e *engine) isControl(token int32) bool { return bool(C.bridge_is_control(e.b, C.int32_t(token))) }
func (e *engine) setThreads(n int)           { C.bridge_threads(e.b, C.int32_t(n)) }
func (e *engine) abort(on bool)              { C.bridge_abort(e.b, C.bool(on)) }
func (e *engine) free()                      { C.bridge_close(e.b) }

func (e *engine) removeFrom(pos int) bool {
	return bool(C.bridge_remove_from(e.b, C.int32_t(pos)))
}

func (e *engine) renew() error { return engineResult("resetting", C.bridge_renew(e.b)) }

func (e *engine) decode(tokens []int32, from, outputs int) error {
	return engineResult("decoding", C.bridge_decode(e.b, (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(tokens))),
		C.int32_t(len(tokens)), C.int32_t(from), C.int32_t(outputs)))
}

func (e *engine) encode(tokens []int32) ([]float32, error) {
	out := make([]float32, e.size().dim)
	err := engineResult("embedding", C.bridge_encode(e.b, (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(tokens))),
		C.int32_t(len(tokens)), (*C.float)(unsafe.Pointer(&out[0]))))
	return out, err
}

func engineResult(what string, code C.int) error {
	switch code {
	case C.BRIDGE_OK:
		return nil
	case C.BRIDGE_ABORTED:
		return errAborted
	}
	return engineError(what, int(code))
}

func (e *engine) logits(row int) []float32 {
	p := C.bridge_logits(e.b, C.int32_t(row))
	if p == nil {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(p)), e.size().vocab)
}

func (e *engine) logProb(row int, token int32) float64 {
	return float64(C.bridge_log_prob(e.b, C.int32_t(row), C.int32_t(token)))
}

func (e *engine) sampler(o PredictOptions) (sampler, error) {
	seed := uint32(o.Seed)
	if o.Seed < 0 {
		seed = rand.Uint32()
	}
	var grammar *C.char
	if o.Grammar != "" {
		if strings.ContainsRune(o.Grammar, 0) {
			return nil, fmt.Errorf("%w: it holds a zero byte", ErrGrammar)
		}
		grammar = C.CString(o.Grammar)
		defer C.free(unsafe.Pointer(grammar))
	}
	var s *C.bridge_sampler
	code := C.bridge_sampler_new(e.b, C.bridge_sampling{
		top_k: C.int32_t(o.TopK), repeat: C.int32_t(o.Repeat), top_p: C.float(o.TopP), min_p: C.float(o.MinP),
		temperature: C.float(o.Temperature), penalty: C.float(o.Penalty), seed: C.uint32_t(seed),
	}, grammar, &s)
	if code == C.BRIDGE_GRAMMAR {
		return nil, fmt.Errorf("%w: check its rules, and that one is named root", ErrGrammar)
	}
	if err := engineResult("sampling", code); err != nil {
		return nil, err
	}
	return engineSampler{s}, nil
}

type engineSampler struct{ s *C.bridge_sampler }

func (s engineSampler) next() (int32, error) {
	token := C.bridge_sample(s.s)
	switch {
	case token == C.BRIDGE_NO_TOKEN:
		return 0, ErrNoToken
	case token < 0:
		return 0, engineError("sampling", int(token))
	}
	return int32(token), nil
}

func (s engineSampler) free() { C.bridge_sampler_free(s.s) }

// engineTensorType is the engine's own word on how it stores a tensor type.
func engineTensorType(kind uint32) (tensorType, bool) {
	var values C.int64_t
	var bytes C.size_t
	ok := C.bridge_tensor_type(C.int32_t(kind), &values, &bytes)
	return tensorType{uint64(values), uint64(bytes)}, bool(ok)
}
