package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The targets on two cores.
const (
	firstAudioLimit = 1000.0 // milliseconds, p50
	naiveTarget     = 6.0    // times sooner than the chain from files
	warmTarget      = 1.5    // times sooner than the engines kept warm
)

// TurnReport is the result of Turn. Times are milliseconds from the last sample of speech.
type TurnReport struct {
	CPUs      int `json:"cpus"`
	Threads   int `json:"threads"`
	Questions int `json:"questions"`
	ChainReport
	// Cached is FirstAudio of the answers that were spoken before, which approved answers always are.
	Cached Spread `json:"first_audio_cached_ms"`
	// PSS is the memory of a process with every default model loaded, in MB.
	PSS    float64       `json:"pss_mb"`
	Memory *MemoryReport `json:"memory"`
	// Peer is the chain from files, nil when it did not run, and Ratio how many times sooner ours gives its first sound:
	// p50 against p50 on the questions that both were asked.
	Peer  *PeerReport `json:"peer"`
	Ratio float64     `json:"ratio"`
	// PeerWarm and RatioWarm are the same for the engines kept warm.
	PeerWarm  *PeerReport `json:"peer_warm"`
	RatioWarm float64     `json:"ratio_warm"`
	// Turns are the single questions, in the order asked.
	Turns []TurnLine `json:"turns"`
}

// ChainReport is what one way of answering made of the questions.
type ChainReport struct {
	// FirstAudio is the time to the first sound of the answer, Stages where it went. Each percentile stands for itself:
	// those of the stages do not add up to those of the whole.
	FirstAudio Spread      `json:"first_audio_ms"`
	Stages     StageSpread `json:"stages_ms"`
	// Answered counts the questions that were answered in time and aloud, Right those with an answer that was expected. For
	// the chain from files Right means that a right passage was found first: what it makes of it is not judged.
	Answered int `json:"answered"`
	Right    int `json:"right"`
	// Terms are the key words in the transcripts.
	Terms Terms `json:"terms"`
}

// StageSpread is a Spread for each of the Stages.
type StageSpread struct {
	Endpoint Spread `json:"endpoint"`
	ASR      Spread `json:"asr"`
	Retrieve Spread `json:"retrieve"`
	Generate Spread `json:"generate"`
	Speak    Spread `json:"speak"`
}

// PeerReport is a peer, and ours on the questions that it was asked.
type PeerReport struct {
	// What says how the peer works.
	What      string `json:"what"`
	Questions int    `json:"questions"`
	ChainReport
	// Streamed is when the peer's first chunk of speech was ready, for a peer that could play it at once; else zeros.
	Streamed Spread `json:"first_chunk_ms"`
	Ours     Spread `json:"ours_first_audio_ms"`
}

// TurnLine is one question.
type TurnLine struct {
	ID         string       `json:"id"`
	Voice      string       `json:"voice"`
	Text       string       `json:"text"`
	Transcript string       `json:"transcript"`
	Kind       string       `json:"kind"`
	Sources    []string     `json:"sources"`
	Right      bool         `json:"right"`
	Terms      Terms        `json:"terms"`
	Cached     bool         `json:"cached"`
	CutShort   bool         `json:"cut_short"`
	Stages     StageTimes   `json:"stages_ms"`
	FirstAudio float64      `json:"first_audio_ms"`
	Peer       *PeerOutcome `json:"peer"`
	PeerWarm   *PeerOutcome `json:"peer_warm"`
}

// StageTimes are the Stages of one answer in milliseconds.
type StageTimes struct {
	Endpoint float64 `json:"endpoint"`
	ASR      float64 `json:"asr"`
	Retrieve float64 `json:"retrieve"`
	Generate float64 `json:"generate"`
	Speak    float64 `json:"speak"`
}

// PeerOutcome is what a peer made of one question.
type PeerOutcome struct {
	Transcript string     `json:"transcript"`
	Answer     string     `json:"answer"`
	Right      bool       `json:"right"`
	Stages     StageTimes `json:"stages_ms"`
	FirstAudio float64    `json:"first_audio_ms"`
}

const (
	naiveWhat = "from files: whisper-cli with its defaults, one-shot generation, one-shot synthesis, a process each"
	warmWhat  = "the same engines kept warm, one after the other at the end of the file, no cache"
)

func newTurnReport(turns []turn, r readings) TurnReport {
	report := TurnReport{Questions: len(turns)}
	var ours, cached, warm, naive, withWarm, withNaive []judged
	for _, t := range turns {
		own := judge(t.ours, t.Question, r)
		ours = append(ours, own)
		if t.ours.cached {
			cached = append(cached, own)
		}
		line := TurnLine{
			ID: t.ID, Voice: t.voice, Text: t.Text, Transcript: t.ours.transcript, Kind: string(t.ours.kind),
			Sources: append([]string{}, t.ours.sources...), Right: own.right, Terms: own.terms, Cached: t.ours.cached,
			CutShort: t.ours.cut, Stages: t.ours.Stages.times(), FirstAudio: milliseconds(t.ours.FirstAudio()),
		}
		if t.naive != nil {
			peer := judge(*t.naive, t.Question, r)
			naive, withNaive = append(naive, peer), append(withNaive, own)
			line.Peer = peer.line()
		}
		if t.warm != nil {
			peer := judge(*t.warm, t.Question, r)
			warm, withWarm = append(warm, peer), append(withWarm, own)
			line.PeerWarm = peer.line()
		}
		report.Turns = append(report.Turns, line)
	}
	report.ChainReport = chainReport(ours)
	report.Cached = spreadOf(cached, Stages.FirstAudio)
	report.Peer, report.Ratio = peerReport(naiveWhat, naive, withNaive)
	report.PeerWarm, report.RatioWarm = peerReport(warmWhat, warm, withWarm)
	return report
}

// judged is an outcome held against what was expected.
type judged struct {
	outcome
	right bool
	terms Terms
}

func judge(o outcome, q Question, r readings) judged {
	right := slices.ContainsFunc(o.sources, func(id string) bool { return slices.Contains(q.Expect, id) })
	return judged{o, right, countTerms(r, o.transcript, q.Terms)}
}

func (j judged) line() *PeerOutcome {
	return &PeerOutcome{
		Transcript: j.transcript, Answer: j.answer, Right: j.right, Stages: j.times(), FirstAudio: milliseconds(j.FirstAudio()),
	}
}

func (s Stages) times() StageTimes {
	return StageTimes{milliseconds(s.Endpoint), milliseconds(s.ASR), milliseconds(s.Retrieve), milliseconds(s.Generate), milliseconds(s.Speak)}
}

// timed says whether an outcome's times count.
func (o outcome) timed() bool { return o.spoke && !o.cut }

func spreadOf(all []judged, of func(Stages) time.Duration) Spread {
	var times []time.Duration
	for _, j := range all {
		if j.timed() {
			times = append(times, of(j.Stages))
		}
	}
	return spread(times)
}

func chainReport(all []judged) ChainReport {
	c := ChainReport{
		FirstAudio: spreadOf(all, Stages.FirstAudio),
		Stages: StageSpread{
			Endpoint: spreadOf(all, func(s Stages) time.Duration { return s.Endpoint }),
			ASR:      spreadOf(all, func(s Stages) time.Duration { return s.ASR }),
			Retrieve: spreadOf(all, func(s Stages) time.Duration { return s.Retrieve }),
			Generate: spreadOf(all, func(s Stages) time.Duration { return s.Generate }),
			Speak:    spreadOf(all, func(s Stages) time.Duration { return s.Speak }),
		},
	}
	for _, j := range all {
		if j.timed() {
			c.Answered++
		}
		if j.right {
			c.Right++
		}
		c.Terms.add(j.terms)
	}
	return c
}

// peerReport compares a peer with ours on the same questions, as far as both spoke.
func peerReport(what string, peer, ours []judged) (*PeerReport, float64) {
	if len(peer) == 0 {
		return nil, 0
	}
	p := &PeerReport{What: what, Questions: len(peer), ChainReport: chainReport(peer)}
	var streamed []time.Duration
	var theirs, own []judged
	for i := range peer {
		if peer[i].streamed > 0 {
			streamed = append(streamed, peer[i].streamed)
		}
		if peer[i].timed() && ours[i].timed() {
			theirs, own = append(theirs, peer[i]), append(own, ours[i])
		}
	}
	p.Streamed = spread(streamed)
	p.Ours = spreadOf(own, Stages.FirstAudio)
	return p, ratio(spreadOf(theirs, Stages.FirstAudio).P50, p.Ours.P50)
}

// setMemory takes the memory over.
func (r *TurnReport) setMemory(m *MemoryReport) {
	if m != nil {
		r.Memory, r.PSS = m, m.PSS
	}
}

// column is a chain in the table for people.
type column struct {
	name      string
	questions int
	ChainReport
}

// Print writes the report for people.
func (r TurnReport) Print(w io.Writer) {
	fmt.Fprintf(w, "%d spoken questions, fed in real time; %d CPUs, %d threads.\n", r.Questions, r.CPUs, r.Threads)
	fmt.Fprintf(w, "Milliseconds from the last sample of speech to the first sound of the answer:\n\n")
	chains := []column{{"this clerk", r.Questions, r.ChainReport}}
	if p := r.PeerWarm; p != nil {
		chains = append(chains, column{"engines kept warm", p.Questions, p.ChainReport})
	}
	if p := r.Peer; p != nil {
		chains = append(chains, column{"chain from files", p.Questions, p.ChainReport})
	}
	row := func(name string, cell func(c column) string) {
		line := fmt.Sprintf("%-26s", name)
		for _, c := range chains {
			line += fmt.Sprintf("  %22s", cell(c))
		}
		fmt.Fprintln(w, line)
	}
	row("", func(c column) string { return c.name })
	row("", func(c column) string { return fmt.Sprintf("%d questions", c.questions) })
	row("", func(column) string { return "p50     p90     max" })
	times := func(name string, of func(c column) Spread) {
		row(name, func(c column) string {
			s := of(c)
			return fmt.Sprintf("%6.0f  %6.0f  %6.0f", s.P50, s.P90, s.Max)
		})
	}
	times("end of speech noticed", func(c column) Spread { return c.Stages.Endpoint })
	times("transcript, after that", func(c column) Spread { return c.Stages.ASR })
	times("search", func(c column) Spread { return c.Stages.Retrieve })
	times("generation", func(c column) Spread { return c.Stages.Generate })
	times("speech, to its first sound", func(c column) Spread { return c.Stages.Speak })
	times("first sound of the answer", func(c column) Spread { return c.FirstAudio })
	fmt.Fprintln(w)
	row("answered aloud", func(c column) string { return fmt.Sprint(c.Answered) })
	row("right answer found", func(c column) string { return fmt.Sprint(c.Right) })
	row("key terms heard", func(c column) string { return fmt.Sprintf("%d of %d", c.Terms.Kept, c.Terms.All) })
	row("  letter by letter", func(c column) string { return fmt.Sprintf("%d of %d", c.Terms.Spelled, c.Terms.All) })

	fmt.Fprintf(w, "\nfirst sound of an answer that was spoken before: p50 %.0f ms (at most %.0f wanted)\n", r.Cached.P50, firstAudioLimit)
	if p := r.PeerWarm; p != nil {
		fmt.Fprintf(w, "engines kept warm take %.1f times as long (%.0f to %.0f ms, p50 on the same %d questions; at least %.1f wanted)\n",
			r.RatioWarm, p.FirstAudio.P50, p.Ours.P50, p.Questions, warmTarget)
	}
	if p := r.Peer; p != nil {
		fmt.Fprintf(w, "the chain from files takes %.1f times as long (%.0f to %.0f ms, p50 on the same %d questions; at least %.1f wanted)\n",
			r.Ratio, p.FirstAudio.P50, p.Ours.P50, p.Questions, naiveTarget)
	}
	if r.Memory != nil {
		fmt.Fprintf(w, "memory with every default model loaded: %.0f MB (at most %.0f wanted); `tenin bench memory` shows its parts\n", r.PSS, r.Memory.Limit)
	}
	if r.Peer != nil || r.PeerWarm != nil {
		fmt.Fprint(w, peersExplained)
	}
	fmt.Fprintln(w)
	for _, t := range r.Turns {
		fmt.Fprintf(w, "%-4s %6.0f ms  %s\n", t.ID, t.FirstAudio, t.describe())
	}
}

const peersExplained = `
The engines kept warm use our recogniser and its settings on the whole recording, our search, and our voice without the
cache, one after the other. The chain from files runs a process a stage, each of which loads its model: whisper-cli with
its defaults, at most 64 tokens of Gemma from the passages found, the voice; it says what it generated, or the approved
answer where that is shorter. Both are told where the speech ends and wait for nothing; their files stop 0.2 s later.
A right answer is one that was given; for the chain from files it is a right passage found first, whatever it then said.
`

func (t TurnLine) describe() string {
	var notes []string
	switch {
	case t.Transcript == "":
		notes = append(notes, "NOT HEARD")
	case t.CutShort:
		notes = append(notes, "ANSWERED BEFORE THE QUESTION WAS OVER")
	case !t.Right:
		notes = append(notes, "WRONG: "+strings.Join(append([]string{t.Kind}, t.Sources...), " "))
	}
	if !t.Cached {
		notes = append(notes, "spoken for the first time")
	}
	if missing := t.Terms.All - t.Terms.Kept; missing > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d terms misheard: %s", missing, t.Terms.All, t.Text))
	}
	line := t.Transcript
	if len(notes) > 0 {
		line += "  [" + strings.Join(notes, "; ") + "]"
	}
	return line
}
