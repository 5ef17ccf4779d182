//go:build engines

package screen

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/driver"
	"github.com/go-gl/gl/v2.1/gl"
	"golang.org/x/sys/unix"

	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/ui"
)

// built says whether this program has a window's side.
const built = true

// Main is the life of a window's process: it shows what the kiosk sends over the inherited socket until that is closed,
// and returns the process's exit code. It must be called on the main goroutine where sandbox.Child returns Role.
func Main() int {
	// A panic would quote what was on the screen.
	debug.SetTraceback("none")
	conn, err := inherited()
	if err != nil {
		return 2
	}
	defer conn.Close()
	b := newInbox(conn)
	refuse := func(f failure) int {
		_ = writeFrame(conn, report{Failed: &f}, longestReport)
		return 1
	}
	s, err := told()
	if err != nil {
		return refuse(failure{Kind: noStart})
	}
	if !ui.HasFonts() {
		return refuse(failure{Kind: noFont})
	}
	d, cookie, display, f := survey(s)
	if f != nil {
		return refuse(*f)
	}
	if cookie != nil && handOver(cookie) != nil {
		return refuse(failure{Kind: refused})
	}
	// The first order is a picture if there is one: then the window is born with it.
	if b.read() != nil {
		return 1
	}

	a := app.NewWithID("tenin")
	a.Settings().SetTheme(ui.Theme(ui.Look{}))
	w := a.NewWindow("Tenin")
	w.SetPadded(false)
	w.SetCloseIntercept(func() {})
	var sealing sync.Once
	g := newGlass(func(t Touch) { b.say(report{Touch: &t}) }, func(number uint64) {
		// Fyne refreshes each new image while it lays out the frame that is being painted, before it paints it, and takes that for
		// a reason to paint another: half of all frames.
		if c, ok := w.Canvas().(interface{ CheckDirtyAndClear() bool }); ok {
			c.CheckDirtyAndClear()
		}
		// The frame is handed to the X server after the painting, on the goroutine that does this.
		go fyne.Do(func() {
			b.say(report{Shown: number})
			sealing.Do(closeUp)
		})
	})
	answer := func() {
		number, p, look := b.take()
		if p != nil {
			g.present(number, *p)
		}
		if look != 0 {
			b.say(report{Look: look})
		}
	}
	w.SetContent(g.root)
	w.Resize(fyne.NewSize(float32(d.width), float32(d.height)))
	if !s.Windowed {
		w.SetFullScreen(true)
	}
	answer()
	w.Show()
	r := readiness{Width: d.width, Height: d.height, Scale: w.Canvas().Scale()}
	if !opened(w) {
		return refuse(failure{Kind: noGL})
	}
	_ = display.Close()
	if painter, ok := w.(interface{ RunWithContext(func()) }); ok {
		painter.RunWithContext(func() { r.Renderer = clean(gl.GoStr(gl.GetString(gl.RENDERER))) })
	}
	a.Lifecycle().SetOnStarted(func() {
		if writeFrame(conn, report{Ready: &r}, longestReport) != nil {
			os.Exit(1)
		}
		go b.write()
		go func() {
			for b.read() == nil {
				fyne.Do(answer)
			}
			// The kiosk is gone or wants this process gone. What it drew needs no tidying up.
			os.Exit(0)
		}()
	})
	a.Run()
	return 1
}

// handOver gives the X library the cookie for whatever name this machine has: it looks for an entry with the machine's own,
// which is another one in a sandbox. The file is in memory, and stays open for the library to find.
func handOver(cookie []byte) error {
	fd, err := unix.MemfdCreate("authority", 0)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	if err := x11.WriteCookie(path, cookie); err != nil {
		return err
	}
	return os.Setenv("XAUTHORITY", path)
}

// opened tells whether the window has a counterpart in the X server: Fyne logs that it could not make one, and goes on.
func opened(w fyne.Window) bool {
	open := false
	if native, ok := w.(driver.NativeWindow); ok {
		native.RunNative(func(context any) {
			x, ok := context.(driver.X11WindowContext)
			open = ok && x.WindowHandle != 0
		})
	}
	return open
}

// closeUp takes from the process what it needed to come up. A process that cannot be sealed ends: the kiosk starts it anew and
// tells the staff when that does not help.
func closeUp() {
	if err := sandbox.Seal(); err != nil {
		os.Exit(sandbox.ExitRefused)
	}
}
