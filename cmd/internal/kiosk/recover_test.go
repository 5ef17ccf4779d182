package kiosk

import (
	"errors"
	"os"
	"testing"
	"time"

	"tenin/storage"
	"tenin/storage/seal"
)

func TestTheRecoveryKeyBringsBackAVaultWhoseKeyFileIsLost(t *testing.T) {
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"damaged":  func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"anothers": func(path string) error { return os.WriteFile(path, make([]byte, 32), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			vault, err := OpenVault(home)
			if err != nil {
				t.Fatal(err)
			}
			key := seal.NewRecoveryKey()
			public, err := key.Public()
			if err != nil {
				t.Fatal(err)
			}
			session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText()})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(session.Close(), vault.SetRecovery(public, time.Now()), vault.Close(), lose(KeyFile(home).Path())); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenVault(home); err == nil {
				t.Fatal("it opens without its key file")
			}
			if err := Recover(home, Unlock{}, seal.NewRecoveryKey(), seal.KindKeyFile, nil); !errors.Is(err, seal.ErrRecoveryKey) {
				t.Fatalf("another key: %v", err)
			}
			if err := Recover(home, Unlock{}, key, seal.KindKeyFile, nil); err != nil {
				t.Fatal(err)
			}
			vault, err = OpenVault(home)
			if err != nil {
				t.Fatal(err)
			}
			if list, err := vault.Sessions(); err != nil || len(list) != 1 {
				t.Errorf("%d sessions, %v", len(list), err)
			}
			if err := errors.Join(vault.CheckRecovery(key), vault.Close()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
