package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/reading"
)

func newSpeak(f *flags) *cobra.Command {
	var output, voice string
	var speed float64
	var voices, readingOnly bool
	c := &cobra.Command{
		Use:   "speak TEXT",
		Short: "Speak Japanese text, into a WAV file or from the loudspeaker",
		Long:  "Speaks text with numbers, prices and times read as a person reads them. JSON fields: text, reading, output, seconds, voice.",
		Example: `  tenin speak "合計で1,280円です。" --output price.wav
  tenin speak --reading "4月20日は9時から"      how it will be read, without speaking
  tenin speak --voices                          the names of the voices`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if voices {
				for _, name := range speech.Voices() {
					if f.json {
						if err := printJSON(out, map[string]string{"voice": name}); err != nil {
							return err
						}
						continue
					}
					fmt.Fprintln(out, name)
				}
				return nil
			}
			if len(args) == 0 {
				return usageError{errors.New("nothing to speak: `tenin speak TEXT`, or - for standard input")}
			}
			text, err := readText(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			if strings.TrimSpace(text) == "" {
				return usageError{errors.New("nothing to speak: the text is empty")}
			}
			if voice != "" && !slices.Contains(speech.Voices(), voice) {
				return usageError{fmt.Errorf("--voice %s is unknown: `tenin speak --voices` lists them", voice)}
			}
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			said, err := spokenReading(home, text)
			if err != nil {
				return err
			}
			if readingOnly {
				if f.json {
					return printJSON(out, map[string]string{"text": text, "reading": said})
				}
				fmt.Fprintln(out, said)
				return nil
			}
			if err := checkOutput(output); err != nil {
				return err
			}
			if voice != "" {
				settings.Speech.Voice = voice
			}
			if speed != 0 {
				settings.Speech.Speed = speed
			}
			clerk, err := kiosk.Open(cmd.Context(), kiosk.Options{Home: home, Config: settings, Parts: kiosk.Speaking})
			if err != nil {
				return err
			}
			defer clerk.Close()
			clip, err := clerk.Say(cmd.Context(), text, "")
			if err != nil {
				return asUsage(err, speech.ErrVoice, speech.ErrSpeed, speech.ErrNothingToSay, speech.ErrTooLong, speech.ErrLanguage)
			}
			if output == "" {
				return playAloud(cmd.Context(), settings, clip)
			}
			if err := audio.WriteFile(output, clip); err != nil {
				return err
			}
			if f.json {
				return printJSON(out, map[string]any{
					"text": text, "reading": said, "output": output, "seconds": clip.Duration().Seconds(), "voice": settings.Speech.Voice,
				})
			}
			f.say("%.1f s of speech in %s", clip.Duration().Seconds(), output)
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "write to this WAV file instead of the loudspeaker")
	c.Flags().StringVar(&voice, "voice", "", "one of --voices (default: the settings' own)")
	c.Flags().Float64Var(&speed, "speed", 0, "0.5 slow to 2 fast (default: the settings' own)")
	c.Flags().BoolVar(&voices, "voices", false, "list the voices")
	c.Flags().BoolVar(&readingOnly, "reading", false, "print how the text will be read, in katakana")
	return c
}

// spokenReading is how the kiosk of home reads a text.
func spokenReading(home, text string) (string, error) {
	text, err := kiosk.Aloud(home, text)
	if err != nil {
		return "", err
	}
	front, err := speech.NewFrontEnd(reading.Default(), strings.NewReader(""))
	if err != nil {
		return "", err
	}
	return front.Say(text), nil
}

// asUsage marks err as a usage error when it is one of those that a user's input causes.
func asUsage(err error, causes ...error) error {
	for _, cause := range causes {
		if errors.Is(err, cause) {
			return usageError{err}
		}
	}
	return err
}
