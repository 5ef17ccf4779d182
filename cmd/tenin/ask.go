package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
)

func newAsk(f *flags) *cobra.Command {
	var text, wav, output, language string
	var noKeep bool
	c := &cobra.Command{
		Use:   "ask",
		Short: "One question, spoken in a file or typed, and its answer",
		Long: `Answers one question and keeps the session, sealed, in the vault. No speech in the file gives an empty transcript and no
answer. The kiosk that runs on the home is asked when there is one, as a shopper who waits until nobody else is served.

JSON fields: transcript, language, kind (approved, product, handoff; empty when nobody spoke), answer, detail, topic,
place, sources, score, suspect, output, session, and timings_ms with vad, asr, retrieve, generate, first_audio, total,
endpoint. Time zero is the end of speech, or the start of the question that was typed.`,
		Example: `  tenin ask --text "駐車場はありますか"
  tenin ask --text "Where can I park?" --json
  tenin ask --wav question.wav --output answer.wav
  echo "返品できますか" | tenin ask --text -`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (text == "") == (wav == "") {
				return usageError{errors.New("name one question: --text TEXT or --wav FILE")}
			}
			if err := checkLanguage(language); err != nil {
				return err
			}
			ctx := cmd.Context()
			text, err := readText(text, cmd.InOrStdin())
			if err != nil {
				return err
			}
			var clip audio.Clip
			parts := kiosk.Knowing
			if wav != "" {
				if clip, err = readQuestion(f, wav); err != nil {
					return err
				}
				parts |= kiosk.Hearing
			}
			if output != "" {
				if err := checkOutput(output); err != nil {
					return err
				}
				parts |= kiosk.Speaking
			}
			if !noKeep {
				parts |= kiosk.Keeping
			}
			terms := kiosk.Terms{Language: language, Keep: !noKeep, Speak: output != ""}
			question := kiosk.Brief{Text: text}
			if wav != "" {
				question.Clip = &clip
			}
			asker, _, err := openAsker(ctx, f, parts, terms)
			if err != nil {
				return err
			}
			turn, outcome, failed := asker.Ask(ctx, question)
			failed = errors.Join(failed, asker.Close())
			// An answer that was not kept was given all the same.
			if failed != nil && turn.Reply.Kind == dialogue.None {
				return failed
			}
			spoken := outcome.Spoken
			if len(spoken.Samples) > 0 {
				if err := audio.WriteFile(output, spoken); err != nil {
					return errors.Join(failed, err)
				}
			} else {
				if output != "" && turn.Reply.Kind != dialogue.None {
					f.say("the answer is in English and the voices are Japanese: %s was not written", output)
				}
				output = ""
			}
			return errors.Join(failed, printTurn(cmd.OutOrStdout(), f, turn, outcome.Session, output))
		},
	}
	c.Flags().StringVar(&text, "text", "", "the question, typed; - reads it from standard input")
	c.Flags().StringVar(&wav, "wav", "", "the question, spoken, in a WAV file")
	c.Flags().StringVarP(&output, "output", "o", "", "write the spoken answer to this WAV file")
	c.Flags().StringVar(&language, "lang", "", "language of a spoken question: ja, en or auto (default: the settings' own)")
	c.Flags().BoolVar(&noKeep, "no-keep", false, "keep nothing of this question")
	return c
}

// checkLanguage takes what --lang may be; empty is the settings' own.
func checkLanguage(language string) error {
	if kiosk.KnownLanguage(language) {
		return nil
	}
	return usageError{fmt.Errorf("--lang %s is unknown: use ja, en or auto", language)}
}

// openClerk opens the parts under the home and settings of the command line.
func openClerk(ctx context.Context, f *flags, parts kiosk.Parts, language string) (*kiosk.Clerk, error) {
	return openClerkWith(ctx, f, parts, language, nil)
}

// openClerkWith opens a clerk that computes with the engines that start returns; with nil they are opened in this process.
func openClerkWith(ctx context.Context, f *flags, parts kiosk.Parts, language string, start func(context.Context) (kiosk.Engines, error)) (*kiosk.Clerk, error) {
	home, settings, err := f.load()
	if err != nil {
		return nil, err
	}
	if parts&kiosk.Keeping != 0 && !kiosk.HasVault(home) {
		f.say("%s", kiosk.DescribeSeal(home, settings.Seal))
	}
	report, extend := newReporter(f), extender()
	return kiosk.Open(ctx, kiosk.Options{
		Home: home, Config: settings, Parts: parts, Language: language, Start: start,
		Notice: func(line string) { f.say("%s", oneLine(line)) },
		Progress: func(what string, done, total int) {
			extend()
			report.step(what, int64(done), int64(total), false)
		},
	})
}

// readText returns text, or what standard input says when text is "-". A question is short: more than 64 KB is none.
func readText(text string, in io.Reader) (string, error) {
	if text != "-" {
		return text, nil
	}
	const most = 64 << 10
	all, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return "", fmt.Errorf("question on standard input: %w", err)
	}
	if len(all) > most {
		return "", usageError{fmt.Errorf("question on standard input is longer than %d bytes", most)}
	}
	return strings.TrimSpace(string(all)), nil
}

// readQuestion reads a recording of one question and says what the reader had to say about it.
func readQuestion(f *flags, path string) (audio.Clip, error) {
	clip, info, err := audio.ReadFile(path, audio.Limits{MaxDuration: asr.MaxUtterance * 4})
	if err != nil {
		return clip, err
	}
	for _, note := range info.Notes {
		f.say("%s: %s", path, note)
	}
	return clip, nil
}

// turnJSON is the result of `tenin ask --json`.
type turnJSON struct {
	Transcript string      `json:"transcript"`
	Language   string      `json:"language"`
	Kind       string      `json:"kind"`
	Answer     string      `json:"answer"`
	Detail     string      `json:"detail,omitempty"`
	Topic      string      `json:"topic,omitempty"`
	Place      string      `json:"place,omitempty"`
	Sources    []string    `json:"sources"`
	Score      float64     `json:"score"`
	Suspect    string      `json:"suspect,omitempty"`
	Output     string      `json:"output,omitempty"`
	Timings    timingsJSON `json:"timings_ms"`
	Session    string      `json:"session"`
}

// timingsJSON are milliseconds.
type timingsJSON struct {
	VAD        float64 `json:"vad"`
	ASR        float64 `json:"asr"`
	Retrieve   float64 `json:"retrieve"`
	Generate   float64 `json:"generate"`
	FirstAudio float64 `json:"first_audio"`
	Total      float64 `json:"total"`
	Endpoint   float64 `json:"endpoint"`
}

func printTurn(out io.Writer, f *flags, turn kiosk.Turn, session, output string) error {
	r, t := turn.Reply, turn.Timings
	if f.json {
		sources := r.Sources
		if sources == nil {
			sources = []string{}
		}
		return printJSON(out, turnJSON{
			Transcript: turn.Transcript, Language: turn.Language, Kind: string(r.Kind), Answer: r.Text, Detail: r.Detail,
			Topic: r.Topic, Place: r.Place, Sources: sources, Score: r.Score, Suspect: string(turn.Suspect), Output: output,
			Timings: timingsJSON{milliseconds(t.VAD), milliseconds(t.ASR), milliseconds(t.Retrieve), milliseconds(t.Generate),
				milliseconds(t.FirstAudio), milliseconds(t.Total), milliseconds(t.Endpoint)},
			Session: session,
		})
	}
	if r.Kind == dialogue.None {
		fmt.Fprintln(out, "(nobody spoke)")
		return nil
	}
	if turn.Speech > 0 {
		fmt.Fprintf(out, "heard   %s\n", turn.Transcript)
	}
	fmt.Fprintf(out, "answer  %s\n", r.Text)
	if r.Detail != "" {
		fmt.Fprintf(out, "        %s\n", strings.ReplaceAll(r.Detail, "\n", "\n        "))
	}
	if f.quiet {
		return nil
	}
	fmt.Fprintf(out, "        %s", r.Kind)
	if len(r.Sources) > 0 {
		fmt.Fprintf(out, " from %s", strings.Join(r.Sources, ", "))
	}
	fmt.Fprintf(out, ", score %.2f", r.Score)
	if turn.Suspect != "" {
		fmt.Fprintf(out, ", the transcript is doubtful (%s)", turn.Suspect)
	}
	fmt.Fprintf(out, "; %s\n", describeTimings(t))
	if output != "" {
		fmt.Fprintf(out, "        spoken in %s\n", output)
	}
	return nil
}

// describeTimings says in a line how long a shopper waited, and for what.
func describeTimings(t kiosk.Timings) string {
	parts := []string{}
	if t.ASR > 0 {
		parts = append(parts, fmt.Sprintf("end of speech %.0f ms, recognition %.0f ms (%.0f of them waited for)",
			milliseconds(t.Endpoint), milliseconds(t.ASR), milliseconds(t.AfterEndpoint)))
	}
	parts = append(parts, fmt.Sprintf("search %.0f ms", milliseconds(t.Retrieve)))
	if t.FirstAudio > 0 {
		parts = append(parts, fmt.Sprintf("first sound after %.0f ms", milliseconds(t.FirstAudio)))
	}
	return strings.Join(parts, ", ")
}
