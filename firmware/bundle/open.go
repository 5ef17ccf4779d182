package bundle

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Bundle is an opened bundle whose manifest was verified. Its files were not yet: Copy does that.
type Bundle struct {
	manifest Manifest
	digest   [32]byte
	r        io.ReaderAt
	files    []placed
}

// placed is a file and where it is.
type placed struct {
	name   string
	sha256 string
	at     int64
	size   int64
}

// Open reads the bundle of size bytes in r, whose manifest pub has to have signed. r is kept. Errors wrap ErrSignature
// or ErrDamaged, or are the reader's.
func Open(r io.ReaderAt, size int64, pub ed25519.PublicKey) (*Bundle, error) {
	if len(pub) != ed25519.PublicKeySize {
		return nil, errors.New("open a bundle: no key to verify it with")
	}
	t := tarReader{section: io.NewSectionReader(r, 0, size), size: size}
	t.tar = tar.NewReader(t.section)
	encoded, err := t.small(FileManifest, maxManifest)
	if err != nil {
		return nil, err
	}
	signature, err := t.small(FileSignature, ed25519.SignatureSize)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(pub, encoded, signature) {
		return nil, notSigned(encoded, pub)
	}
	m, err := Parse(encoded)
	if err != nil {
		return nil, err
	}
	b := &Bundle{manifest: m, digest: sha256.Sum256(encoded), r: r}
	for _, f := range m.files() {
		at, err := t.next(f.name, f.size)
		if err != nil {
			return nil, err
		}
		f.at = at
		b.files = append(b.files, f)
	}
	if err := t.end(); err != nil {
		return nil, err
	}
	return b, b.frame(int64(len(encoded)))
}

// frame checks that what is around the files is what Write puts there, to the byte.
func (b *Bundle) frame(encoded int64) error {
	var at int64
	check := func(name string, length int64) error {
		want, err := header(name, length, b.manifest.Created)
		if err != nil {
			return damaged("%s: %v", name, err)
		}
		got := make([]byte, tarBlock)
		if _, err := b.r.ReadAt(got, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !bytes.Equal(got, want) {
			return damaged("the header of %s, at byte %d, was changed", name, at)
		}
		padding := make([]byte, -length&(tarBlock-1))
		if _, err := b.r.ReadAt(padding, at+tarBlock+length); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(bytes.Trim(padding, "\x00")) > 0 {
			return damaged("bytes stand behind %s", name)
		}
		at += tarSize(length)
		return nil
	}
	if err := check(FileManifest, encoded); err != nil {
		return err
	}
	if err := check(FileSignature, ed25519.SignatureSize); err != nil {
		return err
	}
	for _, f := range b.files {
		if err := check(f.name, f.size); err != nil {
			return err
		}
	}
	return nil
}

// header returns the only header that a file of a bundle has.
func header(name string, size, created int64) ([]byte, error) {
	var b bytes.Buffer
	h := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, ModTime: time.Unix(created, 0), Format: tar.FormatUSTAR}
	err := tar.NewWriter(&b).WriteHeader(h)
	return b.Bytes(), err
}

// notSigned says by whom the manifest claims to be signed.
func notSigned(encoded []byte, pub ed25519.PublicKey) error {
	m, err := Parse(encoded)
	switch ours := Fingerprint(pub); {
	case err != nil:
		return fmt.Errorf("%w: its manifest was changed", ErrSignature)
	case m.Key == ours:
		return fmt.Errorf("%w: its manifest was changed after it was signed", ErrSignature)
	default:
		return fmt.Errorf("%w: it is of the key %s…, and this device takes %s…", ErrSignature, m.Key[:16], ours[:16])
	}
}

// files returns what follows the signature.
func (m Manifest) files() []placed {
	files := []placed{
		{name: FileUKI, sha256: m.UKI.SHA256, size: m.UKI.Size},
		{name: FileRoot, sha256: m.Root.SHA256, size: m.Root.Size},
	}
	if m.Models != nil {
		files = append(files, placed{name: FileModels, sha256: m.Models.SHA256, size: m.Models.Size})
	}
	return files
}

// Size returns the length of a bundle with this manifest in bytes.
func (m Manifest) Size() (int64, error) {
	encoded, err := m.Encode()
	if err != nil {
		return 0, err
	}
	size := tarSize(int64(len(encoded))) + tarSize(ed25519.SignatureSize) + trailer
	for _, f := range m.files() {
		size += tarSize(f.size)
	}
	return size, nil
}

// Manifest returns what the bundle says of itself.
func (b *Bundle) Manifest() Manifest { return b.manifest }

// Digest returns SHA-256 of the manifest's bytes, which names the bundle.
func (b *Bundle) Digest() [32]byte { return b.digest }

// Files returns the names that Copy takes.
func (b *Bundle) Files() (names []string) {
	for _, f := range b.files {
		names = append(names, f.name)
	}
	return names
}

// Copy writes a file of the bundle to w. If what was written is not what was signed, it says so at the end with an error
// that wraps ErrDamaged, and w has to be thrown away; an error of w is returned as it is.
func (b *Bundle) Copy(name string, w io.Writer) error {
	i := slices.IndexFunc(b.files, func(f placed) bool { return f.name == name })
	if i < 0 {
		return fmt.Errorf("the bundle has no %s", name)
	}
	f, sum := b.files[i], sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), io.NewSectionReader(b.r, f.at, f.size))
	if err != nil {
		return err
	}
	if n < f.size {
		return damaged("cut at byte %d, in %s", f.at+n, name)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.sha256 {
		return damaged("%s is not what was signed: its SHA-256 is %s instead of %s", name, got, f.sha256)
	}
	return nil
}

// ReaderAt returns the bytes of a file of the bundle, which nobody has verified; nil where it has no such file.
func (b *Bundle) ReaderAt(name string) io.ReaderAt {
	i := slices.IndexFunc(b.files, func(f placed) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return io.NewSectionReader(b.r, b.files[i].at, b.files[i].size)
}

// UKI returns the kernel image, verified.
func (b *Bundle) UKI() ([]byte, error) {
	buffer := bytes.NewBuffer(make([]byte, 0, b.manifest.UKI.Size))
	if err := b.Copy(FileUKI, buffer); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

const (
	tarBlock = 512
	// trailer are the two blocks of zeros at a tar's end.
	trailer = 2 * tarBlock
)

// tarSize is what a file takes with its header.
func tarSize(size int64) int64 { return tarBlock + (size+tarBlock-1)/tarBlock*tarBlock }

// tarReader reads the files of a tar in the one order that there is.
type tarReader struct {
	section *io.SectionReader
	tar     *tar.Reader
	size    int64
	at      int64 // where the next header has to be
}

// next goes to the file of that name and returns where its bytes are.
func (t *tarReader) next(name string, size int64) (at int64, err error) {
	h, err := t.header(name)
	if err != nil {
		return 0, err
	}
	if h.Size != size {
		return 0, damaged("%s has %d bytes, and its manifest says %d", name, h.Size, size)
	}
	at = t.at + tarBlock
	t.at += tarSize(size)
	if t.at > t.size {
		return 0, t.cut(name)
	}
	return at, nil
}

func (t *tarReader) header(name string) (*tar.Header, error) {
	h, err := t.tar.Next()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF) && t.at+trailer > t.size:
		return nil, t.cut(name)
	case errors.Is(err, io.EOF):
		return nil, damaged("it ends without %s", name)
	case errors.Is(err, tar.ErrHeader):
		return nil, damaged("no tar file at byte %d, where the header of %s has to be", t.at, name)
	case err != nil:
		return nil, err
	}
	if h.Name != name {
		return nil, damaged("%.80q is at byte %d, where %s has to be", h.Name, t.at, name)
	}
	// A header of another form may say two things at once.
	if h.Typeflag != tar.TypeReg || h.Format != tar.FormatUSTAR {
		return nil, damaged("%s is no plain file of a plain tar", name)
	}
	if at, err := t.section.Seek(0, io.SeekCurrent); err != nil || at != t.at+tarBlock {
		return nil, damaged("bytes stand before %s", name)
	}
	return h, nil
}

// small reads a file of at most limit bytes.
func (t *tarReader) small(name string, limit int64) ([]byte, error) {
	h, err := t.header(name)
	if err != nil {
		return nil, err
	}
	if h.Size > limit || name == FileSignature && h.Size != limit {
		return nil, damaged("%s has %d bytes", name, h.Size)
	}
	b := make([]byte, h.Size)
	if _, err := io.ReadFull(t.tar, b); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && h.Size > 0 {
		return nil, t.cut(name)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t.at += tarSize(h.Size)
	return b, nil
}

// end checks that the tar ends here, and the file with it.
func (t *tarReader) end() error {
	switch want := t.at + trailer; {
	case t.size < want:
		return t.cut("its end")
	case t.size > want:
		return damaged("%d bytes follow its end", t.size-want)
	}
	b := make([]byte, trailer)
	if _, err := t.section.ReadAt(b, t.at); err != nil {
		return err
	}
	if len(bytes.Trim(b, "\x00")) > 0 {
		return damaged("it does not end at byte %d", t.at)
	}
	return nil
}

func (t *tarReader) cut(name string) error {
	return damaged("cut at byte %d, before or in %s", t.size, name)
}
