package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/bench"
	"tenin/cmd/internal/kiosk"
)

// peerTurns is how many of the spoken questions the peers are asked by default: the whole run then takes about three
// minutes on two cores. Peers of recognition are quicker: one recording a question.
const (
	peerTurns = 8
	peerClips = 16
)

func newBench(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "Measure a spoken turn, the answers, the recogniser and the memory on this machine",
		Long: `Measures the demo shop on this machine, each time beside a peer in the same run. Stop other work first: two busy
neighbours double every time. With --json each prints one object with our figures, the peer's (peer) and ratio.`,
		Example: `  tenin bench turn                 from the end of speech to the first sound, stage by stage
  tenin bench answers              right, wrong and refused over written questions
  tenin bench asr                  misheard characters and the recogniser's speed
  tenin bench asr --clips DIR      the same over recordings of your own
  tenin bench memory               what each model takes
  tenin bench workers              what a process for each engine costs`,
	}
	c.AddCommand(newBenchTurn(f), newBenchAnswers(f), newBenchASR(f), newBenchMemory(f), newBenchWorkers(f), newBenchHub(f), newBenchScreen(f), newBenchRecordings(f), newBenchOneShot())
	return c
}

// printReport prints what was measured, for people or as JSON.
func printReport(out io.Writer, f *flags, report interface{ Print(io.Writer) }) error {
	if f.json {
		return printJSON(out, report)
	}
	report.Print(out)
	return nil
}

// peerFlags are how much the peers of a measurement do.
type peerFlags struct {
	count int
	none  bool
}

func (p *peerFlags) add(c *cobra.Command, name string, count int, what string) {
	c.Flags().IntVar(&p.count, name, count, "how many of the "+what+" the peers are given as well; 0 for all")
	c.Flags().BoolVar(&p.none, "no-peer", false, "measure no peers")
}

// limit returns what bench takes: 0 for all, less for none.
func (p *peerFlags) limit() (int, error) {
	switch {
	case p.none:
		return -1, nil
	case p.count < 0:
		return 0, usageError{fmt.Errorf("%d is no number of peers' recordings: use 0 for all, or --no-peer", p.count)}
	}
	return p.count, nil
}

func newBenchTurn(f *flags) *cobra.Command {
	var peers peerFlags
	c := &cobra.Command{
		Use:   "turn",
		Short: "From the last sample of speech to the first sound of the answer",
		Long: `Speaks 16 questions with the five voices, plays the recordings in real time as a microphone would bring them, and times
each answer from the last sample of speech, which is labelled in the recording, to the first sound handed to the player.
Approved answers are spoken and cached before, as at an import; the first run does that for minutes.

Two peers get the same recordings in the same run. The chain from files runs whisper-cli with its defaults, then a process
that loads the language model and writes at most 64 tokens, then a process that loads the voice and speaks it whole. The
engines kept warm are ours, called one after the other at the end of the file, without the cache. Both are told where the
speech ends, so that no wait for it is charged to them.

JSON fields: cpus, threads, questions, first_audio_ms (p50, p90, max), stages_ms (endpoint, asr, retrieve, generate,
speak), first_audio_cached_ms, answered, right, terms (all, kept by letters or reading, spelled by letters), pss_mb,
memory, peer and ratio (chain from files), peer_warm and ratio_warm (engines kept warm), turns. ratio is the peer's p50 by
ours, on the questions that both were asked.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, err := peers.limit()
			if err != nil {
				return err
			}
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("cannot find this program to start the peers with: %w", err)
			}
			same := []string{"--home", home}
			if f.settings != "" {
				same = append(same, "--config", f.settings)
			}
			report := newReporter(f)
			result, err := bench.Turn(cmd.Context(), bench.TurnOptions{
				Home: home, Config: settings, Peers: limit, Program: program, Flags: same,
				Progress: func(what string, done, total int) { report.step(what, int64(done), int64(total), false) },
			})
			report.finish()
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
	peers.add(c, "peer-questions", peerTurns, "16 questions")
	return c
}

func newBenchASR(f *flags) *cobra.Command {
	var peers peerFlags
	var clips string
	c := &cobra.Command{
		Use:   "asr",
		Short: "Misheard characters, lost key terms, and the time it takes",
		Long: `Transcribes our own spoken questions in all five voices, with the shop's words expected and without, and whisper-cli with
its defaults on a part of them in the same run. --clips measures a folder of recordings instead: its manifest.jsonl has a
line for each, {"file","lang","text"} with lang ja or en; an empty text means that nobody speaks, and every letter
written for such a clip is counted.

JSON fields: cpus, threads, clips, cer (share of characters that are wrong), terms (all, kept, spelled), rtf, ms (p50, p90,
max), without_vocabulary, tune, languages, non_speech (clips, letters), peer, ours_on_peer_clips, ratio (the peer's time
by ours on the same recordings), ratio_cer, recordings.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, err := peers.limit()
			if err != nil {
				return err
			}
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			report := newReporter(f)
			result, err := bench.Transcription(cmd.Context(), bench.ASROptions{
				Home: home, Config: settings, Clips: clips, Peers: limit,
				Progress: func(what string, done, total int) { report.step(what, int64(done), int64(total), false) },
			})
			report.finish()
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
	c.Flags().StringVar(&clips, "clips", "", "a folder of recordings with a manifest.jsonl, instead of our own questions")
	peers.add(c, "peer-clips", peerClips, "recordings")
	return c
}

func newBenchAnswers(f *flags) *cobra.Command {
	var tune, none bool
	c := &cobra.Command{
		Use:   "answers",
		Short: "Right, wrong and refused answers over written questions",
		Long: `Asks the demo shop the written questions that come with the program, which nothing was tuned on, and counts right first
hits, questions that it does not answer and should not, and wrong answers. The peers are the textbook methods on the same
index, each with the threshold that serves it best on other questions.

JSON fields: queries, ours (in_scope, out_of_scope, first_hit, top_three, answered, refused, wrong, threshold), peer_name,
peer, ratio, peers, ratios, bands, styles, languages, calibration_error, search_ms.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			if home, err = bench.DemoHome(home); err != nil {
				return err
			}
			report := newReporter(f)
			defer report.finish()
			clerk, err := kiosk.Open(ctx, kiosk.Options{Home: home, Config: settings, Parts: kiosk.Knowing,
				Progress: func(what string, done, total int) { report.step(what, int64(done), int64(total), false) }})
			if err != nil {
				return err
			}
			defer clerk.Close()
			result, err := bench.Answers(ctx, bench.AnswersOptions{
				Index: clerk.Index(), Threshold: settings.Answers.Threshold, Peers: !none, Tune: tune,
				Progress: func(done, total int) { report.step("asking", int64(done), int64(total), false) },
			})
			report.finish()
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), result)
			}
			return result.Print(cmd.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&tune, "tune", false, "the questions that retrieval may be tuned on, instead of the test's")
	c.Flags().BoolVar(&none, "no-peer", false, "measure no peers")
	return c
}

func newBenchMemory(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "memory",
		Short: "What each model takes of this machine's memory",
		Long: `Loads every default model, one after the other, uses each once, and weighs the process after each step by its proportional
set size.

JSON fields: pss_mb (all models loaded), pss_used_mb (after each has worked once), limit_mb, steps (part, added_mb).`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			result, err := bench.Memory(cmd.Context(), home, settings)
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
}

// newBenchOneShot is a stage of a peer's chain: a process that loads a model, uses it once and ends.
func newBenchOneShot() *cobra.Command {
	return &cobra.Command{
		Use:    "one-shot",
		Short:  "A stage of a peer's chain, as a job on standard input",
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench.OneShot(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}
