package worker

import (
	"time"

	"tenin/cmd/internal/slack"
)

// limits bound every wait. A call beyond its limit is taken for a hang: the worker is replaced.
type limits struct {
	load   time.Duration // engines from start to ready
	wait   time.Duration // of a call for a worker that is being replaced
	settle time.Duration // of a cancelled call for its end; Whisper and Kokoro take 50 ms
	grace  time.Duration // of a worker for its own end, when its socket is closed
	tick   time.Duration // between two looks at a worker
	ping   time.Duration // of an answer to one of them

	decode time.Duration // of a clip, beside the time that it lasts, three times
	embed  time.Duration // of a text
	chunk  time.Duration // of a chunk of speech: 5 s of speech took as long on a busy machine
	frame  time.Duration // of a VAD's answer, 0.1 ms of work
	open   time.Duration // of a device; the sound library's own limit is 5 s a call
	silent time.Duration // between a microphone's frames; its own watchdog takes 2 s at the start
	short  time.Duration // of what computes nothing
}

// defaults leave room for a machine that is busy with something else: a hang costs the turn anyway.
func (l limits) settled() limits {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&l.load, 60 * time.Second}, {&l.wait, 10 * time.Second}, {&l.settle, 2 * time.Second},
		{&l.grace, 500 * time.Millisecond}, {&l.tick, time.Second}, {&l.ping, 3 * time.Second},
		{&l.decode, 20 * time.Second}, {&l.embed, 10 * time.Second}, {&l.chunk, 20 * time.Second},
		{&l.frame, 3 * time.Second}, {&l.open, 15 * time.Second}, {&l.silent, 5 * time.Second}, {&l.short, 5 * time.Second},
	} {
		if *f.field == 0 {
			*f.field = slack.Times(f.value)
		}
	}
	return l
}
