package main

import (
	"errors"

	"github.com/spf13/cobra"
)

func newRun(f *flags) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run",
		Short: "The kiosk: hear questions and answer them until it is stopped",
		Long: `Runs the clerk on the display that DISPLAY names: shoppers touch and speak, and staff come in by touching the shop's mark
five times. The window takes the whole display, or --window of it for a look at a desk. A technician's PIN leads to the
set-up, for which the kiosk makes room; an installed kiosk that was never set up begins with it.

With --headless it needs no display. With a terminal and a microphone it listens when Enter is touched, after asking whether
the conversation may be kept; without a yes it answers all the same and keeps nothing. Without a terminal or a microphone,
the demo shop answers recorded questions, fed in real time as a microphone would bring them. Each answer is printed with what
was heard, its source, its kind and the timings.

Keys, each followed by Enter: none opens the microphone, ends a question, and stops an answer; s calls staff; m leaves a
message for them, where the conversation may be kept; n for the next shopper, who is asked anew, as is whoever comes after
a minute without a key; q, Ctrl-D or Ctrl-C leave.

With --wait there is no shopper at the machine: it stays up without terminal and microphone, speaks the approved answers
ahead, and serves the control socket until it is stopped. That is how systemd starts it.

Where the results go into a file or a pipe, those of a conversation that may not be kept are shown at the terminal instead.

With --json one object a line, as ` + "`tenin ask`" + `.`,
		Example: `  tenin run                                         the whole display
  tenin run --window 540x960                        a window on a desk
  tenin run --headless                              microphone, or recorded questions
  tenin run --headless --output answers             also write each spoken answer as WAV
  tenin run --headless --input question.wav -o answer.wav
  tenin run --headless --wait                       stay up until it is stopped`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			if childRole != kioskRole {
				return o.launch(cmd.Context(), f, home, settings)
			}
			return o.kiosk(cmd, f, home, settings)
		},
	}
	c.Flags().BoolVar(&o.headless, "headless", false, "without a screen")
	c.Flags().StringVar(&o.window, "window", "", "a window of so many dots instead of the whole display, as in 540x960")
	c.Flags().BoolVar(&o.wait, "wait", false, "without terminal and microphone: stay up and answer what other commands ask")
	c.Flags().BoolVar(&o.examined, "examined", false, "with --wait: start the sound process too, and speak nothing ahead")
	// It is how `tenin doctor egress` starts a kiosk to look at.
	_ = c.Flags().MarkHidden("examined")
	c.Flags().StringArrayVar(&o.inputs, "input", nil, "a WAV file that is fed in real time instead of a microphone; may be repeated")
	c.Flags().StringVarP(&o.output, "output", "o", "", "folder for the spoken answers, or one FILE.wav for all of them")
	c.Flags().StringVar(&o.language, "lang", "", "language of the shoppers: ja, en or auto (default: the settings' own)")
	return c
}

// runOptions are what `tenin run` was asked for.
type runOptions struct {
	headless, wait, examined bool
	inputs                   []string
	output, language         string
	window                   string
}

func (o runOptions) check() error {
	switch {
	case !o.headless && (o.wait || len(o.inputs) > 0 || o.output != ""):
		return usageError{errors.New("--wait, --input and --output are for a kiosk without a screen: add --headless")}
	case o.headless && o.window != "":
		return usageError{errors.New("--window and --headless exclude each other")}
	case o.wait && (len(o.inputs) > 0 || o.output != ""):
		return usageError{errors.New("--wait hears nobody by itself: leave --input and --output out, or use `tenin ask`")}
	}
	return checkLanguage(o.language)
}
