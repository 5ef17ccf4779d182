package image

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tenin/firmware/device"
)

// espFile is a file on the ESP: its path there, and where it comes from.
type espFile struct{ to, from string }

// loaderConf: no menu, no editor and no entry but ours; whoever holds a key down changes nothing.
const loaderConf = "timeout menu-disabled\neditor no\nauto-entries no\nauto-firmware no\nconsole-mode keep\n"

// makeESP makes the ESP's file system in a file.
func (b *build) makeESP(ctx context.Context, esp string, size device.Size, files []espFile) error {
	f, err := os.Create(esp)
	if err != nil {
		return err
	}
	if err := f.Truncate(int64(size)); err != nil {
		f.Close()
		return err
	}
	f.Close()
	env := []string{"SOURCE_DATE_EPOCH=" + itoa(b.lock.Time), "MTOOLS_SKIP_CHECK=1"}
	// The volume's number would be the time.
	if err := (tool{env: env}).run(ctx, "mkfs.fat", "--invariant", "-F", "32", "-n", "TENIN", "-i", fmt.Sprintf("%08x", uint32(b.lock.Time)), esp); err != nil {
		return err
	}
	made := map[string]bool{".": true, "/": true}
	var folders func(dir string) error
	folders = func(dir string) error {
		if made[dir] {
			return nil
		}
		if err := folders(filepath.Dir(dir)); err != nil {
			return err
		}
		made[dir] = true
		return tool{env: env}.run(ctx, "mmd", "-i", esp, "::/"+dir)
	}
	for _, file := range files {
		if err := folders(filepath.Dir(file.to)); err != nil {
			return err
		}
		if err := (tool{env: env}).run(ctx, "mcopy", "-i", esp, file.from, "::/"+file.to); err != nil {
			return err
		}
	}
	return nil
}

// assemble writes the disk: the table by sfdisk, and each partition's bytes at its place. Blocks of zeros stay holes.
func (b *build) assemble(ctx context.Context, path string, l device.Layout, content map[string]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(l.Size)); err != nil {
		return err
	}
	if err := (tool{in: strings.NewReader(sfdiskScript(l))}).run(ctx, "sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path); err != nil {
		return err
	}
	var done, total int64
	for _, from := range content {
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		total += info.Size()
	}
	for _, p := range l.Partitions {
		from, ok := content[p.Name]
		if !ok {
			continue
		}
		n, err := copySparse(ctx, f, int64(p.Start), from, int64(p.Size), func(n int64) { b.say("writing "+p.Name, done+n, total) })
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		done += n
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// sfdiskScript is the partition table as sfdisk(8) reads it.
func sfdiskScript(l device.Layout) string {
	const sector = 512
	var s strings.Builder
	fmt.Fprintf(&s, "label: gpt\nlabel-id: %s\nunit: sectors\nfirst-lba: %d\n\n", l.UUID, device.Align/sector)
	for _, p := range l.Partitions {
		fmt.Fprintf(&s, "start=%d, size=%d, type=%s, uuid=%s, name=%q\n", p.Start/sector, p.Size/sector, p.Type, p.UUID, p.Name)
	}
	return s.String()
}

// copySparse writes a file at an offset of another, leaves blocks of zeros out, and returns how many bytes it read.
func copySparse(ctx context.Context, to *os.File, at int64, from string, room int64, tell func(int64)) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	buf := make([]byte, 1<<20)
	var n int64
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		got, err := io.ReadFull(in, buf)
		if got > 0 {
			if n+int64(got) > room {
				info, _ := in.Stat()
				return n, fmt.Errorf("it takes %d MiB, and its partition has %d MiB: enlarge it in device.toml", info.Size()>>20+1, room>>20)
			}
			if !zeros(buf[:got]) {
				if _, err := to.WriteAt(buf[:got], at+n); err != nil {
					return n, err
				}
			}
			n += int64(got)
			tell(n)
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return n, nil
		default:
			return n, err
		}
	}
}

func zeros(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
