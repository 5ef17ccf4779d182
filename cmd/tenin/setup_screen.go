package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/kiosk/workshop"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/setup"
	"tenin/storage/uplink"
	"tenin/ui"
	"tenin/ui/technician"
)

// setupOnScreen shows the technician's screens until they are left. The kiosk of the home must not run: the steps open its
// vault and its sound devices. entered: the PIN was given already.
func setupOnScreen(ctx context.Context, f *flags, window string, entered bool) error {
	home, settings, err := f.load()
	if err != nil {
		return err
	}
	if err := kiosk.AlreadyRuns(home); err != nil {
		return fmt.Errorf("%w: stop it first, as its vault has one owner", err)
	}
	width, height, err := windowSize(window)
	if err != nil {
		return err
	}
	log, err := openLog(home, settings)
	if err != nil {
		return err
	}
	defer log.Close()
	glass, err := openWindow(ctx, home, settings, width, height, screen.Options{Log: log.Logger})
	if err != nil {
		return fmt.Errorf("%w; `tenin setup` alone needs no display", err)
	}
	defer glass.Close()
	workers, err := newWorkers(f, home, settings, log.Logger, control.NewEvents("setting up"))
	if err != nil {
		return err
	}
	defer workers.close()
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	engines := &setupEngines{flags: f, workers: workers, life: ctx}
	defer engines.close()

	shop := workshop.New(workshop.Options{
		Bench: workbench(workshop.Machine{
			Setup:   setup.Options{Home: home, Settings: f.settings, Sound: setup.Sound{VAD: setupVAD}},
			Entered: entered, DPI: settings.Screen.DPI, Version: version, Engines: hasEngines, Recognise: engines.recognise, Synthesize: engines.synthesize,
			Reach: func(ctx context.Context) (time.Duration, error) {
				c, err := uplink.ReadCredentials(filepath.Join(home, uplink.CredentialsFile), nil)
				if err != nil {
					return 0, err
				}
				defer c.Seed.Destroy()
				return uplink.Reach(ctx, c)
			},
			Display: glass.Anew,
			Power: func(ctx context.Context, what technician.PowerKind) error {
				switch what {
				case technician.PowerRestart:
					return exec.CommandContext(ctx, "systemctl", "reboot").Run()
				case technician.PowerOff:
					return exec.CommandContext(ctx, "systemctl", "poweroff").Run()
				}
				leave() // whoever started this program starts it anew
				return nil
			},
		}),
		Show: func(v technician.View, l ui.Look) {
			l.DPI = settings.Screen.DPI
			glass.Show(screen.Picture{Technician: &v, Look: l})
		},
		Close: leave,
	})
	var touching sync.WaitGroup
	defer touching.Wait()
	defer leave()
	touching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case touch, open := <-glass.Touches():
				if !open {
					leave()
					return
				}
				if touch.Technician != nil {
					shop.Touch(touch.Technician)
				}
			}
		}
	})
	language := technician.Japanese
	if settings.Shop.Language == "en" {
		language = technician.English
	}
	touching.Go(func() { shop.Open(language) })
	shop.Run(ctx)
	return nil
}

// setupEngines hear and speak for the set-up. They are started when they are first needed: most steps need none, and a
// machine without weights must be set up all the same.
type setupEngines struct {
	flags   *flags
	workers *workers
	life    context.Context
	clerk   *kiosk.Clerk
}

func (e *setupEngines) open() (*kiosk.Clerk, error) {
	if e.clerk != nil {
		return e.clerk, nil
	}
	clerk, err := openClerkWith(e.life, e.flags, kiosk.Hearing|kiosk.Speaking, "", e.workers.start)
	if err != nil {
		return nil, err
	}
	e.clerk = clerk
	return clerk, nil
}

func (e *setupEngines) close() {
	if e.clerk != nil {
		_ = e.clerk.Close()
	}
}

func (e *setupEngines) recognise(ctx context.Context, clip audio.Clip) (string, error) {
	clerk, err := e.open()
	if err != nil {
		return "", err
	}
	heard, err := clerk.Transcribe(ctx, clip, nil)
	return heard.Text, err
}

func (e *setupEngines) synthesize(ctx context.Context, text, language string) (audio.Clip, error) {
	clerk, err := e.open()
	if err != nil {
		return audio.Clip{}, err
	}
	if language != "ja" {
		return audio.Clip{}, fmt.Errorf("no voice speaks %q", language)
	}
	return clerk.SayApproved(ctx, speech.Approve(text), "")
}
