package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	roles["tree"] = func() error {
		return filepath.WalkDir("/", func(path string, entry os.DirEntry, err error) error {
			if path == "/proc" || path == "/sys/devices/system" {
				return filepath.SkipDir
			}
			fmt.Println(path)
			return nil
		})
	}
	roles["cat"] = func() error {
		for _, path := range strings.Fields(os.Getenv("FILES")) {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Print(string(text))
		}
		return nil
	}
	roles["library"] = libraryFromMemory
	roles["files"] = func() error {
		held, err := Held(os.Getpid())
		fmt.Println(strings.Join(held, "\n"))
		return err
	}
}

func TestTheRootHoldsOnlyWhatThePolicyNames(t *testing.T) {
	need(t)
	weights := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(weights, []byte("w"), 0o644); err != nil {
		t.Fatal(err)
	}
	// Without Landlock, so that folders can be listed.
	cmd, err := Command(without(Policy{Role: "tree", Read: []string{weights}}, FeatureLandlock), Refuse)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, "")
	if err != nil {
		t.Fatal(err, stderr)
	}
	lines := strings.Fields(stdout)
	if !slices.Contains(lines, weights) {
		t.Errorf("%s is not there", weights)
	}
	for _, line := range lines {
		known := line == "/etc" || line == "/etc/ld.so.cache" || strings.HasPrefix(weights, line) || line == "/"
		for _, prefix := range []string{"/dev", "/usr", "/lib", "/sys"} {
			known = known || line == prefix || strings.HasPrefix(line, prefix)
		}
		if !known {
			t.Errorf("the root holds %s, which no policy names", line)
		}
	}
	if len(lines) > 60 {
		t.Errorf("the root holds %d names: %s", len(lines), stdout)
	}
}

func TestANameThatIsALinkLeadsThereInsideToo(t *testing.T) {
	need(t)
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "real", "deep"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "real", "deep", "file"), []byte("here\n"), 0o644))
	must(os.Symlink("real", filepath.Join(dir, "relative")))
	must(os.Symlink(filepath.Join(dir, "relative", "deep", "..", "deep"), filepath.Join(dir, "absolute")))
	name := filepath.Join(dir, "absolute", "file")
	cmd, err := Command(Policy{Role: "cat", Read: []string{name}, Env: []string{"FILES=" + name}}, Refuse)
	must(err)
	stdout, stderr, err := run(t, cmd, "")
	if err != nil || stdout != "here\n" {
		t.Errorf("%q, %v: %s", stdout, err, stderr)
	}
}

func TestAPathOfThePolicyThatIsMissingEndsTheChildWithAClearLine(t *testing.T) {
	need(t)
	cmd, err := Command(Policy{Role: "cat", Read: []string{"/nowhere/weights"}}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	_, stderr, err := run(t, cmd, "")
	if err == nil || cmd.ProcessState.ExitCode() != ExitRefused || !strings.Contains(stderr, "/nowhere/weights") {
		t.Errorf("%v: %q", err, stderr)
	}
}

// libraryFromMemory does what a loader does with a library that a program carries in itself.
func libraryFromMemory() error {
	fd, err := unix.MemfdCreate("library", 0)
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, make([]byte, os.Getpagesize())); err != nil {
		return err
	}
	again, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	_, err = unix.Mmap(again, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	return err
}

func TestALibraryCanBeLoadedFromMemoryBeforeTheSeal(t *testing.T) {
	need(t)
	cmd, err := Command(Policy{Role: "library"}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := run(t, cmd, ""); err != nil {
		t.Error(err, stderr)
	}
}

func TestAChildInheritsTheNamedFilesAndNoOthers(t *testing.T) {
	need(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	// A file that a library forgot to mark: dup clears close-on-exec.
	forgotten, err := unix.Dup(int(reader.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(forgotten)
	cmd, err := Command(Policy{Role: "files"}, Refuse, writer)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, "")
	if err != nil {
		t.Fatal(err, stderr)
	}
	pipes := 0
	for line := range strings.Lines(stdout) {
		if strings.Contains(line, "pipe:") {
			pipes++
		}
	}
	if pipes != 4 { // standard input, output and error, and the named one
		t.Errorf("the child holds\n%s", stdout)
	}
}
