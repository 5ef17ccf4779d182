package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// block is the size of dm-verity's blocks of data and of hashes, in bytes.
const block = 4096

// compression of a slot's squashfs, as mksquashfs wants it.
type compression []string

var (
	// rootCompression: level 15 at blocks of 256 KiB.
	rootCompression = compression{"-comp", "zstd", "-Xcompression-level", "15", "-b", "256K"}
	// modelsCompression: weights are noise to a compressor, and read where they lie they are loaded fastest.
	modelsCompression = compression{"-comp", "zstd", "-noI", "-noD", "-noF", "-noX", "-b", "1M"}
)

// makeSlot packs a folder and puts the dm-verity hashes behind it. Time is every file's, in seconds since 1970.
func makeSlot(ctx context.Context, folder, out string, how compression, time int64) (s Slot, err error) {
	args := append([]string{folder, out, "-noappend", "-no-progress", "-quiet", "-xattrs", "-processors", fmt.Sprint(runtime.NumCPU())}, how...)
	if err := (tool{env: []string{"SOURCE_DATE_EPOCH=" + itoa(time)}}).run(ctx, "mksquashfs", args...); err != nil {
		return s, err
	}
	return addVerity(ctx, out)
}

// addVerity pads a file system's image to whole blocks and writes the superblock and the tree of hashes behind it, both
// from the content alone: salt and UUID are of its hash, so that equal images get equal slots, and a slot can be found by
// its UUID.
func addVerity(ctx context.Context, path string) (s Slot, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return s, err
	}
	s.DataSize = (info.Size() + block - 1) / block * block
	if err := os.Truncate(path, s.DataSize); err != nil {
		return s, err
	}
	sum, err := hashFile(path)
	if err != nil {
		return s, err
	}
	s.UUID = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	hashFileName := path + ".roothash"
	defer os.Remove(hashFileName)
	err = tool{}.run(ctx, "veritysetup", "format", "--hash=sha256", "--data-block-size="+itoa(block), "--hash-block-size="+itoa(block),
		"--data-blocks="+itoa(s.DataSize/block), "--hash-offset="+itoa(s.DataSize), "--salt="+hex.EncodeToString(sum[:]), "--uuid="+s.UUID,
		"--root-hash-file="+hashFileName, path, path)
	if err != nil {
		return s, err
	}
	root, err := os.ReadFile(hashFileName)
	if err != nil {
		return s, err
	}
	s.Hash = strings.TrimSpace(string(root))
	if info, err = os.Stat(path); err != nil {
		return s, err
	}
	if sum, err = hashFile(path); err != nil {
		return s, err
	}
	s.File = File{File: filepath.Base(path), Size: info.Size(), SHA256: hex.EncodeToString(sum[:])}
	return s, nil
}

func hashFile(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return [32]byte(h.Sum(nil)), nil
}
