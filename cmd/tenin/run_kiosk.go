package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/bench"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/service"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage/uplink"
)

// recordedQuestions is how many questions the demo asks: enough to see approved answers and products, in about a minute.
const recordedQuestions = 10

// kiosk is the life of the kiosk's process, from the walls that it raises around itself to the last shopper.
func (o runOptions) kiosk(cmd *cobra.Command, f *flags, home string, settings config.Config) (err error) {
	ctx, stop := lifelineContext(cmd.Context())
	defer stop()
	defer func() {
		// A kiosk that is stopped while it is being prepared has failed at nothing.
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil
		}
	}()
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
	clips, err := o.clips(f)
	if err != nil {
		return err
	}
	events := control.NewEvents("starting")
	var window *screenRun
	if !o.headless {
		if window, err = o.openScreen(ctx, f, home, settings, log.Logger); err != nil {
			return err
		}
		defer window.close()
	}
	workers, err := newWorkers(f, home, settings, log.Logger, events)
	if err != nil {
		return err
	}
	defer workers.close()
	devices, err := o.listen(ctx, cmd.InOrStdin(), f, home, settings, workers)
	if err != nil {
		return err
	}
	answers, err := newAnswerFiles(o.output)
	if err != nil {
		return err
	}
	// A new vault's seal is described when it is made; a kiosk that goes on says it at each start.
	if kiosk.HasVault(home) {
		f.say("%s", kiosk.DescribeSeal(home, settings.Seal))
	}
	clerk, err := openClerkWith(ctx, f, kiosk.Knowing|kiosk.Hearing|kiosk.Speaking|kiosk.Keeping, o.language, workers.start)
	if err != nil {
		return err
	}
	defer clerk.Close()
	run := &headlessRun{
		clerk: clerk, flags: f, settings: settings, answers: answers,
		out: cmd.OutOrStdout(), elsewhere: !isTerminal(cmd.OutOrStdout()),
		reset: workers.refresh, erase: kiosk.EraseHeap, watch: events.SetState, summon: func() { clerk.Backroom().Call("", "") },
	}
	if o.wait || devices != nil {
		run.desk = kiosk.NewDesk(clerk)
	}
	endServing, err := run.serveOthers(ctx, home, workers, window, devices, events, log.Logger)
	if err != nil {
		return err
	}
	defer endServing()
	f.say("%s", clerk.Greeting())
	defer service.Stopping()
	switch {
	case window != nil:
		window.headlessRun = run
		err = window.serve(ctx, devices)
	case o.wait:
		run.wait(ctx, !o.examined)
	case devices != nil:
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
}

// clips reads the recordings that were named.
func (o runOptions) clips(f *flags) ([]audio.Clip, error) {
	var clips []audio.Clip
	for _, path := range o.inputs {
		clip, err := readQuestion(f, path)
		if err != nil {
			return nil, err
		}
		clips = append(clips, clip)
	}
	return clips, nil
}

// listen returns the sound devices where a person can speak to the kiosk, and nil where recordings or other commands do.
func (o runOptions) listen(ctx context.Context, in io.Reader, f *flags, home string, settings config.Config, w *workers) (soundDevices, error) {
	if len(o.inputs) > 0 || o.wait && !o.examined {
		return nil, nil
	}
	devices, err := w.sound(ctx)
	switch {
	case err != nil || o.wait:
		return nil, err
	case !o.headless:
		// A microphone that is plugged in later works from the next touch on; until then shoppers type.
		return devices, nil
	}
	live, why := canListen(isTerminal(in), settings, devices)
	if live {
		return devices, nil
	}
	_, isDemo, err := kiosk.LoadKnowledge(home)
	if err != nil {
		return nil, err
	}
	if !isDemo {
		return nil, fmt.Errorf("%w; recorded questions exist for the demo shop only: name a recording with --input FILE.wav", why)
	}
	f.say("%v: the demo shop answers recorded questions", why)
	return nil, nil
}

// serveOthers answers other commands and the uplink at the home's sockets until end is called.
func (r *headlessRun) serveOthers(ctx context.Context, home string, w *workers, window *screenRun, devices soundDevices, events *control.Events, log *slog.Logger) (end func(), err error) {
	prober := uplink.NewProber()
	var play func(context.Context, audio.Clip) error
	if devices != nil {
		play = (&roomSound{devices: devices, settings: r.settings.Audio}).Play
	}
	served, err := kiosk.ServeControl(ctx, r.clerk, kiosk.ControlOptions{
		// Recordings leave nobody time for other questions: then there is no desk.
		Version: version, Events: events, Desk: r.desk, Processes: window.processes(w.processes), Probe: probing(w, window, prober), Log: log,
		Reloaded: window.learn, Play: play,
		Ring: ringOutside(r.settings),
	})
	if err != nil {
		return nil, err
	}
	endUplink, err := serveUplink(ctx, home, r.clerk, prober, log)
	if err != nil {
		return nil, errors.Join(err, served.Close())
	}
	return func() {
		endUplink()
		_ = served.Close()
	}, nil
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
