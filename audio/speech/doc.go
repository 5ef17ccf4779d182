// Package speech turns text of the shop into Japanese speech.
//
// The way is: text, words and their sounds ([tenin/llm/reading]), the phonemes
// that the voice model was trained on ([FrontEnd]), sound ([Synthesizer]). Two
// synthesizers exist: [Kokoro], the Kokoro-82M model in onnxruntime (build tag
// "engines"), and [Fake], which plays tones of the right length and needs no
// model. Both cut the text into short chunks and hand over each as soon as it
// is ready, the first one early.
//
// [Cache] keeps the speech of answers that the shop approved. What a shopper
// said or what was made for one shopper never gets in: it takes only [Approved]
// text.
//
// The voices speak Japanese only. Text in another language is refused with
// [ErrLanguage] and belongs on the screen.
package speech
