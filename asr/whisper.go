//go:build engines

package asr

/*
#cgo LDFLAGS: -Wl,-wrap,ggml_backend_init_by_type -Wl,-wrap,ggml_backend_tensor_get
#include <stdlib.h>
#include "engine.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"
	"golang.org/x/text/unicode/norm"
)

// engine serialises all Whisper instances of the process: the binding keeps its callbacks in global maps without a lock,
// and two spinning engines on two cores are slower than one after the other.
var engine sync.Mutex

// Whisper is a Recognizer that holds one model in memory. One goroutine, locked to its thread, owns it.
type Whisper struct {
	threads  int
	jobs     chan job
	closed   chan struct{} // closed by Close
	finished chan struct{} // closed by the owner
	once     sync.Once
	info     WeightsInfo

	// The owner's.
	ctx   *binding.Context
	run   *C.struct_tenin_run
	langs map[string]int
	texts textTokens
	fed   fed
	known []float64 // natural logarithms of the probabilities of the text's tokens in fed, from its first
}

type job struct {
	ctx   context.Context
	do    func(ctx context.Context) (Transcript, error)
	reply chan result
}

type result struct {
	Transcript
	err error
}

// OpenWhisper loads the ggml weights at path (about 150 MB for Whisper base, 0.1-0.3 s warm). A file that is missing, cut
// or not Whisper's gives an error wrapping ErrWeights before any C++ code sees it.
func OpenWhisper(path string, o WhisperOptions) (*Whisper, error) {
	info, err := CheckWeights(path)
	if err != nil {
		return nil, err
	}
	if !info.Multilingual {
		return nil, fmt.Errorf("%w: %s knows English only: use a multilingual model", ErrWeights, path)
	}
	w := &Whisper{
		threads:  o.threads(),
		jobs:     make(chan job),
		closed:   make(chan struct{}),
		finished: make(chan struct{}),
		info:     info,
		langs:    map[string]int{},
	}
	loaded := make(chan error)
	go w.own(path, loaded)
	if err := <-loaded; err != nil {
		return nil, err
	}
	return w, nil
}

// own loads the model, serves jobs until Close, and frees it. libgomp keeps a team of threads for each calling thread, so
// all calls come from this one.
func (w *Whisper) own(path string, loaded chan<- error) {
	runtime.LockOSThread()
	defer close(w.finished)
	w.run = (*C.struct_tenin_run)(C.calloc(1, C.sizeof_struct_tenin_run))
	defer C.free(unsafe.Pointer(w.run))

	engine.Lock()
	C.tenin_silence()
	C.tenin_loading(w.run)
	w.ctx = binding.Whisper_init(path)
	C.tenin_loading(nil)
	engine.Unlock()
	if w.ctx == nil {
		loaded <- fmt.Errorf("%w: %s: the engine refused it: run `tenin models verify`", ErrWeights, path)
		return
	}
	defer w.ctx.Whisper_free()
	w.run.ctx, w.run.threads = w.cctx(), C.int(w.threads)
	for _, lang := range []string{"ja", "en"} {
		// Once: the binding leaks the string of each call.
		w.langs[lang] = w.ctx.Whisper_lang_id(lang)
	}
	w.texts = textTokens{}
	for id := w.ctx.Whisper_token_eot() - 1; id >= 0; id-- {
		w.texts[w.ctx.Whisper_token_to_str(id)] = int32(id) // the lowest number of a text wins
	}
	defer w.findKana()()
	loaded <- nil
	for {
		select {
		case <-w.closed:
			return
		case j := <-w.jobs:
			j.reply <- w.serve(j)
		}
	}
}

func (w *Whisper) serve(j job) result {
	if err := j.ctx.Err(); err != nil {
		return result{err: err}
	}
	stop := (*int32)(unsafe.Pointer(&w.run.stop))
	atomic.StoreInt32(stop, 0)
	stopped := make(chan struct{})
	release := context.AfterFunc(j.ctx, func() {
		atomic.StoreInt32(stop, 1)
		close(stopped)
	})
	engine.Lock()
	t, err := j.do(j.ctx)
	engine.Unlock()
	if !release() {
		// A late store must not stop the next job.
		<-stopped
		return result{err: j.ctx.Err()}
	}
	return result{t, err}
}

// Close frees the model after the call under way.
func (w *Whisper) Close() error {
	w.once.Do(func() { close(w.closed) })
	<-w.finished
	return nil
}

// submit hands do to the owner and waits. Once the owner has the job the wait ends only with its reply: the engine reads
// the caller's samples, and it polls ctx before each node of its graphs.
func (w *Whisper) submit(ctx context.Context, do func(context.Context) (Transcript, error)) (Transcript, error) {
	j := job{ctx, do, make(chan result, 1)}
	select {
	case <-w.closed:
		return Transcript{}, ErrClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return Transcript{}, ctx.Err()
	case <-w.closed:
		return Transcript{}, ErrClosed
	}
	r := <-j.reply
	return r.Transcript, r.err
}

// Transcribe implements Recognizer.
func (w *Whisper) Transcribe(ctx context.Context, samples []float32, o Options) (Transcript, error) {
	start := time.Now()
	lang, err := check(samples, o)
	if err != nil {
		return Transcript{}, err
	}
	t, err := w.submit(ctx, func(ctx context.Context) (Transcript, error) {
		return transcribe(ctx, w, samples, lang, o)
	})
	if err != nil {
		return Transcript{}, err
	}
	t.Timings.Total = time.Since(start)
	return t, nil
}

// Tokens counts the tokens that text costs in a prompt.
func (w *Whisper) Tokens(text string) int {
	n := 0
	w.submit(context.Background(), func(context.Context) (Transcript, error) {
		n = len(w.tokenize(text))
		return Transcript{}, nil
	})
	return n
}

// tokenize returns the tokens of a prompt. None is kept: a focused prompt tells what was said.
func (w *Whisper) tokenize(text string) []C.whisper_token {
	if text == "" {
		return nil
	}
	buf := make([]binding.Token, len(text)+8)
	n, err := w.ctx.Whisper_tokenize(text, buf)
	if err != nil {
		return nil
	}
	tokens := make([]C.whisper_token, n)
	for i := range tokens {
		tokens[i] = C.whisper_token(buf[i])
	}
	return tokens
}

// decode runs the encoder and one greedy pass of the decoder.
func (w *Whisper) decode(ctx context.Context, samples []float32, try attempt) (decoded, error) {
	start, n := w.start(try)
	prompt := start[len(start)-4-n : len(start)-4]
	settings := C.struct_tenin_settings{
		audio_ctx:  C.int(min(try.context, w.info.AudioContext)),
		max_tokens: C.int(try.maxTokens),
		n_prompt:   C.int(len(prompt)),
	}
	if len(prompt) > 0 {
		bytes := C.size_t(len(prompt)) * C.sizeof_whisper_token
		mem := C.malloc(bytes)
		defer C.free(mem)
		copy(unsafe.Slice((*C.whisper_token)(mem), len(prompt)), prompt)
		settings.prompt = (*C.whisper_token)(mem)
	}
	params := w.ctx.Whisper_full_default_params(binding.SAMPLING_GREEDY)
	params.SetThreads(w.threads)
	if err := params.SetLanguage(w.langs[try.language]); err != nil {
		return decoded{}, fmt.Errorf("%w %q", ErrLanguage, try.language)
	}
	C.tenin_set((*C.struct_whisper_full_params)(unsafe.Pointer(&params)), &settings, w.run)
	w.fed, w.known = nil, nil
	w.wantKana(try)
	err := w.ctx.Whisper_full(params, samples, nil, nil, nil)
	if ctx.Err() != nil {
		return decoded{}, ctx.Err()
	}
	d := decoded{promptTokens: len(prompt), least: 1}
	if w.run.encoded_us > 0 {
		d.encode = micros(w.run.encoded_us - w.run.begin_us)
		d.decode = micros(w.run.end_us - w.run.encoded_us)
	}
	if w.run.looped != 0 {
		d.looped = true
		d.tokens = make([]int32, w.run.n_tokens)
		for i := range d.tokens {
			d.tokens[i] = int32(w.run.tokens[i])
		}
		d.tokens = unloop(d.tokens)
		d.text = w.text(d.tokens)
		return d, nil
	}
	if err != nil {
		return decoded{}, errors.New("whisper could not decode the clip: the engine failed")
	}
	eot := w.ctx.Whisper_token_eot()
	for s := range w.ctx.Whisper_full_n_segments() {
		for i := range w.ctx.Whisper_full_n_tokens(s) {
			id := w.ctx.Whisper_full_get_token_id(s, i)
			p := max(float64(w.ctx.Whisper_full_get_token_p(s, i)), 1e-10)
			d.logProb += math.Log(p)
			d.counted++
			if id < eot {
				d.least = min(d.least, p)
				d.tokens = append(d.tokens, int32(id))
				start = append(start, C.whisper_token(id))
				w.known = append(w.known, math.Log(p))
			}
		}
	}
	d.text, d.kana = w.text(d.tokens), w.heardKana()
	// The last token may not have been fed, and markers between tokens would shift them all.
	if len(d.tokens) > 0 && d.counted <= len(d.tokens)+1 {
		w.fed, w.known = start[:len(start)-1], w.known[:len(w.known)-1]
	}
	return d, nil
}

// startOfText tells what the last decode found before any text. whisper.cpp's own no-speech probability (whisper_full_get_segment_no_speech_prob) reads logits that its prompt decode does not write: it returned the
// value of the clip before.
func (w *Whisper) startOfText() (noSpeech, japanese float64, err error) {
	if !w.run.heard {
		return 0, 0, errors.New("whisper could not find the language: the engine failed")
	}
	return float64(w.run.no_speech), float64(w.run.japanese), nil
}

func (w *Whisper) cctx() *C.struct_whisper_context {
	return (*C.struct_whisper_context)(unsafe.Pointer(w.ctx))
}

// text joins tokens: one letter of Japanese may be spread over several, so bytes are joined before they are read.
func (w *Whisper) text(tokens []int32) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(w.ctx.Whisper_token_to_str(binding.Token(t)))
	}
	return strings.TrimSpace(norm.NFC.String(strings.ToValidUTF8(b.String(), "")))
}

func micros(us C.int64_t) time.Duration {
	return max(0, time.Duration(us)*time.Microsecond)
}
