package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

func TestASessionIsFoundByItsBeginningOnlyWhenNoOtherHasIt(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	// Of seventeen names two begin with the same hexadecimal digit.
	byDigit := map[string]int{}
	for range 17 {
		session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText()})
		if err != nil {
			t.Fatal(err)
		}
		name := session.ID().String()
		byDigit[name[:1]]++
		if err := session.Close(); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	owner, err := kiosk.OpenOwner(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	for _, name := range names {
		for _, beginning := range []string{name, name[:12]} {
			if found, err := findSession(t.Context(), owner, beginning); err != nil || found.String() != name {
				t.Errorf("%s: %v, %v", beginning, found, err)
			}
		}
	}
	for digit, n := range byDigit {
		_, err := findSession(t.Context(), owner, digit)
		if many := errors.As(err, new(usageError)); many != (n > 1) || (n == 1 && err != nil) {
			t.Errorf("%d sessions begin with %s: %v", n, digit, err)
		}
	}
	if _, err := findSession(t.Context(), owner, "no name"); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
}

func TestAShoppersCodeErasesTheirSessionAndNoOther(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	names, codes := []storage.ID{}, []string{}
	for range 2 {
		session, err := vault.Begin(storage.SessionMeta{Started: time.Now(), Source: storage.FromText()})
		if err != nil {
			t.Fatal(err)
		}
		code, err := vault.Receipt(session.ID())
		if err := errors.Join(err, session.Close()); err != nil {
			t.Fatal(err)
		}
		names, codes = append(names, session.ID()), append(codes, code.String())
	}
	if err := vault.Close(); err != nil {
		t.Fatal(err)
	}
	owner, err := kiosk.OpenOwner(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	if _, err := eraseNamed(t.Context(), owner, codes[0][:11]+"~"); !errors.As(err, new(usageError)) {
		t.Errorf("a code with a wrong character: %v", err)
	}
	if id, err := eraseNamed(t.Context(), owner, strings.ToLower(strings.ReplaceAll(codes[0], "-", ""))); err != nil || id != names[0] {
		t.Fatalf("%v, %v", id, err)
	}
	if _, err := eraseNamed(t.Context(), owner, codes[0]); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the same code again: %v", err)
	}
	if left, err := owner.Sessions(t.Context()); err != nil || len(left) != 1 || left[0].ID != names[1] {
		t.Errorf("%v, %v", left, err)
	}
	if id, err := eraseNamed(t.Context(), owner, names[1].String()[:10]); err != nil || id != names[1] {
		t.Errorf("by its name: %v, %v", id, err)
	}
}
