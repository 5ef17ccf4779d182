package flash

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tenin/firmware/flash/gpt"
)

// ErrImage is wrapped where an image is damaged, or does not verify.
var ErrImage = errors.New("image does not verify")

// ErrNoHash is wrapped by [VerifyImage] where the file with the image's hash is missing.
var ErrNoHash = errors.New("there is no hash to compare it with")

// An image is the file that is written.
type image struct {
	file  *os.File
	path  string
	size  int64
	table *gpt.Table
	info  os.FileInfo
}

func openImage(path string) (*image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", path, errors.Unwrap(err))
	}
	i, err := readImage(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	return i, nil
}

func readImage(f *os.File, path string) (*image, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s is no file", ErrImage, path)
	case info.Size() < 4*head || info.Size()%blockSize != 0:
		return nil, fmt.Errorf("%w: %s has %d bytes, and no image has; it was cut off, or is none", ErrImage, path, info.Size())
	}
	table, err := gpt.Read(f, info.Size())
	if err == nil {
		_, err = gpt.ReadBackup(f, info.Size())
	}
	switch {
	case errors.Is(err, gpt.ErrNone):
		return nil, fmt.Errorf("%w: %s: %w", ErrImage, path, err)
	case err != nil:
		return nil, fmt.Errorf("image %s: %w", path, err)
	case table.EntriesEnd() > head || len(table.Partitions) == 0:
		return nil, fmt.Errorf("%w: %s: its partition table is none of a device", ErrImage, path)
	}
	return &image{file: f, path: path, size: info.Size(), table: table, info: info}, nil
}

// unchanged says whether the file is still the one that was verified.
func (i *image) unchanged() error {
	now, err := i.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(i.path)
	if err != nil || !os.SameFile(there, i.info) || now.Size() != i.size || !now.ModTime().Equal(i.info.ModTime()) {
		return fmt.Errorf("%w: %s was changed while it was in use; begin again", ErrImage, i.path)
	}
	return nil
}

// end is where what is written as data ends: behind the last sector that a partition may have.
func (i *image) end() int64 {
	end := (int64(i.table.LastUsable) + 1) * gpt.Sector
	return min((end+blockSize-1)/blockSize*blockSize, i.size)
}

// sidecar returns the hash that IMAGE.sha256 has for IMAGE.
func sidecar(path string) (string, error) {
	f, err := os.Open(path + ".sha256")
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w: %w: %s.sha256 is missing", ErrImage, ErrNoHash, path)
	} else if err != nil {
		return "", fmt.Errorf("%s.sha256: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, 1<<20))
	for lines.Scan() {
		hash, name, _ := strings.Cut(lines.Text(), " ")
		name = strings.TrimLeft(name, " *")
		if len(hash) == 2*sha256.Size && (name == "" || filepath.Base(name) == filepath.Base(path)) {
			return strings.ToLower(hash), nil
		}
	}
	return "", fmt.Errorf("%w: %s.sha256 has no line for %s", ErrImage, path, filepath.Base(path))
}
