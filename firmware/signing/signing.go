// Package signing signs what was built without keys: a kernel image, a loader, the ESP of a disk image, or the folder of
// parts that a build leaves for bundles. The result has the bytes that a build with the keys would have given it, but for
// the public keys inside the root, which no signing can put there later.
package signing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tenin/firmware/bundle"
	"tenin/firmware/device"
	"tenin/firmware/esp"
	"tenin/firmware/flash/gpt"
	"tenin/firmware/keys"
	"tenin/firmware/uki"
)

// Signed is one program that was signed.
type Signed struct {
	File string `json:"file"`
	// Part is the path on a disk's ESP; empty for a file of its own.
	Part string `json:"part,omitempty"`
	// SHA256 is that of the signed program, in hex.
	SHA256 string `json:"sha256"`
}

// partsName describes a folder of parts.
const partsName = "parts.json"

// File signs what is at path, in its place, and returns what was signed.
func File(ctx context.Context, path string, set *keys.Set) ([]Signed, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return folder(path, set)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 520)
	n, err := f.ReadAt(head, 0)
	f.Close()
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case string(head[:2]) == "MZ":
		s, err := program(path, set)
		return []Signed{s}, err
	case n == len(head) && string(head[512:]) == "EFI PART":
		return disk(ctx, path, set)
	}
	return nil, fmt.Errorf("%s is no program for UEFI, no disk image and no folder of parts; a bundle is signed when it is made", path)
}

func sign(image []byte, set *keys.Set) (signed []byte, sum string, err error) {
	if uki.IsUKI(image) {
		// The empty phase alone: once the system has come up, the TPM gives the data's key to nobody.
		signed, err = uki.Sign(image, set, "")
	} else {
		signed, err = uki.SignPE(image, set.DB)
	}
	h := sha256.Sum256(signed)
	return signed, hex.EncodeToString(h[:]), err
}

func program(path string, set *keys.Set) (Signed, error) {
	image, err := readProgram(path)
	if err != nil {
		return Signed{}, err
	}
	signed, sum, err := sign(image, set)
	if err != nil {
		return Signed{}, fmt.Errorf("%s: %w", path, err)
	}
	return Signed{File: path, SHA256: sum}, replace(path, signed)
}

func readProgram(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > bundle.MaxUKI {
		return nil, fmt.Errorf("%s has %d bytes: a program for UEFI has at most %d", path, info.Size(), bundle.MaxUKI)
	}
	return os.ReadFile(path)
}

// disk signs each program on the ESP.
func disk(ctx context.Context, file string, set *keys.Set) (all []Signed, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	table, err := gpt.Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p, ok := table.Find(device.PartESP)
	if !ok {
		return nil, fmt.Errorf("%s has no partition %s", file, device.PartESP)
	}
	fs, err := esp.Open(file, p)
	if err != nil {
		return nil, err
	}
	list, err := fs.List()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, name := range list {
		if !strings.EqualFold(path.Ext(name), ".efi") {
			continue
		}
		image, err := fs.Read(name, bundle.MaxUKI)
		if err != nil {
			return all, fmt.Errorf("%s: %w", file, err)
		}
		signed, sum, err := sign(image, set)
		if err != nil {
			return all, fmt.Errorf("%s: %s: %w", file, name, err)
		}
		if err := fs.Replace(ctx, name, signed); err != nil {
			return all, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, Signed{file, name, sum})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no program on its ESP", file)
	}
	return all, sidecar(file)
}

// sidecar brings FILE.sha256 up to date where there is one, since it is compared when a disk is written.
func sidecar(file string) error {
	beside := file + ".sha256"
	if _, err := os.Stat(beside); errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	return replace(beside, []byte(hex.EncodeToString(h.Sum(nil))+"  "+filepath.Base(file)+"\n"))
}

// folder signs the kernel image of a folder of parts and writes its new size and hash into parts.json.
func folder(dir string, set *keys.Set) ([]Signed, error) {
	described := filepath.Join(dir, partsName)
	b, err := os.ReadFile(described)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no folder of parts: it has no %s", dir, partsName)
	} else if err != nil {
		return nil, err
	}
	// What else the file says is kept as it is.
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(b, &parts); err != nil {
		return nil, fmt.Errorf("%s: %w", described, err)
	}
	var file struct {
		File   string `json:"file"`
		Size   int64  `json:"size"`
		SHA256 string `json:"sha256"`
	}
	if err := json.Unmarshal(parts["uki"], &file); err != nil || file.File != filepath.Base(file.File) || file.File == "" {
		return nil, fmt.Errorf("%s names no kernel image", described)
	}
	s, err := program(filepath.Join(dir, file.File), set)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(s.File)
	if err != nil {
		return nil, err
	}
	file.Size, file.SHA256 = info.Size(), s.SHA256
	if parts["uki"], err = json.Marshal(file); err != nil {
		return nil, err
	}
	parts["signed"] = json.RawMessage("true")
	if b, err = json.MarshalIndent(parts, "", "  "); err != nil {
		return nil, err
	}
	return []Signed{s}, replace(described, append(b, '\n'))
}

// replace exchanges a file's content at once, and leaves its rights as they are.
func replace(path string, content []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".signed-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
