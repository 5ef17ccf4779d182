//go:build engines

package asr

/*
#include <stdlib.h>
#include "engine.h"
*/
import "C"

import (
	"unsafe"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"
)

// kanaPrompt stands before a text in kana. Mean distance (reading.Distance) from what was said, of what was written and of the
// text as it is read aloud, and how many came out with a piece lost or in a loop; counters' and demo shop's tuning questions:
//
//	                                                 60             54             60, another voice
//	the text, read aloud                             0.076          0.051          0.085
//	no prompt                                        0.045, 1       0.048, 2       0.040, 0
//	（ひらがな）                                         0.026, 0       0.046, 1       0.036, 0
//	こどもがよめるように、ひらがなでかきます。                           0.040, 1       0.033, 1       0.036, 0
//	the shop's words                                 0.047, 1       0.072, 4       0.063, 2
const kanaPrompt = "（ひらがな）"

// findKana tells the engine which tokens a text in kana is made of, and what stands before it, until free is called.
func (w *Whisper) findKana() (free func()) {
	eot := int(w.ctx.Whisper_token_eot())
	w.run.kana_may = (*C.uchar)(C.calloc(C.size_t(eot), 1))
	may := unsafe.Slice(w.run.kana_may, eot)
	for id := range may {
		may[id] = C.uchar(mayBeKana(w.ctx.Whisper_token_to_str(binding.Token(id))))
	}
	start, _ := w.start(attempt{language: "ja", prompt: kanaPrompt})
	w.run.n_kana_start = C.int(len(start))
	w.run.kana_start = (*C.whisper_token)(C.malloc(C.size_t(len(start)) * C.sizeof_whisper_token))
	copy(unsafe.Slice(w.run.kana_start, len(start)), start)
	return func() {
		C.free(unsafe.Pointer(w.run.kana_may))
		C.free(unsafe.Pointer(w.run.kana_start))
	}
}

// wantKana has the next decode write down how its clip sounds.
func (w *Whisper) wantKana(try attempt) {
	w.run.max_kana = 0
	if try.aloud && try.language == "ja" {
		w.run.max_kana = C.int(min(try.maxTokens, C.TENIN_MAX_TOKENS))
	}
}

// heardKana is what the last decode wrote down of how its clip sounds.
func (w *Whisper) heardKana() string {
	return w.text(unsafe.Slice((*int32)(&w.run.kana[0]), w.run.n_kana))
}
