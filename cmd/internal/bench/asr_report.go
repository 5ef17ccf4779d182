package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"tenin/asr"
)

// ASRReport is the result of Transcription.
type ASRReport struct {
	CPUs    int `json:"cpus"`
	Threads int `json:"threads"`
	// Our figures: all recordings with speech that nothing was tuned on, the shop's words expected.
	Accuracy
	// Without are the same recordings, no words expected.
	Without Accuracy `json:"without_vocabulary"`
	// Tune are the questions that the voice path may be tuned on; nil for a folder of clips.
	Tune *TuneReport `json:"tune"`
	// Languages are a folder of clips by language; nil for our own questions.
	Languages map[string]LanguageReport `json:"languages"`
	// NonSpeech are the clips without speech; nil when there are none.
	NonSpeech *NonSpeechReport `json:"non_speech"`
	// Peer is whisper-cli with its defaults, nil when it did not run. Ours is ours on the same recordings, and Ratio how
	// many times longer the peer took for them.
	Peer  *Accuracy `json:"peer"`
	Ours  *Accuracy `json:"ours_on_peer_clips"`
	Ratio float64   `json:"ratio"`
	// RatioCER is how many times more characters the peer got wrong; 0 when ours got none wrong.
	RatioCER float64 `json:"ratio_cer"`
	// Lines are the single recordings.
	Lines []ASRLine `json:"recordings"`
}

// Accuracy is how well and how fast recordings were transcribed.
type Accuracy struct {
	Clips int `json:"clips"`
	// CER is the character error rate over all letters of all recordings, as a share.
	CER float64 `json:"cer"`
	// Terms are the key words kept.
	Terms Terms `json:"terms"`
	// RTF is the real-time factor: seconds of work for a second of sound.
	RTF float64 `json:"rtf"`
	// Times are those of single recordings.
	Times Spread `json:"ms"`
}

// TuneReport is Accuracy with the shop's words and without.
type TuneReport struct {
	Accuracy
	Without Accuracy `json:"without_vocabulary"`
}

// LanguageReport is one language of a folder of clips.
type LanguageReport struct {
	Accuracy
	Without Accuracy  `json:"without_vocabulary"`
	Peer    *Accuracy `json:"peer"`
}

// NonSpeechReport are the clips in which nobody speaks. Letters counts what was written all the same, and must be 0.
type NonSpeechReport struct {
	Clips   int `json:"clips"`
	Letters int `json:"letters"`
	Without int `json:"letters_without_vocabulary"`
	// Peer is what whisper-cli wrote; PeerClips how many of the clips it was given.
	PeerClips int `json:"peer_clips"`
	Peer      int `json:"peer_letters"`
}

// ASRLine is one recording.
type ASRLine struct {
	File     string  `json:"file"`
	Set      string  `json:"set"`
	Language string  `json:"language"`
	Text     string  `json:"text"`
	With     string  `json:"heard"`
	Without  string  `json:"heard_without_vocabulary"`
	Peer     *string `json:"heard_by_peer"`
	CER      float64 `json:"cer"`
}

func newASRReport(samples []sample, r readings) ASRReport {
	var report ASRReport
	speech := func(s sample) bool { return letters(s.text) != "" }
	counts := func(s sample) bool { return speech(s) && s.set != setTune }
	asked := func(s sample) bool { return counts(s) && s.peer != nil }
	with := func(s sample) heard { return s.with }
	without := func(s sample) heard { return s.without }
	peer := func(s sample) heard { return *s.peer }

	report.Accuracy = accuracy(samples, r, counts, with)
	report.Without = accuracy(samples, r, counts, without)
	tuned := func(s sample) bool { return s.set == setTune }
	if slices.ContainsFunc(samples, tuned) {
		report.Tune = &TuneReport{accuracy(samples, r, tuned, with), accuracy(samples, r, tuned, without)}
	}
	if slices.ContainsFunc(samples, asked) {
		theirs, ours := accuracy(samples, r, asked, peer), accuracy(samples, r, asked, with)
		report.Peer, report.Ours = &theirs, &ours
		report.Ratio, report.RatioCER = ratio(theirs.RTF, ours.RTF), ratio(theirs.CER, ours.CER)
	}
	for _, s := range samples {
		if s.set != setClips {
			continue
		}
		if !speech(s) {
			if report.NonSpeech == nil {
				report.NonSpeech = &NonSpeechReport{}
			}
			report.NonSpeech.add(s)
			continue
		}
		if report.Languages == nil {
			report.Languages = map[string]LanguageReport{}
		}
		if _, done := report.Languages[s.language]; done {
			continue
		}
		same := func(o sample) bool { return counts(o) && o.language == s.language }
		l := LanguageReport{Accuracy: accuracy(samples, r, same, with), Without: accuracy(samples, r, same, without)}
		if both := func(o sample) bool { return same(o) && asked(o) }; slices.ContainsFunc(samples, both) {
			theirs := accuracy(samples, r, both, peer)
			l.Peer = &theirs
		}
		report.Languages[s.language] = l
	}
	for _, s := range samples {
		report.Lines = append(report.Lines, s.line())
	}
	return report
}

func (n *NonSpeechReport) add(s sample) {
	n.Clips++
	n.Letters += utf8.RuneCountInString(letters(s.with.text))
	n.Without += utf8.RuneCountInString(letters(s.without.text))
	if s.peer != nil {
		n.PeerClips++
		n.Peer += utf8.RuneCountInString(letters(s.peer.text))
	}
}

func (s sample) line() ASRLine {
	l := ASRLine{
		File: s.file, Set: s.set, Language: s.language, Text: s.text, With: s.with.text, Without: s.without.text,
		CER: share(asr.CER(s.text, s.with.text), 1),
	}
	if s.peer != nil {
		l.Peer = &s.peer.text
	}
	return l
}

// accuracy sums up what was heard in the samples that count.
func accuracy(samples []sample, r readings, counts func(sample) bool, of func(sample) heard) Accuracy {
	var a Accuracy
	var wrong, all float64
	var sound, work time.Duration
	var times []time.Duration
	for _, s := range samples {
		if !counts(s) {
			continue
		}
		h := of(s)
		n := float64(utf8.RuneCountInString(letters(s.text)))
		wrong += asr.CER(s.text, h.text) * n
		all += n
		a.Terms.add(countTerms(r, h.text, s.terms))
		sound += s.duration
		work += h.took
		times = append(times, h.took)
		a.Clips++
	}
	a.CER, a.RTF, a.Times = share(wrong, all), share(work.Seconds(), sound.Seconds()), spread(times)
	return a
}

// Print writes the report for people.
func (r ASRReport) Print(w io.Writer) {
	fmt.Fprintf(w, "recognition on %d CPUs, %d threads; CER is the share of characters that are wrong, RTF the seconds of work for a second of sound\n\n", r.CPUs, r.Threads)
	fmt.Fprintf(w, "%-44s %5s  %6s  %9s  %9s  %5s  %8s  %8s\n", "", "clips", "CER %", "terms", "spelled", "RTF", "p50 ms", "p90 ms")
	row := func(name string, a Accuracy) {
		terms, spelled := "-", "-"
		if a.Terms.All > 0 {
			terms, spelled = fmt.Sprintf("%d/%d", a.Terms.Kept, a.Terms.All), fmt.Sprintf("%d/%d", a.Terms.Spelled, a.Terms.All)
		}
		fmt.Fprintf(w, "%-44s %5d  %6.1f  %9s  %9s  %5.2f  %8.0f  %8.0f\n", name, a.Clips, 100*a.CER, terms, spelled, a.RTF, a.Times.P50, a.Times.P90)
	}
	if r.Languages == nil {
		row("questions, the shop's words expected", r.Accuracy)
		row("questions, no words expected", r.Without)
	}
	for _, language := range slices.Sorted(maps.Keys(r.Languages)) {
		l := r.Languages[language]
		row(language+", the shop's words expected", l.Accuracy)
		row(language+", no words expected", l.Without)
		if l.Peer != nil {
			row(language+", whisper-cli with its defaults", *l.Peer)
		}
	}
	if r.Tune != nil {
		row("tuning questions, the shop's words expected", r.Tune.Accuracy)
		row("tuning questions, no words expected", r.Tune.Without)
	}
	if r.Peer != nil {
		if r.Languages == nil {
			row("peer's recordings: whisper-cli's defaults", *r.Peer)
			row("the same recordings, this clerk", *r.Ours)
		}
		fmt.Fprintf(w, "\nwhisper-cli, a process a file that loads the model, takes %.1f times as long (%d recordings)", r.Ratio, r.Peer.Clips)
		if r.RatioCER > 0 {
			fmt.Fprintf(w, " and gets %.1f times as many characters wrong", r.RatioCER)
		}
		fmt.Fprintln(w)
	}
	if n := r.NonSpeech; n != nil {
		fmt.Fprintf(w, "\nletters written for %d clips without speech: %d (must be 0), %d without the shop's words", n.Clips, n.Letters, n.Without)
		if n.PeerClips > 0 {
			fmt.Fprintf(w, "; whisper-cli %d for %d of them", n.Peer, n.PeerClips)
		}
		fmt.Fprintln(w)
	}
	if r.Languages == nil && len(r.Lines) > 40 {
		r.printMistakes(w)
		return
	}
	fmt.Fprintln(w)
	for _, l := range r.Lines {
		fmt.Fprintf(w, "%5.1f %%  %s: %s\n", 100*l.CER, l.File, l.With)
	}
}

// printMistakes lists what was not heard right, which is what a technician wants to see of 140 recordings.
func (r ASRReport) printMistakes(w io.Writer) {
	fmt.Fprintln(w, "\nnot letter by letter (often only another spelling):")
	for _, l := range r.Lines {
		if l.CER > 0 {
			fmt.Fprintf(w, "%5.1f %%  %-22s  %s → %s\n", 100*l.CER, l.File, l.Text, l.With)
		}
	}
}
