package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/kiosk"
)

// longestRecording bounds `tenin transcribe`: at a tenth of real time two hours take a quarter of an hour.
const longestRecording = 2 * time.Hour

// transcriptJSON is a line of `tenin transcribe --json`.
type transcriptJSON struct {
	File     string             `json:"file"`
	Text     string             `json:"text"`
	Language string             `json:"language"`
	Segments []segmentJSON      `json:"segments"`
	Suspect  string             `json:"suspect,omitempty"`
	Timings  map[string]float64 `json:"timings_ms"`
	Error    string             `json:"error,omitempty"`
}

type segmentJSON struct {
	Start int64  `json:"start_ms"`
	End   int64  `json:"end_ms"`
	Text  string `json:"text"`
}

func newTranscribe(f *flags) *cobra.Command {
	var language, prompt string
	var stream, bare bool
	c := &cobra.Command{
		Use:   "transcribe FILE.wav…",
		Short: "Speech in WAV files to text",
		Long: `Writes what is spoken in each file. Nothing spoken gives an empty text and is no failure. The shop's own words are made
known to the recogniser; --no-vocabulary leaves them out. Nothing is kept.

JSON, one object a line: file, text, language, segments (start_ms, end_ms, text), suspect, timings_ms (asr, total), and
error for a file that could not be read; the other files are still transcribed.`,
		Example: `  tenin transcribe question.wav
  tenin transcribe --lang auto --json *.wav
  tenin transcribe --stream question.wav       words as they are heard, the file fed in real time`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLanguage(language); err != nil {
				return err
			}
			ctx := cmd.Context()
			clerk, err := openClerk(ctx, f, kiosk.Hearing, language)
			if err != nil {
				return err
			}
			defer clerk.Close()
			if prompt == "" && !bare {
				if err := clerk.ExpectShopWords(); err != nil {
					return err
				}
			} else {
				clerk.Expect(prompt)
			}
			var failures []error
			for _, path := range args {
				line, err := transcribeFile(ctx, cmd, f, clerk, path, stream)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					failures = append(failures, err)
					line.Error = oneLine(err.Error())
					if len(args) > 1 && !f.json {
						fmt.Fprintln(cmd.ErrOrStderr(), "tenin:", line.Error)
					}
				}
				if f.json {
					if err := printJSON(cmd.OutOrStdout(), line); err != nil {
						return err
					}
				} else if err == nil {
					if len(args) > 1 {
						fmt.Fprintf(cmd.OutOrStdout(), "%s: ", path)
					}
					fmt.Fprintln(cmd.OutOrStdout(), line.Text)
				}
			}
			switch {
			case len(failures) == 0:
				return nil
			case len(args) == 1, f.json && len(failures) == 1:
				return failures[0]
			case f.json:
				return fmt.Errorf("%d of %d files could not be transcribed: the first: %w", len(failures), len(args), failures[0])
			}
			// Every file has had its line.
			return quietError{exitCode(failures[0])}
		},
	}
	c.Flags().StringVar(&language, "lang", "auto", "language of the speech: ja, en, or auto for whichever of the two is heard")
	c.Flags().BoolVar(&stream, "stream", false, "feed the file in real time and print the words as they are heard")
	c.Flags().StringVar(&prompt, "prompt", "", "words to expect, instead of the shop's own")
	c.Flags().BoolVar(&bare, "no-vocabulary", false, "expect no words in particular")
	return c
}

func transcribeFile(ctx context.Context, cmd *cobra.Command, f *flags, clerk *kiosk.Clerk, path string, stream bool) (transcriptJSON, error) {
	line := transcriptJSON{File: path, Segments: []segmentJSON{}, Timings: map[string]float64{}}
	clip, info, err := audio.ReadFile(path, audio.Limits{MaxDuration: longestRecording})
	if err != nil {
		return line, err
	}
	for _, note := range info.Notes {
		f.say("%s: %s", path, note)
	}
	start := time.Now()
	var transcript asr.Transcript
	if stream {
		transcript, err = clerk.TranscribeStream(ctx, clip, func(partial string) {
			if !f.json {
				fmt.Fprintf(cmd.OutOrStdout(), "… %s\n", partial)
			}
		})
	} else {
		report := newReporter(f)
		transcript, err = clerk.Transcribe(ctx, clip, func(done, total time.Duration) {
			report.step("transcribing "+path, int64(done/time.Second), int64(total/time.Second)+1, false)
		})
		report.finish()
	}
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return line, err
		}
		return line, fmt.Errorf("%s: %w", path, err)
	}
	line.Text, line.Language, line.Suspect = transcript.Text, transcript.Language, string(transcript.Suspect)
	for _, s := range transcript.Segments {
		line.Segments = append(line.Segments, segmentJSON{s.Start.Milliseconds(), s.End.Milliseconds(), s.Text})
	}
	line.Timings["asr"] = milliseconds(transcript.Timings.Total)
	line.Timings["total"] = milliseconds(time.Since(start))
	return line, nil
}
