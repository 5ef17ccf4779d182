// Package asr turns speech into text: Whisper through whisper.cpp, kept warm, fed with the shop's own words, and
// guarded against what Whisper writes when nobody spoke.
//
// A [Recognizer] transcribes one utterance of up to 30 s. A [Listener] stands before it in a live turn: it reads frames,
// asks the VAD and the endpointer, transcribes while the shopper still speaks, and starts the final decode at the first
// pause, so that the text is there when the turn ends. [TranscribeLong] does the same for recordings of any length, piece
// by piece.
//
// A [Vocabulary] becomes the prompt that makes Whisper write 営業時間 and not 影響時間. A [Lexicon] finds those of its words that
// a decode missed, by how they sound and by what the decoder hears when it may write kana alone, and has the decoder judge.
// [Judge] reads from a text whether its speaker has finished. [CER] measures.
//
// The engine is compiled in with the build tag engines; without it [OpenWhisper] returns [ErrNoEngine] and [Scripted]
// stands in for it. No function of this package logs, and the engine's own messages, which may carry words, are dropped.
package asr
