package sandbox

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

var (
	unixOnly = []int{unix.AF_UNIX}
	internet = []int{unix.AF_INET, unix.AF_INET6}
)

func TestAPolicyThatCannotBeMeantIsRefused(t *testing.T) {
	for want, p := range map[string]Policy{
		"without a role":   {},
		"make it absolute": {Role: "x", Read: []string{"weights"}},
		"no network":       {Role: "x", Ports: []uint16{4222}},
		"KEY=value":        {Role: "x", Env: []string{"HOME"}},
		jobVariable:        {Role: "x", Env: []string{jobVariable + "={}"}},
	} {
		_, err := Command(p, Off)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", p, err, want)
		}
	}
}

func TestAModeIsReadAsItIsWritten(t *testing.T) {
	for _, m := range []Mode{Refuse, Warn, Off} {
		if back, err := ParseMode(m.String()); err != nil || back != m {
			t.Errorf("%v: %v, %v", m, back, err)
		}
	}
	if _, err := ParseMode("on"); err == nil {
		t.Error("a mode that does not exist was read")
	}
}

func TestAJobReachesTheChildUnchanged(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		path := rapid.StringMatching(`/[a-zé店 "=\\]{1,12}`)
		j := &job{Policy: Policy{Role: rapid.StringMatching(`[a-z]{1,8}`).Draw(r, "role"),
			Read: rapid.SliceOf(path).Draw(r, "read"), OpenFiles: rapid.Uint64().Draw(r, "files")}, Extra: rapid.IntRange(0, 64).Draw(r, "extra")}
		entry, err := j.encode()
		if err != nil {
			r.Fatal(err)
		}
		_, value, _ := strings.Cut(entry, "=")
		back, err := readJob(value)
		if err != nil {
			r.Fatal(err)
		}
		again, err := back.encode()
		if err != nil || again != entry {
			r.Fatalf("%q became %q, %v", entry, again, err)
		}
	})
}

func FuzzAJobThatIsNoneIsAnError(f *testing.F) {
	f.Add(`{"Stage":0,"Policy":{"Role":"asr"}}`)
	f.Add(`{`)
	f.Fuzz(func(t *testing.T, text string) {
		if j, err := readJob(text); err == nil && (j.Policy.Role == "" || j.Extra < 0) {
			t.Errorf("%q was read as %+v", text, j)
		}
	})
}
