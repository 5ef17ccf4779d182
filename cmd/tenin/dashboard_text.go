package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
)

// callJSON is a line of `tenin dashboard --text --json`.
type callJSON struct {
	At       time.Time `json:"at"`
	Event    string    `json:"event"`
	Call     string    `json:"call"`
	Kiosk    string    `json:"kiosk"`
	Topic    string    `json:"topic"`
	Language string    `json:"language"`
	Since    time.Time `json:"since"`
	Waited   int       `json:"waited_seconds"`
	By       string    `json:"by"`
}

// list prints who waits, and with --text what becomes of them until the command is stopped.
func (d *dashboard) list(cmd *cobra.Command, home string) error {
	ctx := cmd.Context()
	house, err := dialHouse(ctx, home)
	if err != nil {
		return err
	}
	defer func() { _ = house.Close() }()
	list := callList{out: cmd.OutOrStdout(), json: d.flags.json, now: time.Now}
	if d.once {
		now, err := house.Situation(ctx)
		if err != nil {
			return refused(err)
		}
		if len(now.Calls) == 0 {
			d.flags.say("nobody is waiting")
		}
		_, err = list.take(now)
		return err
	}
	first := true
	var failed error
	watch, stop := context.WithCancel(ctx)
	defer stop()
	err = house.Watch(watch, func(now kiosk.Situation) {
		rings, err := list.take(now)
		if err != nil {
			failed = err
			stop()
			return
		}
		if first && len(now.Calls) == 0 {
			d.flags.say("nobody is waiting; Ctrl-C ends this")
		}
		first = false
		if rings && !d.flags.quiet {
			ringBell(os.Stderr)
		}
	})
	switch {
	case failed != nil:
		return failed
	case ctx.Err() != nil:
		return nil // Ctrl-C is how a live list ends
	case err == nil:
		return fmt.Errorf("%w: the list is over", control.ErrGone)
	}
	return refused(err)
}

// callList turns situations into lines.
type callList struct {
	out   io.Writer
	json  bool
	now   func() time.Time
	calls []kiosk.Call
	begun bool
}

// take prints what is new. rings says that somebody has begun to wait, or has waited for too long.
func (l *callList) take(s kiosk.Situation) (rings bool, err error) {
	begun := l.begun
	l.begun = true
	before := l.calls
	l.calls = slices.Clone(s.Calls)
	for _, c := range before {
		if !slices.ContainsFunc(s.Calls, func(n kiosk.Call) bool { return n.ID == c.ID }) {
			err = errors.Join(err, l.print("handled", c))
		}
	}
	for _, c := range s.Calls {
		i := slices.IndexFunc(before, func(o kiosk.Call) bool { return o.ID == c.ID })
		switch {
		case i < 0 && !begun:
			rings = rings || !c.Coming()
			err = errors.Join(err, l.print("waiting", c))
		case i < 0:
			rings = rings || !c.Coming()
			err = errors.Join(err, l.print("called", c))
		case c.Coming() && !before[i].Coming():
			err = errors.Join(err, l.print("taken", c))
		case c.Late && !before[i].Late && !c.Coming():
			rings = true
			err = errors.Join(err, l.print("late", c))
		}
	}
	return rings, err
}

func (l *callList) print(event string, c kiosk.Call) error {
	now := l.now()
	waited := max(now.Sub(c.Since), 0)
	if l.json {
		return printJSON(l.out, callJSON{now.UTC(), event, c.ID, c.Kiosk, c.Topic, c.Language, c.Since.UTC(), int(waited.Seconds()), c.By})
	}
	topic := c.Topic
	if topic == "" {
		topic = "topic not known"
	}
	line := fmt.Sprintf("%s  %-8s kiosk %s, %s", now.Local().Format(time.TimeOnly), event, c.Kiosk, topic)
	if c.Language != "" && c.Language != "ja" {
		line += ", speaks " + c.Language
	}
	switch {
	case event == "taken" && c.By != "":
		line += ", " + c.By + " is on the way"
	case event == "waiting" && c.Coming():
		line += ", somebody is on the way"
	}
	if event != "called" {
		line += fmt.Sprintf(", waited %s", waited.Round(time.Second))
	}
	_, err := fmt.Fprintln(l.out, line)
	return err
}

// ringBell rings a terminal's bell; what is no terminal gets nothing.
func ringBell(to *os.File) {
	if isTerminal(to) {
		fmt.Fprint(to, "\a")
	}
}
