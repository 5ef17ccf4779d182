package verify

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tenin/firmware/bundle"
	"tenin/firmware/uki"
)

// File verifies the bundle, program or disk at path. progress, which may be nil, is told what is read and how far it is,
// in bytes. The error is about reading; what is wrong with the file stands in the report, whose Err says it.
func File(ctx context.Context, path string, t Trust, progress func(what string, done, total int64)) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w: name a file or a disk", path, err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return Report{}, fmt.Errorf("%s is a folder: name a bundle, a kernel image or a disk image", path)
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	v := &verifier{ctx: ctx, f: f, size: size, trust: t, progress: progress, r: Report{File: path}}
	if v.r.Kind, err = kindOf(f, path); err != nil {
		return Report{}, err
	}
	switch v.r.Kind {
	case KindBundle:
		err = v.bundle()
	case KindDisk:
		err = v.disk()
	default:
		err = v.program()
	}
	v.r.Verified = err == nil && v.r.Err() == nil
	return v.r, err
}

type verifier struct {
	ctx      context.Context
	f        *os.File
	size     int64
	trust    Trust
	progress func(what string, done, total int64)
	r        Report
}

// kindOf goes by the first bytes, and by the name where they are damaged.
func kindOf(f *os.File, path string) (Kind, error) {
	b := make([]byte, 1024)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	b = b[:n]
	switch {
	case strings.HasPrefix(string(b), bundle.FileManifest+"\x00"):
		return KindBundle, nil
	case len(b) >= 520 && string(b[512:520]) == "EFI PART":
		return KindDisk, nil
	case strings.HasPrefix(string(b), "MZ"):
		return KindUKI, nil
	}
	switch filepath.Ext(path) {
	case ".bundle":
		return KindBundle, nil
	case ".img":
		return KindDisk, nil
	case ".efi":
		return KindUKI, nil
	}
	return "", fmt.Errorf("%w: %s is no bundle, no kernel image and no disk image", ErrNotVerified, path)
}

// program verifies a kernel image or a loader.
func (v *verifier) program() error {
	if v.size > bundle.MaxUKI {
		v.r.bad("file", fmt.Errorf("it has %d bytes, and a program for UEFI has at most %d", v.size, bundle.MaxUKI))
		return nil
	}
	image := make([]byte, v.size)
	if _, err := io.ReadFull(io.NewSectionReader(v.f, 0, v.size), image); err != nil {
		return err
	}
	if !uki.IsUKI(image) {
		v.r.Kind = KindLoader
		v.signature("program", image)
		return nil
	}
	info, err := uki.Read(image)
	if err != nil {
		v.r.bad("program", err)
		return nil
	}
	v.release(info)
	v.kernel("", image)
	return nil
}

// release notes what a kernel image is.
func (v *verifier) release(info uki.Info) {
	text, _ := info.Param("tenin.version")
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && n > v.r.Version {
		v.r.Version, v.r.Name = n, info.Release("VERSION")
	}
	if info.Release("VARIANT_ID") == "test" {
		v.r.Test = true
	}
}

// signature verifies a program's signature for Secure Boot.
func (v *verifier) signature(part string, image []byte) {
	signers, _ := uki.Signers(image)
	if len(v.trust.Certificates) == 0 && len(signers) > 0 {
		v.r.bad(part, fmt.Errorf("signed by %s, and there is no db.crt to compare it with", strings.Join(signers, ", ")))
		return
	}
	v.r.result(part, uki.VerifyPE(image, v.trust.Certificates...), "signed by %s", strings.Join(signers, ", "))
}

// kernel verifies both signatures of a kernel image.
func (v *verifier) kernel(of string, image []byte) {
	v.signature(strings.TrimSpace(of+" Secure Boot"), image)
	v.pcr(strings.TrimSpace(of+" PCR 11"), image)
}

func (v *verifier) pcr(part string, image []byte) {
	if v.trust.PCRPublic == nil {
		v.r.bad(part, errors.New("there is no pcr.pub to compare its signature with"))
		return
	}
	measured, _ := uki.MeasureImage(image)
	v.r.result(part, uki.VerifyPCR(image, v.trust.PCRPublic), "%s is signed", hex.EncodeToString(measured[:]))
}

// counter writes nothing and tells how much it was given.
type counter struct {
	v           *verifier
	what        string
	done, total int64
}

func (c *counter) Write(p []byte) (int, error) {
	if err := c.v.ctx.Err(); err != nil {
		return 0, err
	}
	c.done += int64(len(p))
	c.v.progress(c.what, c.done, c.total)
	return len(p), nil
}
