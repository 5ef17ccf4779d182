// Package bench measures the clerk beside its peers, both in one run on one machine.
//
// Turn times a whole spoken turn, from the last sample of speech to the first sound of the answer. Transcription counts the
// recogniser's mistakes. Memory weighs the loaded models. Each has a peer that a technician could build from the same
// weights in an afternoon: whisper-cli as it comes, a model loaded for each question, speech made whole before it is
// played. Figures are for people in Print, and for programs in the JSON form of each report, whose field names are stable.
//
// The demo shop is measured, also in a home that has knowledge of its own, because the questions are about it.
package bench
