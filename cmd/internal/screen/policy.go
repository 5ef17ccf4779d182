package screen

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tenin/cmd/internal/slack"
	"tenin/cmd/internal/worker/sandbox"
)

// settings is what the window's process is told in its environment.
type settings struct {
	Windowed      bool
	Width, Height int
}

const settingsVariable = "TENIN_SCREEN"

// sandboxed is the spawner of every Screen but those of some tests.
func (o Options) sandboxed(socket *os.File, compile bool) (*exec.Cmd, error) {
	p, err := o.policy()
	if err != nil {
		return nil, err
	}
	p.MakeCode = compile
	return sandbox.Command(p, o.Mode, socket)
}

// policy is all that the window's process may do.
func (o Options) policy() (sandbox.Policy, error) {
	told, err := json.Marshal(settings{o.Windowed, o.Width, o.Height})
	if err != nil {
		return sandbox.Policy{}, err
	}
	x, ok := Socket(o.Display)
	if !ok {
		return sandbox.Policy{}, failure{Kind: noDisplay}.err(o.Display)
	}
	p := sandbox.Policy{
		Role: Role, OpenFiles: 256, Receive: true,
		Env: append([]string{settingsVariable + "=" + string(told), "DISPLAY=" + o.Display, slack.Variable + "=" + os.Getenv(slack.Variable)}, environment...),
		// The folder, since a server that starts anew makes its socket anew.
		Sockets: []string{filepath.Dir(x)},
		Exec:    libraries(), Read: existing(data),
	}
	if o.Authority != "" {
		p.Read = append(p.Read, o.Authority)
		p.Env = append(p.Env, "XAUTHORITY="+o.Authority)
	}
	return p, nil
}

// environment is what the graphics library and Fyne read: no cache of shaders on a disk, one dot for one dot whatever the
// display says of its size, no bus to ask for a theme, no traceback that would quote what was on the screen. What was drawn
// stays in Fyne's caches for 20 s and not for a minute; below 10 s Fyne would walk the whole picture at each tick.
var environment = []string{"MESA_SHADER_CACHE_DISABLE=true", "FYNE_SCALE=1", "FYNE_DISABLE_DPI_DETECTION=true", "FYNE_CACHE=20s",
	"DBUS_SESSION_BUS_ADDRESS=disabled:", "LANG=ja_JP.UTF-8", "GOTRACEBACK=none",
	// Fyne makes its folders beside the program's where it has no other: it has one that cannot be made.
	"HOME=/dev/null", "XDG_CONFIG_HOME=/dev/null", "XDG_CACHE_HOME=/dev/null"}

// libraryFolders are where the shared libraries of X and GL are, which find each other by name at run time.
var libraryFolders = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64",
}

// data are files that those libraries read.
var data = []string{"/etc/ld.so.cache", "/usr/share/X11/locale", "/usr/share/drirc.d", "/usr/share/glvnd", "/etc/glvnd"}

func libraries() []string { return existing(libraryFolders) }

// existing leaves out what is not there: a policy may only name what is.
func existing(paths []string) (found []string) {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			found = append(found, path)
		}
	}
	return found
}

// told reads what policy wrote.
func told() (s settings, err error) {
	if err := strict([]byte(os.Getenv(settingsVariable)), &s); err != nil {
		return s, fmt.Errorf("%s: %w", settingsVariable, err)
	}
	return s, nil
}
