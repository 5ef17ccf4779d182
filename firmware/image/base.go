package image

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Package is one Debian package in an image.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
	// Source is the source package's name; empty when it is Name.
	Source string `json:"source,omitempty"`
	// Licences are the short names in the package's copyright file, sorted; empty where the file is not machine-readable.
	Licences []string `json:"licences,omitempty"`
	Homepage string   `json:"homepage,omitempty"`
}

// The files of the step "base".
const (
	baseTar      = "root.tar"
	basePackages = "packages.json"
)

// base makes the plain Debian system as an archive, by mmdebstrap, and returns its folder in the cache and its key. A lock
// list that is missing is written, one that is there is honoured.
func (b *build) base(ctx context.Context) (dir, key string, err error) {
	sources, err := readSources(b.c.Debian, "/")
	if err != nil {
		return "", "", err
	}
	wanted := append(list(packageList), b.c.Debian.Packages...)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)

	lock, err := ReadLock(b.c.Lock)
	fresh := isMissing(err)
	switch {
	case fresh:
		lock = &Lock{Suite: b.c.Debian.Suite, Time: b.now().Unix(), Wanted: wanted, Versions: map[string]string{}}
	case err != nil:
		return "", "", err
	case lock.Suite != b.c.Debian.Suite:
		return "", "", fmt.Errorf("lock list %s is of %s, and debian.suite is %s: delete the list, or name another with lock", b.c.Lock, lock.Suite, b.c.Debian.Suite)
	}
	more := !slices.Equal(lock.Wanted, wanted)
	lock.Wanted = wanted
	keyFor := func(l *Lock) string { return keyOf("base 1", mmdebstrapOptions, l.String()) }
	if !fresh && !more && b.cache.has("base", keyFor(lock)) {
		b.lock = lock
		b.cached()
		return b.cache.path("base", keyFor(lock)), keyFor(lock), nil
	}

	key = "unlocked"
	if !fresh && !more {
		key = keyFor(lock)
	}
	err = b.cache.make("base", key, func(dir string) error {
		if err := b.bootstrap(ctx, dir, sources, lock, fresh); err != nil {
			return err
		}
		packages, err := readPackages(filepath.Join(dir, baseTar))
		if err != nil {
			return err
		}
		installed := map[string]string{}
		for _, p := range packages {
			installed[p.Name] = p.Version
		}
		if err := lock.differs(installed, fresh || more); err != nil {
			return err
		}
		lock.Versions = installed
		return writeJSON(filepath.Join(dir, basePackages), packages)
	})
	if err != nil {
		return "", "", err
	}
	if final := keyFor(lock); final != key {
		// A list that others may have is only written when all of it is there.
		if err := lock.write(b.c.Lock); err != nil {
			return "", "", err
		}
		what := "written"
		if !fresh {
			what = "extended, since device.toml asks for other packages"
		}
		b.note("lock list %s %s: %d packages", b.c.Lock, what, len(lock.Versions))
		_ = os.RemoveAll(b.cache.path("base", final))
		if err := os.Rename(b.cache.path("base", key), b.cache.path("base", final)); err != nil {
			return "", "", err
		}
		key = final
	}
	pruneArchives(filepath.Join(b.cache.dir, "archives"), lock, b.now())
	b.lock = lock
	return b.cache.path("base", key), key, nil
}

// mmdebstrapOptions are what every base is made with. Copyright files stay: licences demand that they go along.
var mmdebstrapOptions = []string{
	"--variant=minbase", "--mode=root", "--format=tar", "--architectures=amd64",
	"--aptopt=Apt::Install-Recommends \"false\"",
	"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
	"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
	"--dpkgopt=path-exclude=/usr/share/doc-base/*", "--dpkgopt=path-exclude=/usr/share/lintian/*",
}

// bootstrap downloads and installs.
func (b *build) bootstrap(ctx context.Context, dir, sources string, lock *Lock, fresh bool) error {
	work := filepath.Join(dir, "work")
	lists, archives := filepath.Join(work, "lists"), filepath.Join(b.cache.dir, "archives")
	for _, d := range []string{filepath.Join(lists, "partial"), filepath.Join(archives, "partial"), filepath.Join(work, "cache")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	defer os.RemoveAll(work)
	sourceFile, pins := filepath.Join(work, "kiosk.sources"), filepath.Join(work, "pins")
	if err := os.WriteFile(sourceFile, []byte(sources), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(pins, []byte(lock.Pins()), 0o644); err != nil {
		return err
	}
	b.say("reading the lists of packages", 0, 0)
	if err := (tool{}).run(ctx, "apt-get", "update", "--error-on=any",
		"-o", "Dir::Etc::SourceList="+sourceFile, "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Dir::State::Lists="+lists,
		"-o", "Dir::Cache="+filepath.Join(work, "cache"), "-o", "Acquire::GzipIndexes=false", "-o", "Acquire::Languages=none",
		"-o", "APT::Architecture=amd64", "-o", "APT::Architectures::=amd64", "-o", "APT::Sandbox::User=root"); err != nil {
		return fmt.Errorf("the package archive cannot be read: %w", err)
	}
	if !fresh {
		has, err := readLists(lists)
		if err != nil {
			return err
		}
		if err := lock.missing(func(name, version string) bool { return has[name+"="+version] }); err != nil {
			return err
		}
	}
	args := slices.Clone(mmdebstrapOptions)
	args = append(args, "--skip=update", "--skip=download/empty", "--skip=essential/unlink",
		`--setup-hook=mkdir -p "$1/var/lib/apt/lists" "$1/var/cache/apt/archives/partial" "$1/etc/apt/preferences.d"`,
		`--setup-hook=cp -r "$KIOSK_LISTS/." "$1/var/lib/apt/lists/"`,
		`--setup-hook=cp "$KIOSK_PINS" "$1/etc/apt/preferences.d/kiosk"`,
		`--setup-hook=find "$KIOSK_ARCHIVES/" -maxdepth 1 -name "*.deb" -exec cp -t "$1/var/cache/apt/archives" {} +`,
		`--customize-hook=find "$1/var/cache/apt/archives" -maxdepth 1 -name "*.deb" -exec cp -n -t "$KIOSK_ARCHIVES" {} +`,
		`--customize-hook=rm -f "$1/etc/apt/preferences.d/kiosk"`,
		"--include="+strings.Join(lock.Wanted, ","), b.c.Debian.Suite, filepath.Join(dir, baseTar), sourceFile)
	// What mmdebstrap says of itself, in our words.
	steps := []struct{ sign, text string }{
		{"downloading packages", "downloading packages"}, {"extracting archives", "unpacking what is essential"},
		{"installing essential", "installing what is essential"}, {"installing remaining", "downloading and installing the rest"},
		{"cleaning package", "cleaning up"}, {"creating tarball", "packing"},
	}
	return tool{
		alone: true, lock: b.cache.lock,
		env: []string{
			"SOURCE_DATE_EPOCH=" + itoa(lock.Time), "TMPDIR=" + work, "KIOSK_LISTS=" + lists, "KIOSK_PINS=" + pins, "KIOSK_ARCHIVES=" + archives,
		},
		line: func(l string) {
			for i, s := range steps {
				if strings.HasPrefix(l, "I: "+s.sign) {
					b.say(s.text, int64(i+1), int64(len(steps)))
				}
			}
		},
	}.run(ctx, "mmdebstrap", args...)
}

// readLists returns every NAME=VERSION that apt's lists offer.
func readLists(dir string) (map[string]bool, error) {
	files, _ := filepath.Glob(filepath.Join(dir, "*_Packages"))
	if len(files) == 0 {
		return nil, fmt.Errorf("the package archive has no list of packages for amd64: check debian.suite and debian.components")
	}
	has := map[string]bool{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = readStanzas(f, func(fields map[string]string) { has[fields["Package"]+"="+fields["Version"]] = true })
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
	}
	return has, nil
}

// readStanzas reads what Debian calls a control file: fields by name, with the lines that go on left out.
func readStanzas(r io.Reader, each func(map[string]string)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<22)
	fields := map[string]string{}
	flush := func() {
		if len(fields) > 0 {
			each(fields)
			fields = map[string]string{}
		}
	}
	for lines.Scan() {
		line := lines.Text()
		if strings.TrimSpace(line) == "" {
			flush()
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = strings.TrimSpace(value)
		}
	}
	flush()
	return lines.Err()
}

// readPackages finds out what is installed in the archive of a root, from dpkg's own list and the copyright files.
func readPackages(path string) ([]Package, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var packages []Package
	licences := map[string][]string{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		name := strings.TrimPrefix(h.Name, "./")
		if name == "var/lib/dpkg/status" {
			err = readStanzas(r, func(fields map[string]string) {
				if fields["Status"] != "install ok installed" {
					return
				}
				source, _, _ := strings.Cut(fields["Source"], " ")
				packages = append(packages, Package{Name: fields["Package"], Version: fields["Version"], Arch: fields["Architecture"],
					Source: source, Homepage: fields["Homepage"]})
			})
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if rest, ok := strings.CutPrefix(name, "usr/share/doc/"); ok {
			if pkg, ok := strings.CutSuffix(rest, "/copyright"); ok && h.Typeflag == tar.TypeReg {
				licences[pkg] = readLicences(r)
			}
		}
	}
	if len(packages) == 0 {
		return nil, fmt.Errorf("%s: no installed package in it", path)
	}
	for i, p := range packages {
		packages[i].Licences = licences[p.Name]
	}
	slices.SortFunc(packages, func(a, b Package) int { return strings.Compare(a.Name, b.Name) })
	return packages, nil
}

// readLicences returns the short names in a machine-readable copyright file (DEP 5).
func readLicences(r io.Reader) []string {
	var names []string
	lines := bufio.NewScanner(io.LimitReader(r, 1<<20))
	first := true
	for lines.Scan() {
		line := lines.Text()
		if first && !strings.HasPrefix(line, "Format") {
			return nil
		}
		first = false
		if value, ok := strings.CutPrefix(line, "License:"); ok {
			if value = strings.TrimSpace(value); value != "" && len(value) < 100 {
				names = append(names, value)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// packagesOf reads what the step "base" wrote.
func packagesOf(dir string) ([]Package, error) {
	var packages []Package
	text, err := os.ReadFile(filepath.Join(dir, basePackages))
	if err == nil {
		err = json.Unmarshal(text, &packages)
	}
	return packages, err
}

// oldArchives is after how long a package's file that is not on the list is removed from the cache.
const oldArchives = 60 * 24 * time.Hour

// pruneArchives removes files of packages that have not been fetched lately and are not on the list.
func pruneArchives(dir string, l *Lock, now time.Time) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	for _, f := range files {
		name, rest, _ := strings.Cut(filepath.Base(f), "_")
		version, _, _ := strings.Cut(rest, "_")
		if version, err := url.PathUnescape(version); err == nil && l.Versions[name] == version {
			continue
		}
		if info, err := os.Stat(f); err == nil && now.Sub(info.ModTime()) > oldArchives {
			_ = os.Remove(f)
		}
	}
}
