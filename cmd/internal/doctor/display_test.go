package doctor_test

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tenin/cmd/internal/doctor"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/x11"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/cmd/internal/worker/sandbox"
)

// strangerVariable has this test binary be a client of the display whose socket and cookie file it names.
const strangerVariable = "TENIN_TEST_STRANGER"

func TestMain(m *testing.M) {
	if role, ok := sandbox.Child(); ok && role == screen.Role {
		os.Exit(screen.Main())
	}
	if path, authority, ok := strings.Cut(os.Getenv(strangerVariable), " "); ok {
		cookie, err := x11.Cookie(authority, "")
		if err != nil {
			os.Exit(1)
		}
		c, err := x11.Dial(path, cookie)
		if err != nil {
			os.Exit(1)
		}
		defer c.Close()
		os.Stdout.WriteString("there\n")
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stranger is another process with the display's cookie, until end is called.
func stranger(t *testing.T, x *xfixture.Server) (end func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path, _ := screen.Socket(x.Display)
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), strangerVariable+"="+path+" "+x.Authority)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal("the stranger did not come in")
	}
	return func() {
		in.Close()
		cmd.Wait()
	}
}

func display(t *testing.T, o xfixture.Options) *xfixture.Server {
	t.Helper()
	o.Dir = t.TempDir()
	x, err := xfixture.Start(t.Context(), o)
	if errors.Is(err, xfixture.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// findings are the states by check, and all that was said.
func findings(t *testing.T, o doctor.DisplayOptions) (map[string]doctor.State, string) {
	t.Helper()
	states, all := map[string]doctor.State{}, ""
	doctor.Display(t.Context(), o, func(f doctor.Finding) {
		states[f.Check] = f.State
		all += f.Check + ": " + f.Text + "\n"
		if f.State != doctor.OK && f.Do == "" && f.Check != "window" {
			t.Errorf("%s is not well, and nothing is said of what to do", f.Check)
		}
	})
	return states, all
}

func TestADisplayWithAStrangerOnItFails(t *testing.T) {
	x := display(t, xfixture.Options{})
	// The eye of the fixture belongs to this process and is passed over; a stranger is another process.
	states, all := findings(t, doctor.DisplayOptions{Display: x.Display, Authority: x.Authority})
	delete(states, "window") // it depends on the build
	want := map[string]doctor.State{"display": doctor.OK, "size": doctor.OK, "dpi": doctor.OK, "doors": doctor.OK, "cookie": doctor.OK,
		"xtest": doctor.Warn, "record": doctor.Warn, "clients": doctor.OK}
	if !maps.Equal(states, want) {
		t.Errorf("%v\n%s", states, all)
	}

	defer stranger(t, x)()
	if states, all = findings(t, doctor.DisplayOptions{Display: x.Display, Authority: x.Authority}); states["clients"] != doctor.Fail {
		t.Errorf("%v\n%s", states, all)
	}
}

func TestADisplayThatIsNotThereFailsInOneFinding(t *testing.T) {
	for _, o := range []doctor.DisplayOptions{{Display: ":59"}, {Display: "elsewhere:0"}} {
		states, all := findings(t, o)
		if !maps.Equal(states, map[string]doctor.State{"display": doctor.Fail}) {
			t.Errorf("%+v: %s", o, all)
		}
	}
}

func TestASmallDisplayAndAWrongCookieAreSaid(t *testing.T) {
	x := display(t, xfixture.Options{Width: 800, Height: 600})
	if states, all := findings(t, doctor.DisplayOptions{Display: x.Display, Authority: x.Authority}); states["size"] != doctor.Fail {
		t.Error(all)
	}
	wrong := t.TempDir() + "/wrong"
	if err := x11.WriteCookie(wrong, make([]byte, x11.CookieSize)); err != nil {
		t.Fatal(err)
	}
	states, all := findings(t, doctor.DisplayOptions{Display: x.Display, Authority: wrong})
	if states["display"] != doctor.Fail || !strings.Contains(all, "refuses") {
		t.Error(all)
	}
}

func TestTheResolutionFollowsFromDotsAndMillimetres(t *testing.T) {
	for _, c := range []struct{ dots, mm, want int }{{1920, 478, 102}, {1080, 0, 0}, {1080, 286, 96}} {
		if got := doctor.DPI(c.dots, c.mm); got != c.want {
			t.Errorf("%d dots in %d mm: %d", c.dots, c.mm, got)
		}
	}
}
