// Package worker runs the engines in processes of their own: the same binary, executed anew with nothing but what one role
// needs (package sandbox), and spoken to over one inherited socket.
//
// A [Pool] starts the workers, watches them and replaces what crashes, hangs or eats memory. Its clients are the engines'
// own interfaces, so whoever used an engine uses a worker without noticing, but for one more error: [ErrLost].
//
//	pool, err := worker.Start(ctx, worker.Options{Weights: dir}, worker.ASR, worker.LLM, worker.Voice, worker.Audio)
//	text, err := pool.Recognizer().Transcribe(ctx, samples, asr.Options{})
//
// [Main] is the other side of the socket. What a worker says is not believed: sizes, numbers and text are checked, a worker
// that breaks the protocol is replaced, and none can put a word into an error or a log.
package worker
