package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/worker/sandbox"
)

// DisplayOptions say which display to look at.
type DisplayOptions struct {
	// Display and Authority are as in screen.Options.
	Display, Authority string
	// Mode is the sandbox's, for the window that is opened to learn what draws; none is opened while somebody uses the display.
	Mode sandbox.Mode
}

// Display looks at the display of the screens, from the outside and then from the inside, and tells each finding as it
// comes: whether one answers, its size, the ways into it, who uses it, and what draws.
func Display(ctx context.Context, o DisplayOptions, tell func(Finding)) (worst State) {
	d := display{o: o, worst: OK}
	d.say = func(check string, s State, text, do string) {
		if s == Fail || s == Warn && d.worst == OK {
			d.worst = s
		}
		tell(Finding{Check: check, Part: "display", State: s, Text: text, Do: do})
	}
	d.examine(ctx)
	return d.worst
}

type display struct {
	o     DisplayOptions
	say   func(check string, s State, text, do string)
	worst State
}

func (d *display) examine(ctx context.Context) {
	name := d.o.Display
	if name == "" {
		name = os.Getenv("DISPLAY")
	}
	path, ok := screen.Socket(name)
	if !ok {
		d.say("display", Fail, fmt.Sprintf("DISPLAY is %q: no X server of this machine", name), "start the X server and set DISPLAY, or run with --headless")
		return
	}
	authority := screen.Authority(d.o.Authority)
	_, rest, _ := strings.Cut(name, ":")
	number, _, _ := strings.Cut(rest, ".")
	cookie, err := x11.Cookie(authority, number)
	if err != nil {
		d.say("display", Fail, "the file with its cookie: "+err.Error(), "name the file with XAUTHORITY, readable for this user")
		return
	}
	c, err := x11.Dial(path, cookie)
	switch {
	case errors.Is(err, x11.ErrRefused):
		d.say("display", Fail, name+": "+err.Error(), "name the file with its cookie with XAUTHORITY, readable for this user")
		return
	case err != nil:
		d.say("display", Fail, name+": "+err.Error(), "start the X server, or run with --headless")
		return
	}
	defer c.Close()
	info := c.Info()
	d.say("display", OK, name+", "+plainName(info.Vendor), "")
	d.size(info)
	d.doors(name, path)
	d.extensions(c)
	if free := d.users(ctx, c); free {
		d.draws(ctx, name, authority)
	}
}

// plainName is what a server calls itself, fit for a terminal.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), 80)])
}

func (d *display) size(i x11.Info) {
	text := fmt.Sprintf("%d×%d dots", i.Width, i.Height)
	if short, long := min(i.Width, i.Height), max(i.Width, i.Height); short < screen.LeastShort || long < screen.LeastLong {
		d.say("size", Fail, text+" are too few", fmt.Sprintf("choose %d×%d or more, upright or lying", screen.LeastLong, screen.LeastShort))
	} else {
		d.say("size", OK, text, "")
	}
	dpi := DPI(i.Width, i.WidthMM)
	switch {
	case dpi == 0:
		d.say("dpi", Warn, "the display does not say how large it is", "measure it and set screen.dpi, since buttons are drawn in millimetres")
	case dpi < 40 || dpi > 400:
		d.say("dpi", Warn, fmt.Sprintf("the display says that it is %d mm wide, which makes %d dpi", i.WidthMM, dpi), "measure it and set screen.dpi, since buttons are drawn in millimetres")
	default:
		d.say("dpi", OK, fmt.Sprintf("%d dpi (%d×%d mm, as the display says)", dpi, i.WidthMM, i.HeightMM), "")
	}
}

// DPI is the resolution of so many dots in so many millimetres, in dots per inch; 0 when that is not known.
func DPI(dots, mm int) int {
	if mm <= 0 {
		return 0
	}
	return int(float64(dots)*25.4/float64(mm) + 0.5)
}

func (d *display) doors(name, path string) {
	doors, err := x11.Doors(name)
	if err != nil {
		d.say("doors", Fail, err.Error(), "")
		return
	}
	switch {
	case doors.TCP:
		d.say("doors", Fail, "the X server listens on a TCP port", "start it with -nolisten tcp")
	case doors.Abstract:
		d.say("doors", Fail, "the X server listens on an abstract socket, which no file protects", "start it with -nolisten local")
	default:
		d.say("doors", OK, "no TCP port and no abstract socket", "")
	}
	stranger, err := x11.Dial(path, nil)
	if err == nil {
		stranger.Close()
		d.say("cookie", Fail, "the X server takes whoever comes", "start it with -auth FILE, without -ac, and remove what xhost added")
		return
	}
	d.say("cookie", OK, "nobody is taken without the cookie", "")
}

func (d *display) extensions(c *x11.Conn) {
	for _, e := range []struct{ name, what string }{
		{"XTEST", "a client can touch and type"}, {"RECORD", "a client can listen to touches and keys"},
	} {
		if _, there, err := c.Extension(e.name); err == nil && there {
			d.say(strings.ToLower(e.name), Warn, "the X server has "+e.name+": "+e.what, "start it with -extension XTEST, which takes both away")
		}
	}
	if managed, err := c.Managed(); err == nil && managed {
		d.say("manager", Fail, "a window manager runs: its menus and keys lead out of the kiosk", "start the X server without one")
	}
}

// changeover is how long two windows of this program may be there, while one takes the other's place.
const changeover = 3 * time.Second

// users tells who else uses the display, and returns whether nobody does.
func (d *display) users(ctx context.Context, c *x11.Conn) (free bool) {
	var names []string
	var strangers int
	for end := time.Now().Add(changeover); ; {
		clients, err := c.Clients()
		if err != nil {
			d.say("clients", Warn, err.Error(), "start it without -extension X-Resource")
			return true
		}
		names, strangers = nil, 0
		for _, client := range clients {
			if client.Own || client.PID == os.Getpid() {
				continue
			}
			name, ours := program(client.PID)
			names = append(names, name)
			if !ours {
				strangers++
			}
		}
		if strangers > 0 || len(names) < 2 || time.Now().After(end) || ctx.Err() != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	list := strings.Join(names, ", ")
	switch {
	case len(names) == 0:
		d.say("clients", OK, "nobody uses the display", "")
	case strangers > 0:
		d.say("clients", Fail, list+": a client that is not the kiosk's window", "end it, and let no other program have the cookie")
	case len(names) > 1:
		d.say("clients", Fail, list+": more than one window", "run one kiosk on a display")
	default:
		d.say("clients", OK, list+": the kiosk's window alone", "")
	}
	return len(names) == 0
}

// program names a process, and says whether it is a window of this program.
func program(pid int) (name string, ours bool) {
	if pid == 0 {
		return "a client from elsewhere", false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "process " + strconv.Itoa(pid), false
	}
	comm := plainName(strings.TrimSpace(string(b)))
	return comm + " (process " + strconv.Itoa(pid) + ")", comm == "tenin-"+screen.Role
}

// draws opens a small window for a moment.
func (d *display) draws(ctx context.Context, name, authority string) {
	s, err := screen.Start(ctx, screen.Options{Display: name, Authority: authority, Windowed: true, Width: 320, Height: 320, Mode: d.o.Mode})
	if err != nil {
		d.say("window", Fail, err.Error(), "")
		return
	}
	defer s.Close()
	text := "drawn by " + s.Renderer()
	if strings.HasPrefix(s.Renderer(), "llvmpipe") {
		text += ", which is the processor"
	}
	d.say("window", OK, text, "")
}
