package kiosk

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/dialogue"
)

// LongestQuestion is the longest recording of one question.
const LongestQuestion = 4 * asr.MaxUtterance

// longestText of a typed question, in bytes.
const longestText = 64 << 10

// ErrNoDesk means that the kiosk takes no questions from other processes.
var ErrNoDesk = errors.New("this kiosk answers recordings and takes no other questions: start it with --wait, or ask again when it is done")

// clerkService answers questions.
type clerkService struct {
	pb.UnimplementedClerkServer
	served
}

func (s clerkService) Ask(stream grpc.BidiStreamingServer[pb.AskPart, pb.AnswerPart]) error {
	if s.options.Desk == nil {
		return ErrNoDesk
	}
	ctx := stream.Context()
	terms, brief, err := receiveBrief(stream)
	if err != nil {
		return err
	}
	inquiry := s.options.Desk.Inquire(Terms{Language: terms.GetLanguage(), Keep: terms.GetKeep(), Speak: terms.GetSpeak()})
	defer inquiry.End(ctx)
	for {
		turn, outcome, err := inquiry.Ask(ctx, brief)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrServing), errors.Is(err, ErrVisitOver):
			return err
		case err != nil:
			if errors.Is(err, ErrNotKept) {
				// It was given all the same: whoever asked gets it, and then why it was not kept.
				if err := sendPieces(stream, turn, outcome); err != nil {
					return err
				}
			}
			text := strings.Join(strings.Fields(err.Error()), " ")
			if errors.Is(err, ErrEngineLost) {
				text = Sorry("ja") + " " + Sorry("en") + " (" + text + ")"
			}
			err = stream.Send(&pb.AnswerPart{Problem: &pb.Problem{Reason: reasonOf(err), Text: text}, Whole: true})
		default:
			err = sendAnswer(stream, turn, outcome)
		}
		if err != nil {
			return err
		}
		if _, brief, err = receiveBrief(stream); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// receiveBrief reads one question; io.EOF when there is none any more.
func receiveBrief(stream grpc.BidiStreamingServer[pb.AskPart, pb.AnswerPart]) (terms *pb.Terms, b Brief, err error) {
	for {
		part, err := stream.Recv()
		if err != nil {
			return nil, b, err
		}
		if terms == nil {
			if terms = part.Terms; !KnownLanguage(terms.GetLanguage()) {
				return nil, b, errors.New("a question is Japanese, English or either: use ja, en or auto")
			}
		}
		if part.Spoken && b.Clip == nil {
			b.Clip = &audio.Clip{Rate: audio.SampleRate}
		}
		b.Text += part.Text
		most := int(LongestQuestion.Seconds() * audio.SampleRate)
		switch {
		case len(b.Text) > longestText, b.Text != "" && b.Clip != nil, b.Clip == nil && len(part.Samples) > 0:
			return nil, b, errors.New("a question is a text of at most 64 KB, or a recording")
		case b.Clip != nil:
			samples, err := samplesFromWire(part.Samples)
			if err != nil {
				return nil, b, err
			}
			if b.Clip.Samples = append(b.Clip.Samples, samples...); len(b.Clip.Samples) > most {
				return nil, b, errors.New("the recording is longer than a question")
			}
		}
		if part.Whole {
			return terms, b, nil
		}
	}
}

// KnownLanguage tells whether language is one that the recogniser takes, or empty, which is the settings' own.
func KnownLanguage(language string) bool {
	return language == "" || slices.Contains(asr.Languages, language)
}

// samplesFromWire reads what audio.PackSamples made. What is no sound is refused: an engine may do anything with it.
func samplesFromWire(b []byte) ([]float32, error) {
	samples, whole := audio.UnpackSamples(b)
	if !whole {
		return nil, errors.New("the sound ends within a sample")
	}
	for _, s := range samples {
		if x := float64(s); math.IsNaN(x) || math.Abs(x) > 16 {
			return nil, errors.New("the sound holds values that no sound has")
		}
	}
	return samples, nil
}

// soundInPieces gives sound to send, piece by piece; nothing is sent for none.
func soundInPieces(samples []float32, send func(piece []byte) error) error {
	for len(samples) > 0 {
		n := min(len(samples), control.Piece/audio.PackedSample)
		if err := send(audio.PackSamples(samples[:n])); err != nil {
			return err
		}
		samples = samples[n:]
	}
	return nil
}

func sendAnswer(stream grpc.BidiStreamingServer[pb.AskPart, pb.AnswerPart], t Turn, o Outcome) error {
	if err := sendPieces(stream, t, o); err != nil {
		return err
	}
	return stream.Send(&pb.AnswerPart{Whole: true})
}

// sendPieces sends an answer and its sound, after which something else is to follow.
func sendPieces(stream grpc.BidiStreamingServer[pb.AskPart, pb.AnswerPart], t Turn, o Outcome) error {
	r, g := t.Reply, t.Timings
	err := stream.Send(&pb.AnswerPart{Answer: &pb.Answer{
		Transcript: t.Transcript, Language: t.Language, Suspect: string(t.Suspect), Kind: string(r.Kind), Text: r.Text, Detail: r.Detail,
		TextLanguage: r.Language, Topic: r.Topic, Place: r.Place, Sources: r.Sources, Score: r.Score, SpeechNs: int64(t.Speech), Clip: int32(t.Clip),
		Timings: &pb.Timings{
			VadNs: int64(g.VAD), AsrNs: int64(g.ASR), RetrieveNs: int64(g.Retrieve), GenerateNs: int64(g.Generate),
			FirstAudioNs: int64(g.FirstAudio), TotalNs: int64(g.Total),
		},
		EndpointNs: int64(g.Endpoint), AfterEndpointNs: int64(g.AfterEndpoint), Session: o.Session, SoundRate: int32(o.Spoken.Rate),
	}})
	if err != nil {
		return err
	}
	return soundInPieces(o.Spoken.Samples, func(piece []byte) error { return stream.Send(&pb.AnswerPart{Sound: piece}) })
}

// answerFromWire is the turn that was sent, without its sound.
func answerFromWire(w *pb.Answer) (Turn, Outcome) {
	g := w.GetTimings()
	return Turn{
		Transcript: w.Transcript, Language: w.Language, Suspect: asr.Suspicion(w.Suspect), Speech: time.Duration(w.SpeechNs), Clip: int(w.Clip),
		Reply: dialogue.Reply{
			Kind: dialogue.Kind(w.Kind), Text: w.Text, Detail: w.Detail, Language: w.TextLanguage, Topic: w.Topic, Place: w.Place,
			Sources: w.Sources, Score: w.Score,
		},
		Timings: Timings{
			VAD: time.Duration(g.GetVadNs()), ASR: time.Duration(g.GetAsrNs()), Retrieve: time.Duration(g.GetRetrieveNs()),
			Generate: time.Duration(g.GetGenerateNs()), FirstAudio: time.Duration(g.GetFirstAudioNs()), Total: time.Duration(g.GetTotalNs()),
			Endpoint: time.Duration(w.EndpointNs), AfterEndpoint: time.Duration(w.AfterEndpointNs),
		},
	}, Outcome{Session: w.Session, Spoken: audio.Clip{Rate: int(w.SoundRate)}}
}

// An Asker answers the questions of one visit: the kiosk that runs on a home, or a clerk of this process.
type Asker interface {
	// Ask returns the answer to a question, as Inquiry.Ask does. An answer that could not be kept is returned with the error.
	Ask(context.Context, Brief) (Turn, Outcome, error)
	// Close ends the visit.
	Close() error
}

// AskKiosk returns a visit at the kiosk at the other end of c, which stays open.
func AskKiosk(ctx context.Context, c *control.Client, terms Terms) (Asker, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := pb.NewClerkClient(c.Conn()).Ask(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	wire := &pb.Terms{Language: terms.Language, Keep: terms.Keep, Speak: terms.Speak}
	return &remoteAsker{stream: stream, terms: wire, cancel: cancel}, nil
}

type remoteAsker struct {
	stream grpc.BidiStreamingClient[pb.AskPart, pb.AnswerPart]
	terms  *pb.Terms // nil when they were sent
	cancel context.CancelFunc
}

// Ask implements Asker. It ends early only with the context that the visit was begun with.
func (a *remoteAsker) Ask(_ context.Context, b Brief) (turn Turn, outcome Outcome, err error) {
	if err := a.send(b); err != nil && err != io.EOF {
		return turn, outcome, err
	}
	// After io.EOF the kiosk has said why it takes no more.
	for {
		part, err := a.stream.Recv()
		if err == io.EOF {
			return turn, outcome, ErrVisitOver
		} else if err != nil {
			return turn, outcome, err
		}
		if p := part.Problem; p != nil {
			return turn, outcome, problem{p.Text, sentinelOf(p.Reason)}
		}
		if part.Answer != nil {
			turn, outcome = answerFromWire(part.Answer)
		}
		samples, err := samplesFromWire(part.Sound)
		if err != nil {
			return turn, outcome, err
		}
		outcome.Spoken.Samples = append(outcome.Spoken.Samples, samples...)
		if part.Whole {
			return turn, outcome, nil
		}
	}
}

func (a *remoteAsker) send(b Brief) error {
	terms := a.terms
	a.terms = nil
	if b.Clip == nil {
		return a.stream.Send(&pb.AskPart{Terms: terms, Text: b.Text, Whole: true})
	}
	if err := a.stream.Send(&pb.AskPart{Terms: terms, Spoken: true}); err != nil {
		return err
	}
	samples := audio.Resample(*b.Clip, audio.SampleRate).Samples
	err := soundInPieces(samples, func(piece []byte) error { return a.stream.Send(&pb.AskPart{Spoken: true, Samples: piece}) })
	if err != nil {
		return err
	}
	return a.stream.Send(&pb.AskPart{Spoken: true, Whole: true})
}

// Close implements Asker: it returns when the kiosk has closed the session.
func (a *remoteAsker) Close() error {
	defer a.cancel()
	if err := a.stream.CloseSend(); err != nil {
		return err
	}
	for {
		// What is still on its way was asked for by nobody, and what ended the visit was said before.
		if _, err := a.stream.Recv(); err != nil {
			return nil
		}
	}
}

// AskHere returns a visit at a clerk that is open, which stays open.
func AskHere(c *Clerk, terms Terms) Asker { return &localAsker{clerk: c, terms: terms} }

type localAsker struct {
	clerk *Clerk
	terms Terms
	visit *Visit
}

// Ask implements Asker.
func (a *localAsker) Ask(ctx context.Context, b Brief) (turn Turn, outcome Outcome, err error) {
	if a.visit == nil {
		if a.visit, err = a.begin(b); err != nil {
			return turn, outcome, err
		}
	}
	var speak Speak
	if a.terms.Speak {
		speak = func(chunk audio.Clip) error {
			outcome.Spoken.Rate = chunk.Rate
			outcome.Spoken.Samples = append(outcome.Spoken.Samples, chunk.Samples...)
			return nil
		}
	}
	if b.Clip == nil {
		turn, err = a.visit.AskText(ctx, b.Text, speak)
	} else {
		turn, err = a.visit.ListenRecording(ctx, *b.Clip, speak)
	}
	outcome.Session = a.visit.Session()
	return turn, outcome, err
}

func (a *localAsker) begin(b Brief) (*Visit, error) {
	source := b.source(a.terms.Keep)
	if source.Kind() == "" {
		return a.clerk.BeginUnkept(), nil
	}
	return a.clerk.Begin(source)
}

// Close implements Asker.
func (a *localAsker) Close() error {
	if a.visit == nil {
		return nil
	}
	return a.visit.Close()
}
