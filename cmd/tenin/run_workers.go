package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/models"
)

// workers are the engines and the sound of a kiosk, each in a process of its own.
type workers struct {
	options worker.Options
	pools   []*worker.Pool
	engines *worker.Pool
}

// newWorkers starts none yet. A process that dies again and again is told to the log, to whoever watches events, and in a
// line.
func newWorkers(f *flags, home string, settings config.Config, log *slog.Logger, events *control.Events) (*workers, error) {
	mode, err := sandboxMode(home, settings)
	if err != nil {
		return nil, err
	}
	memory := map[worker.Role]uint64{}
	for role, w := range map[worker.Role]config.Worker{
		worker.ASR: settings.Sandbox.ASR, worker.LLM: settings.Sandbox.LLM,
		worker.Voice: settings.Sandbox.Voice, worker.Audio: settings.Sandbox.Audio,
	} {
		memory[role] = uint64(w.MemoryMB) << 20
	}
	return &workers{options: worker.Options{
		Weights: models.DefaultDir(), Threads: settings.Engines.Threads, Mode: mode, Memory: memory, Log: log,
		Alert: func(a worker.Alert) {
			log.Error("a process died again and again", "role", a.Role, "reason", a.Reason, "crashes", a.Crashes, "pause", a.Pause)
			events.Alert(control.Alert{Role: string(a.Role), Reason: string(a.Reason), Crashes: a.Crashes, Pause: a.Pause})
			f.say("the %s process failed %d times within a minute (%s): the next try is in %v, call a technician",
				a.Role, a.Crashes, a.Reason, a.Pause)
		},
	}}, nil
}

// sound starts the process that reaches the sound devices.
func (w *workers) sound(ctx context.Context) (soundDevices, error) {
	options := w.options
	options.Sound = worker.FindSound(ctx)
	pool, err := worker.Start(ctx, options, worker.Audio)
	if err != nil {
		return nil, err
	}
	w.pools = append(w.pools, pool)
	return pool, nil
}

// start starts the engines and returns what a clerk computes with.
func (w *workers) start(ctx context.Context) (kiosk.Engines, error) {
	pool, err := worker.Start(ctx, w.options, worker.ASR, worker.LLM, worker.Voice)
	if err != nil {
		return kiosk.Engines{}, err
	}
	w.pools, w.engines = append(w.pools, pool), pool
	return kiosk.Engines{Recognizer: pool.Recognizer(), VAD: pool.VAD(), Voice: pool.Voice(), Embedder: pool.Embedder()}, nil
}

// refresh replaces every process that may have heard a shopper.
func (w *workers) refresh(ctx context.Context) error {
	var errs []error
	for _, p := range w.pools {
		errs = append(errs, p.Refresh(ctx))
	}
	return errors.Join(errs...)
}

// processes lists the workers for the control socket.
func (w *workers) processes() []kiosk.ControlProcess {
	var list []kiosk.ControlProcess
	for _, pool := range w.pools {
		for _, p := range pool.Processes() {
			list = append(list, kiosk.ControlProcess{Role: string(p.Role), PID: p.PID, Since: p.Since, Restarts: p.Restarts})
		}
	}
	return list
}

// probe tries from inside the worker of a role what it should not be able to do.
func (w *workers) probe(ctx context.Context, role worker.Role, targets sandbox.Targets) ([]sandbox.Result, error) {
	for _, pool := range w.pools {
		for _, p := range pool.Processes() {
			if p.Role == role {
				return pool.Probe(ctx, role, targets)
			}
		}
	}
	return nil, fmt.Errorf("no %s process runs", role)
}

func (w *workers) close() error {
	var errs []error
	for _, p := range w.pools {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// localSound are devices that this process opens itself.
type localSound struct{ worker.Devices }

func (d localSound) OpenMicrophone(ctx context.Context, o audio.DeviceOptions) (audio.Source, error) {
	m, err := d.Devices.OpenMicrophone(ctx, o)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (d localSound) OpenSpeaker(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
	s, err := d.Devices.OpenSpeaker(ctx, o)
	if err != nil {
		return nil, err
	}
	return s, nil
}
