package screen

import (
	"log/slog"
	"time"

	"tenin/cmd/internal/slack"
	"tenin/cmd/internal/worker/sandbox"
)

// Options say where the window is and how its process runs.
type Options struct {
	// Display is the X server as in DISPLAY, such as ":0"; empty: DISPLAY itself. Servers on other machines are refused.
	Display string
	// Authority is the file with the server's cookie; empty: XAUTHORITY, or .Xauthority in the home folder, where it is there.
	Authority string
	// Windowed shows a window of Width×Height dots instead of the whole display: for development, and for a second screen
	// beside other windows. No size is then too small.
	Windowed      bool
	Width, Height int
	// Mode says what happens where the kernel lacks something that the sandbox needs.
	Mode sandbox.Mode
	// Log is told of starts and ends, never of words; nil: nobody.
	Log *slog.Logger
	// Alert is told, once, of a window that dies again and again. It must not wait; nil: nobody.
	Alert func(Alert)

	limits limits
	spawn  spawner
}

// Alert tells the staff that the window dies again and again.
type Alert struct {
	// Crashes within a minute.
	Crashes int
	// Pause before the next start. It doubles with each further crash, up to a minute.
	Pause time.Duration
}

// limits bound every wait; zero fields have their defaults.
type limits struct {
	start time.Duration // from the start of the process to its readiness; 0.5 s were measured, 4 s on a busy machine, 20 s without its CPU
	hang  time.Duration // of an answer to a picture or a look; a picture takes 45 ms, 0.6 s on a busy machine
	tick  time.Duration // between two looks
	grace time.Duration // of a process for its own end
	anew  time.Duration // until a window is lost whose display is to start anew
}

func (l limits) settled() limits {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{{&l.start, time.Minute}, {&l.hang, 10 * time.Second}, {&l.tick, 5 * time.Second}, {&l.grace, 500 * time.Millisecond}, {&l.anew, 15 * time.Second}} {
		if *f.field == 0 {
			*f.field = slack.Times(f.value)
		}
	}
	return l
}
