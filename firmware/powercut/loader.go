package powercut

import (
	"bytes"
	"cmp"
	"debug/pe"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"tenin/firmware/powercut/fat"
)

// maxKernel bounds a kernel image, in bytes.
const maxKernel = 256 << 20

// An entry is what systemd-boot offers: a kernel image in EFI/Linux.
type entry struct {
	file  string
	image []byte
	// left is -1 without a counter.
	left, done       int
	sortKey, version string
}

// entries lists what systemd-boot finds. It looks for os-release in the image's sections, and passes over a file that has
// none; whether the rest of the image is whole it does not know.
func entries(esp *fat.FS) ([]entry, error) {
	list, err := esp.List("EFI/Linux")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var found []entry
	for _, e := range list {
		name := strings.ToLower(e.Name)
		if e.Folder || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "auto-") || !strings.HasSuffix(name, ".efi") {
			continue
		}
		// What can be read of a damaged file may be enough for the loader.
		image, err := esp.ReadFile("EFI/Linux/"+e.Name, maxKernel)
		if err != nil && !errors.Is(err, fat.ErrDamaged) {
			return nil, err
		}
		release, ok := release(image)
		if !ok {
			continue
		}
		n := entry{file: e.Name, image: image, left: -1}
		n.left, n.done = counter(e.Name)
		n.sortKey = cmp.Or(release["IMAGE_ID"], release["ID"])
		n.version = cmp.Or(release["IMAGE_VERSION"], release["VERSION"], release["VERSION_ID"], release["BUILD_ID"])
		if cmp.Or(release["PRETTY_NAME"], release["IMAGE_ID"], release["NAME"], release["ID"]) == "" {
			continue
		}
		found = append(found, n)
	}
	sortEntries(found)
	return found, nil
}

// counter reads +LEFT-DONE from the end of a file's name, and returns -1 without one.
func counter(file string) (left, done int) {
	base := file[:len(file)-len(".efi")]
	plus := strings.LastIndexByte(base, '+')
	if plus < 0 {
		return -1, 0
	}
	a, b, both := strings.Cut(base[plus+1:], "-")
	left, err := strconv.Atoi(a)
	if err != nil || left < 0 {
		return -1, 0
	}
	if both {
		if done, err = strconv.Atoi(b); err != nil || done < 0 {
			return -1, 0
		}
	}
	return left, done
}

// release reads os-release(5) from an image of which only the beginning may be there.
func release(image []byte) (map[string]string, bool) {
	f, err := pe.NewFile(bytes.NewReader(image))
	if err != nil {
		return nil, false
	}
	s := f.Section(".osrel")
	if s == nil {
		return nil, false
	}
	text, err := s.Data()
	if err != nil {
		return nil, false
	}
	text = text[:min(len(text), int(s.VirtualSize))]
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		fields[key] = value
	}
	return fields, true
}

// sortEntries puts them in systemd-boot's order: without tries left last, with a sort key first and by it, the newest
// version first, and then by name downwards.
func sortEntries(list []entry) {
	slices.SortStableFunc(list, func(a, b entry) int {
		r := cmp.Or(
			cmp.Compare(btoi(a.left == 0), btoi(b.left == 0)),
			cmp.Compare(btoi(a.sortKey == ""), btoi(b.sortKey == "")),
		)
		if r == 0 && a.sortKey != "" {
			r = cmp.Or(cmp.Compare(a.sortKey, b.sortKey), -compareVersions(a.version, b.version))
		}
		r = cmp.Or(r, -compareVersions(strings.ToLower(a.file), strings.ToLower(b.file)))
		if r != 0 || a.left < 0 || b.left < 0 {
			return r
		}
		return cmp.Or(-cmp.Compare(a.left, b.left), cmp.Compare(a.done, b.done))
	})
}

// choose returns which entry systemd-boot starts by itself: the first that the line `default` of loader.conf matches, else
// the first of all.
func choose(list []entry, conf string) int {
	pattern := ""
	for line := range strings.Lines(conf) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "default" && !strings.HasPrefix(fields[1], "@") {
			pattern = strings.ToLower(fields[1])
		}
	}
	if pattern != "" {
		for i, e := range list {
			if ok, err := path.Match(pattern, strings.ToLower(e.file)); err == nil && ok {
				return i
			}
		}
	}
	return 0
}
