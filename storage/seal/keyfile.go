package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	keyFileKind = "TKF1"
	keyFileSize = 32
	keyFileAD   = "tenin seal key file 1"
)

// KeyFile is a Sealer whose key is 32 random bytes in a file: opening the blob
// takes both. The file is made by the first Seal, readable by its owner only.
//
// A blob is "TKF1", a 12-byte random nonce, and the secret under AES-256-GCM
// with its 16-byte tag; the mark is part of what is authenticated.
type KeyFile struct {
	path string
	// seen is set once the key has been read: from then on a missing file is a
	// lost key, not a first start.
	seen bool
}

// NewKeyFile returns a KeyFile whose key is, or will be, the file at path. It
// touches nothing yet.
func NewKeyFile(path string) *KeyFile { return &KeyFile{path: path} }

// Path returns where the key is.
func (k *KeyFile) Path() string { return k.path }

// Describe says what a key file is good for, and what not.
func (k *KeyFile) Describe() string {
	return "WARNING: the vault's root key is guarded by the key file " + k.path + " only. " +
		"Whoever copies this disk with the key file on it, or becomes this user or root, can read every session; " +
		"a key deleted from the vault can come back from old disk blocks or backups. " +
		"It protects the vault only where the key file is not: keep it on another medium, or use a TPM."
}

// Seal implements Sealer. It creates the key file if there is none.
func (k *KeyFile) Seal(s Secret) ([]byte, error) {
	if err := checkSecret(s); err != nil {
		return nil, err
	}
	key, err := k.read()
	if errors.Is(err, ErrNoKey) && !k.seen {
		if err = k.create(); err == nil {
			key, err = k.read()
		}
	}
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	aead, err := newAEAD(key.Bytes())
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte(keyFileKind), nil, s.Bytes(), []byte(keyFileAD)), nil
}

// Unseal implements Sealer.
func (k *KeyFile) Unseal(blob []byte) (Secret, error) {
	if err := checkKind(blob, keyFileKind); err != nil {
		return Secret{}, err
	}
	key, err := k.read()
	if err != nil {
		return Secret{}, err
	}
	defer key.Destroy()
	aead, err := newAEAD(key.Bytes())
	if err != nil {
		return Secret{}, err
	}
	if n := len(blob) - kindSize - aead.Overhead(); n < 1 || n > MaxSecret {
		return Secret{}, fmt.Errorf("sealed root key: %w: %d bytes", ErrDamaged, len(blob))
	}
	b, err := aead.Open(nil, nil, blob[kindSize:], []byte(keyFileAD))
	if err != nil {
		return Secret{}, fmt.Errorf("key file %s: %w: it does not open this vault; bring back the key file that the vault was made with", k.path, ErrWrongKey)
	}
	return TakeSecret(b), nil
}

// Destroy overwrites the key file and removes it, once nothing is sealed with it any
// more. On flash, and on a file system that copies, old blocks may stay. A missing
// file is no error; one that read would refuse is left alone.
func (k *KeyFile) Destroy() error {
	key, err := k.read()
	if errors.Is(err, ErrNoKey) {
		return nil
	} else if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	key.Destroy()
	f, err := os.OpenFile(k.path, os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	_, err = f.Write(Random(keyFileSize).Bytes())
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Remove(k.path)
	}
	if err != nil {
		return fmt.Errorf("key file %s cannot be destroyed: %w; delete it yourself", k.path, err)
	}
	return syncDir(filepath.Dir(k.path))
}

// read returns the key after checking on the open file, not on its name, that
// nobody else can read it or could have written it.
func (k *KeyFile) read() (Secret, error) {
	// O_NONBLOCK: a pipe put in the key's place must not hang the start.
	f, err := os.OpenFile(k.path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Secret{}, fmt.Errorf("key file %s: %w: the file is missing; bring it back from where it is kept", k.path, ErrNoKey)
	case errors.Is(err, syscall.ELOOP):
		return Secret{}, fmt.Errorf("key file %s: %w: it is a symbolic link; name the file itself", k.path, ErrUnsafe)
	case err != nil:
		return Secret{}, fmt.Errorf("key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("key file: %w", err)
	}
	if err := checkPrivate(k.path, info, os.Geteuid()); err != nil {
		return Secret{}, err
	}
	if info.Size() != keyFileSize {
		return Secret{}, fmt.Errorf("key file %s: %w: it has %d bytes, not %d; bring back the file as it was", k.path, ErrDamaged, info.Size(), keyFileSize)
	}
	b := make([]byte, keyFileSize)
	if _, err := io.ReadFull(f, b); err != nil {
		return Secret{}, fmt.Errorf("key file %s: %w", k.path, err)
	}
	k.seen = true
	return TakeSecret(b), nil
}

func checkPrivate(path string, info fs.FileInfo, uid int) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s: %w: it is not a regular file", path, ErrUnsafe)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != uid {
		return fmt.Errorf("key file %s: %w: it belongs to user %d, and this is user %d; run as its owner, or: chown %d %s", path, ErrUnsafe, st.Uid, uid, uid, path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("key file %s: %w: others may use it (mode %04o); first: chmod 600 %s", path, ErrUnsafe, mode, path)
	}
	return nil
}

// create makes the key file in one step that a crash cannot halve and that
// never replaces a file that is there: link fails where rename would overwrite.
func (k *KeyFile) create() error {
	dir := filepath.Dir(k.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	var tail [8]byte
	_, _ = rand.Read(tail[:])
	temp := k.path + "." + hex.EncodeToString(tail[:])
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	defer os.Remove(temp)
	key := Random(keyFileSize)
	defer key.Destroy()
	_, err = f.Write(key.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Link(temp, k.path)
	}
	// Another process may have been first: its key is as good as ours.
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("key file %s cannot be made: %w", k.path, err)
	}
	return syncDir(dir)
}

// syncDir makes a new name in dir survive a power loss.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
