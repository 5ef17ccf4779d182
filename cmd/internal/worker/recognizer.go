package worker

import (
	"context"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// Recognizer is the recogniser of a pool's asr worker.
type Recognizer struct {
	slot  *slot
	none  error // when the pool has no such worker
	words lexicons
	life
}

var _ asr.Recognizer = (*Recognizer)(nil)

// Recognizer returns a recogniser. Closing it leaves the worker to the others.
func (p *Pool) Recognizer() *Recognizer {
	s, err := p.slot(ASR)
	return &Recognizer{slot: s, none: err}
}

// Transcribe implements asr.Recognizer. Errors may also wrap ErrLost.
func (r *Recognizer) Transcribe(ctx context.Context, samples []float32, o asr.Options) (asr.Transcript, error) {
	if !r.begin() {
		return asr.Transcript{}, asr.ErrClosed
	}
	defer r.end()
	if r.none != nil {
		return asr.Transcript{}, r.none
	}
	begin := time.Now()
	length := time.Duration(len(samples)) * time.Second / asr.SampleRate
	if length > asr.MaxUtterance {
		// Beyond any message, too.
		return asr.Transcript{}, asr.ErrTooLong
	}
	request := &pb.TranscribeRequest{
		Samples: audio.PackSamples(samples), Language: []byte(o.Language), Prompt: []byte(o.Prompt), Partial: o.Partial,
	}
	words := r.words.get(o.Words)
	if words != nil {
		request.Words = words.hash[:]
	}
	var t asr.Transcript
	err := r.slot.do(ctx, r.slot.limits.decode+3*length, func(ctx context.Context, p *process) error {
		rpc := pb.NewEarsClient(p.conn)
		if words != nil {
			if err := p.teach(ctx, rpc, words); err != nil {
				return err
			}
		}
		p.heard.Store(true)
		reply, err := rpc.Transcribe(ctx, request)
		if err != nil {
			return err
		}
		if err := asrFaults.err(ASR, reply.GetFault()); err != nil {
			return err
		}
		t, err = unpackTranscript(reply, length)
		return err
	})
	if err != nil {
		return asr.Transcript{}, err
	}
	t.Timings.Total = time.Since(begin)
	return t, nil
}

// Tokens counts the tokens that text costs in a prompt. Where the worker cannot say, it is an estimate from above.
func (r *Recognizer) Tokens(text string) int {
	estimate := 2 * utf8.RuneCountInString(text)
	if r.none != nil || len(text) > messageLimit/2 || !r.begin() {
		return estimate
	}
	defer r.end()
	n := estimate
	// An error leaves the estimate.
	_ = r.slot.do(context.Background(), r.slot.limits.decode, func(ctx context.Context, p *process) error {
		reply, err := pb.NewEarsClient(p.conn).Tokens(ctx, &pb.TokensRequest{Text: []byte(text)})
		if err != nil {
			return err
		}
		if reply.GetFault() == pb.Fault_FAULT_NONE && reply.GetTokens() >= 0 && int(reply.GetTokens()) <= len(text)+1 {
			n = int(reply.GetTokens())
		}
		return nil
	})
	return n
}

// Close implements asr.Recognizer: it waits for the call under way. The worker goes on.
func (r *Recognizer) Close() error {
	r.shut()
	return nil
}

const (
	// longestText of an utterance: Whisper writes at most 220 tokens of a few bytes.
	longestText = 16 << 10
	// mostSegments of an utterance; it has one.
	mostSegments = 64
)

var suspicions = map[pb.Suspicion]asr.Suspicion{
	pb.Suspicion_SUSPICION_NONE:       "",
	pb.Suspicion_SUSPICION_LOOP:       asr.SuspectLoop,
	pb.Suspicion_SUSPICION_RATE:       asr.SuspectRate,
	pb.Suspicion_SUSPICION_CONFIDENCE: asr.SuspectConfidence,
	pb.Suspicion_SUSPICION_NO_SPEECH:  asr.SuspectNoSpeech,
}

// unpackTranscript believes nothing: what no recogniser says about a clip of that length is garbage.
func unpackTranscript(m *pb.TranscribeReply, length time.Duration) (asr.Transcript, error) {
	suspect, known := suspicions[m.GetSuspect()]
	timings := m.GetTimings()
	t := asr.Transcript{
		Text: plain(m.GetText()), Language: m.GetLanguage(), Suspect: suspect,
		Confidence: m.GetConfidence(), NoSpeech: m.GetNoSpeech(),
		Timings: asr.Timings{
			Encode: time.Duration(timings.GetEncodeNs()), Decode: time.Duration(timings.GetDecodeNs()),
			AudioContext: int(timings.GetAudioContext()), Tokens: int(timings.GetTokens()), PromptTokens: int(timings.GetPromptTokens()),
			Tries: int(timings.GetTries()), Again: int(timings.GetAgain()),
		},
	}
	switch {
	case !known, t.Language != "ja" && t.Language != "en",
		len(m.GetText()) > longestText, len(m.GetSegments()) > mostSegments,
		!share(t.Confidence), !share(t.NoSpeech),
		!counts(t.Timings.Encode, t.Timings.Decode), !counts(t.Timings.AudioContext, t.Timings.Tokens, t.Timings.PromptTokens, t.Timings.Tries, t.Timings.Again):
		return asr.Transcript{}, errGarbage
	}
	size, at := 0, time.Duration(0)
	for _, s := range m.GetSegments() {
		start, end := time.Duration(s.GetStartNs()), time.Duration(s.GetEndNs())
		size += len(s.GetText())
		if start < at || end < start || end > length+time.Second || size > longestText {
			return asr.Transcript{}, errGarbage
		}
		t.Segments = append(t.Segments, asr.Segment{Text: plain(s.GetText()), Start: start, End: end})
		at = start
	}
	return t, nil
}

// plain drops what could control a terminal.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

func share(x float64) bool { return x >= 0 && x <= 1 }

// counts are not negative, and fit a sum of many.
func counts[N int | time.Duration](values ...N) bool {
	for _, v := range values {
		if v < 0 || int64(v) > math.MaxInt64>>16 {
			return false
		}
	}
	return true
}
