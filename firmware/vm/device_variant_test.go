package vm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tenin/firmware/keys"
	"tenin/firmware/uki"
)

// room is an argument of each image's kernel in whose place a variant may have others: a kernel image is changed where its
// texts lie, and they keep their length.
var room = "trial.room=" + strings.Repeat("x", 60)

// patch replaces a text that stands once in a kernel image by one of the same length.
func (x *trial) patch(image []byte, old, new string) []byte {
	x.Helper()
	if len(new) > len(old) {
		x.Fatalf("%q is longer than %q", new, old)
	}
	new += strings.Repeat(" ", len(old)-len(new))
	if n := bytes.Count(image, []byte(old)); n != 1 {
		x.Fatalf("%q stands %d times in the kernel image", old, n)
	}
	return bytes.Replace(image, []byte(old), []byte(new), 1)
}

// variant is b as another version whose kernel has more arguments, signed like any: an update that should not have been
// released. It takes no build.
func (x *trial) variant(b built, from, version int, arguments string) built {
	x.Helper()
	v := built{Image: x.path(fmt.Sprintf("v%d.img", version)), Parts: x.path(fmt.Sprintf("v%d.parts", version)), Root: b.Root}
	x.must(os.RemoveAll(v.Parts))
	x.must(os.MkdirAll(v.Parts, 0o755))
	files, err := os.ReadDir(b.Parts)
	x.must(err)
	for _, f := range files {
		x.must(os.Link(filepath.Join(b.Parts, f.Name()), filepath.Join(v.Parts, f.Name())))
	}
	image, err := os.ReadFile(filepath.Join(b.Parts, "tenin.efi"))
	x.must(err)
	image = x.patch(image, fmt.Sprintf("tenin.version=%d ", from), fmt.Sprintf("tenin.version=%d ", version))
	image = x.patch(image, room, arguments)
	info, err := uki.Read(image)
	x.must(err)
	for line := range strings.Lines(info.OSRelease) {
		if strings.HasPrefix(line, "VERSION_ID=") || strings.HasPrefix(line, "IMAGE_VERSION=") {
			image = x.patch(image, line, strings.Replace(line, fmt.Sprint(from), fmt.Sprint(version), 1))
		}
	}
	set, err := keys.Open(x.keys(), nil)
	x.must(err)
	defer set.Destroy()
	image, err = uki.Sign(image, set)
	x.must(err)

	var parts map[string]any
	text, err := os.ReadFile(filepath.Join(b.Parts, "parts.json"))
	x.must(err)
	x.must(json.Unmarshal(text, &parts))
	sum := sha256.Sum256(image)
	parts["version"], parts["name"] = version, fmt.Sprintf("1.%d.0", version)
	parts["uki"] = map[string]any{"file": "tenin.efi", "size": len(image), "sha256": hex.EncodeToString(sum[:])}
	text, err = json.Marshal(parts)
	x.must(err)
	for name, content := range map[string][]byte{"tenin.efi": image, "parts.json": text} {
		path := filepath.Join(v.Parts, name)
		x.must(os.Remove(path))
		x.must(os.WriteFile(path, content, 0o644))
	}
	v.Bundle = x.bundle(v)
	return v
}

// stick makes a USB stick, without a partition as many are, with files in its topmost folder.
func (x *trial) stick(files ...string) Disk {
	x.Helper()
	size := int64(16 << 20)
	for _, f := range files {
		info, err := os.Stat(f)
		x.must(err)
		size += info.Size() + 1<<20
	}
	path := filepath.Join(x.TempDir(), "stick.img")
	x.must(os.WriteFile(path, nil, 0o644))
	x.must(os.Truncate(path, size))
	e := ESP{path}
	if _, err := e.mtools(x.ctx, nil, "mformat", "-T", fmt.Sprint(size/512), "-F", "::"); err != nil {
		x.Fatal(err)
	}
	for _, f := range files {
		if _, err := e.mtools(x.ctx, nil, "mcopy", f, "::"); err != nil {
			x.Fatal(err)
		}
	}
	return Disk{Path: path, USB: true, Serial: "STICK"}
}
