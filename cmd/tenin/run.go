package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/bench"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/service"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/dialogue"
	"tenin/storage/uplink"
)

// recordedQuestions is how many questions the demo asks: enough to see approved answers and products, in about a minute.
const recordedQuestions = 10

func newRun(f *flags) *cobra.Command {
	var headless, wait, examined bool
	var inputs []string
	var output, language string
	c := &cobra.Command{
		Use:   "run",
		Short: "The kiosk: hear questions and answer them until it is stopped",
		Long: `Runs the clerk. With a terminal and a microphone it listens when Enter is touched, after asking whether the conversation
may be kept; without a yes it answers all the same and keeps nothing. Without a terminal or a microphone, the demo shop answers recorded questions, fed in real time as a microphone would bring them.
Each answer is printed with what was heard, its source, its kind and the timings.

Keys, each followed by Enter: none opens the microphone, ends a question, and stops an answer; s calls staff; m leaves a
message for them, where the conversation may be kept; n for the next shopper, who is asked anew, as is whoever comes after
a minute without a key; q, Ctrl-D or Ctrl-C leave.

With --wait there is no shopper at the machine: it stays up without terminal and microphone, speaks the approved answers
ahead, and serves the control socket until it is stopped. That is how systemd starts it.

Where the results go into a file or a pipe, those of a conversation that may not be kept are shown at the terminal instead.

With --json one object a line, as ` + "`tenin ask`" + `.`,
		Example: `  tenin run --headless                              microphone, or recorded questions
  tenin run --headless --output answers             also write each spoken answer as WAV
  tenin run --headless --input question.wav -o answer.wav
  tenin run --headless --wait                       stay up until it is stopped`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !headless {
				return usageError{errors.New("this build has no screen: run it with --headless")}
			}
			if wait && (len(inputs) > 0 || output != "") {
				return usageError{errors.New("--wait hears nobody by itself: leave --input and --output out, or use `tenin ask`")}
			}
			if err := checkLanguage(language); err != nil {
				return err
			}
			ctx := cmd.Context()
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			if childRole != kioskRole {
				return launch(ctx, home, settings)
			}
			ctx, stop := lifelineContext(ctx)
			defer stop()
			// What it will hold in memory is nobody's to look at, not even for another process of its own user.
			if err := sandbox.Seal(); err != nil {
				return err
			}
			if err := kiosk.AlreadyRuns(home); err != nil {
				return err
			}
			log, err := openLog(home, settings)
			if err != nil {
				return err
			}
			defer log.Close()
			// Files and the microphone are looked at before the engines are: a mistake shows at once.
			var clips []audio.Clip
			for _, path := range inputs {
				clip, err := readQuestion(f, path)
				if err != nil {
					return err
				}
				clips = append(clips, clip)
			}
			_, isDemo, err := kiosk.LoadKnowledge(home)
			if err != nil {
				return err
			}
			events := control.NewEvents("starting")
			workers, err := newWorkers(f, home, settings, log.Logger, events)
			if err != nil {
				return err
			}
			defer workers.close()
			live := false
			var devices soundDevices
			if len(clips) == 0 && !wait {
				if devices, err = workers.sound(ctx); err != nil {
					return err
				}
				var why error
				if live, why = canListen(isTerminal(cmd.InOrStdin()), settings, devices); why != nil && !isDemo {
					return fmt.Errorf("%w; recorded questions exist for the demo shop only: name a recording with --input FILE.wav", why)
				} else if why != nil {
					f.say("%v: the demo shop answers recorded questions", why)
				}
			} else if examined {
				if _, err := workers.sound(ctx); err != nil {
					return err
				}
			}
			answers, err := newAnswerFiles(output)
			if err != nil {
				return err
			}
			// A new vault's seal is described when it is made; a kiosk that goes on says it at each start.
			if kiosk.HasVault(home) {
				f.say("%s", kiosk.DescribeSeal(home, settings.Seal))
			}
			engines, err := workers.start(ctx)
			if err != nil {
				return err
			}
			clerk, err := openClerkWith(ctx, f, kiosk.Knowing|kiosk.Hearing|kiosk.Speaking|kiosk.Keeping, language, engines)
			if err != nil {
				return err
			}
			defer clerk.Close()
			prober := uplink.NewProber()
			var desk *kiosk.Desk // recordings leave nobody time for other questions
			if wait || live {
				desk = kiosk.NewDesk(clerk)
			}
			served, err := kiosk.ServeControl(ctx, clerk, kiosk.ControlOptions{
				Version: version, Events: events, Desk: desk, Processes: workers.processes, Probe: probing(workers, prober), Log: log.Logger,
			})
			if err != nil {
				return err
			}
			defer served.Close()
			endUplink, err := serveUplink(ctx, home, clerk, prober, log.Logger)
			if err != nil {
				return err
			}
			defer endUplink()
			f.say("%s", clerk.Greeting())
			defer service.Stopping()
			run := &headlessRun{clerk: clerk, desk: desk, flags: f, settings: settings, out: cmd.OutOrStdout(), elsewhere: !isTerminal(cmd.OutOrStdout()), answers: answers, reset: workers.refresh, erase: kiosk.EraseHeap, watch: events.SetState, summon: func() { events.CallStaff() }}
			switch {
			case wait:
				run.wait(ctx, !examined)
			case live:
				newLive(run, cmd.InOrStdin(), devices, newConsole(f.quiet)).serve(ctx)
			case len(clips) > 0:
				err = run.serve(ctx, len(clips), func(context.Context) (clip audio.Clip, _ error) {
					clip, clips = clips[0], clips[1:]
					return clip, nil
				})
			default:
				err = run.demo(ctx)
			}
			return errors.Join(err, answers.finish())
		},
	}
	c.Flags().BoolVar(&headless, "headless", false, "without a screen")
	c.Flags().BoolVar(&wait, "wait", false, "without terminal and microphone: stay up and answer what other commands ask")
	c.Flags().BoolVar(&examined, "examined", false, "with --wait: start the sound process too, and speak nothing ahead")
	// It is how `tenin doctor egress` starts a kiosk to look at.
	_ = c.Flags().MarkHidden("examined")
	c.Flags().StringArrayVar(&inputs, "input", nil, "a WAV file that is fed in real time instead of a microphone; may be repeated")
	c.Flags().StringVarP(&output, "output", "o", "", "folder for the spoken answers, or one FILE.wav for all of them")
	c.Flags().StringVar(&language, "lang", "", "language of the shoppers: ja, en or auto (default: the settings' own)")
	return c
}

// canListen says whether a person can speak to this process, and if not, why.
func canListen(terminal bool, settings config.Config, devices soundDevices) (bool, error) {
	if !terminal {
		return false, errors.New("no terminal")
	}
	if settings.Audio.Microphone != "" {
		return true, nil
	}
	if _, err := devices.DefaultMicrophone(); err != nil {
		return false, err
	}
	return true, nil
}

// headlessRun is the kiosk without a screen.
type headlessRun struct {
	clerk *kiosk.Clerk
	// desk takes the questions of other commands as well; nil: there are none.
	desk     *kiosk.Desk
	flags    *flags
	settings config.Config
	out      io.Writer
	// elsewhere: out is a file or a pipe.
	elsewhere bool
	answers   *answerFiles
	// reset makes the engines anew between two shoppers; it may be nil.
	reset func(context.Context) error
	// erase overwrites what a shopper left in this process; it may be nil.
	erase func()
	// watch is told what the kiosk does, in a word; it may be nil.
	watch func(state string)
	// summon tells the staff's screens that somebody asks for them; it may be nil.
	summon func()
}

// demo answers recorded questions as a microphone would bring them.
func (r *headlessRun) demo(ctx context.Context) error {
	questions, err := bench.TurnQuestions()
	if err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	voices, asked := speech.Voices(), 0
	return r.serve(ctx, min(recordedQuestions, len(questions)), func(ctx context.Context) (audio.Clip, error) {
		i := asked
		asked++
		recording, err := r.clerk.Record(ctx, questions[i].Text, voices[i%len(voices)])
		if err != nil {
			return audio.Clip{}, err
		}
		if path := r.answers.question(); path != "" {
			return recording.Clip, recording.Write(path)
		}
		return recording.Clip, nil
	})
}

// prepare speaks the approved answers once, which takes minutes the first time and nothing later.
func (r *headlessRun) prepare(ctx context.Context) error {
	if n := r.clerk.Unrendered(); n > 0 {
		r.flags.say("speaking %d approved answers once, so that nobody waits for the voice later (about 2 s each)", n)
	}
	return r.clerk.Render(ctx)
}

// answerFiles writes what was said: into a folder, a file each, or all into one file.
type answerFiles struct {
	folder, file string
	count        int
	all          audio.Clip
}

func newAnswerFiles(output string) (*answerFiles, error) {
	a := &answerFiles{}
	switch {
	case output == "":
	case strings.EqualFold(filepath.Ext(output), ".wav"):
		a.file = output
		return a, checkOutput(output)
	default:
		if err := os.MkdirAll(output, 0o755); err != nil {
			return nil, fmt.Errorf("folder %s for the answers cannot be made: %w", output, errors.Unwrap(err))
		}
		if err := checkOutput(filepath.Join(output, "answer.wav")); err != nil {
			return nil, err
		}
		a.folder = output
	}
	return a, nil
}

// question returns where the next question's recording goes; empty when questions are not written.
func (a *answerFiles) question() string {
	if a.folder == "" {
		return ""
	}
	return filepath.Join(a.folder, fmt.Sprintf("%02d-question.wav", a.count+1))
}

// add returns where the spoken answer is, or will be.
func (a *answerFiles) add(turn kiosk.Turn, spoken audio.Clip) (string, error) {
	a.count++
	if len(spoken.Samples) == 0 || turn.Reply.Kind == dialogue.None {
		return "", nil
	}
	switch {
	case a.folder != "":
		path := filepath.Join(a.folder, fmt.Sprintf("%02d-answer.wav", a.count))
		return path, audio.WriteFile(path, spoken)
	case a.file != "":
		a.all.Rate = spoken.Rate
		if len(a.all.Samples) > 0 {
			a.all.Samples = append(a.all.Samples, make([]float32, spoken.Rate)...)
		}
		a.all.Samples = append(a.all.Samples, spoken.Samples...)
		return a.file, nil
	}
	return "", nil
}

func (a *answerFiles) finish() error {
	if a.file == "" || len(a.all.Samples) == 0 {
		return nil
	}
	return audio.WriteFile(a.file, a.all)
}
