package service

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// PIN is the credential with which an unattended kiosk opens a seal that has a PIN.
const PIN = "tenin.pin"

// CredentialPath returns where systemd has put a credential (systemd.exec(5), LoadCredential), or "" where it has none.
func CredentialPath(name string) string {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" || name == "" || filepath.Base(name) != name {
		return ""
	}
	path := filepath.Join(dir, name)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return path
}

// Credential returns a credential's bytes without the line feed that an editor leaves at the end. Its error wraps
// [fs.ErrNotExist] where systemd gave none. The caller wipes the bytes.
func Credential(name string) ([]byte, error) {
	path := CredentialPath(name)
	if path == "" {
		return nil, fmt.Errorf("credential %q was not given: %w", name, fs.ErrNotExist)
	}
	value, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("credential %q: %w", name, errors.Unwrap(err))
	}
	return bytes.TrimSuffix(value, []byte("\n")), nil
}
