package kiosk

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tenin/cmd/internal/control"
	"tenin/storage"
	"tenin/storage/seal"
)

func TestALostPINIsReplacedByTheRecoveryKeyAndOldSessionsEnd(t *testing.T) {
	clerk, owner := serveFake(t, ControlOptions{})
	home := clerk.options.Home
	ctx := t.Context()
	if err := owner.AddStaff(ctx, "sato", storage.RoleManager, pin(managersPIN)); err != nil {
		t.Fatal(err)
	}
	if err := owner.Login(ctx, "sato", pin(managersPIN)); err != nil {
		t.Fatal(err)
	}
	if err := owner.AddStaff(ctx, "suzuki", storage.RoleStaff, pin(staffsPIN)); err != nil {
		t.Fatalf("with the old PIN: %v", err)
	}
	key := seal.NewRecoveryKey()
	text := func(k seal.RecoveryKey) seal.Secret {
		return seal.NewSecret([]byte(strings.ToLower(strings.Join(k.Groups(), " "))))
	}
	reset := func(k seal.Secret, name, p string) (storage.StaffMember, error) {
		return ResetStaffPIN(ctx, home, Unlock{}, k, name, pin(p))
	}
	if _, err := reset(text(key), "sato", "660199"); !errors.Is(err, storage.ErrNoRecovery) {
		t.Fatalf("without a recovery key: %v", err)
	}
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	if err := clerk.vault.SetRecovery(public, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := reset(text(seal.NewRecoveryKey()), "sato", "660199"); !errors.Is(err, seal.ErrRecoveryKey) {
		t.Fatalf("with another key: %v", err)
	}
	if _, err := reset(seal.NewSecret([]byte("no key at all")), "sato", "660199"); !errors.Is(err, seal.ErrRecoveryKey) {
		t.Fatalf("without one: %v", err)
	}
	if lines, err := clerk.vault.Accesses(-1); err != nil || len(lines) != 0 {
		t.Fatalf("tries are in the log of accesses: %v, %v", lines, err)
	}
	m, err := reset(text(key), "sato", "660199")
	if err != nil || m.Name != "sato" || m.Role != storage.RoleManager {
		t.Fatalf("%+v, %v", m, err)
	}
	if err := owner.AddStaff(ctx, "ito", storage.RoleStaff, pin(staffsPIN)); !errors.Is(err, control.ErrPINNeeded) {
		t.Fatalf("the old session goes on: %v", err)
	}
	if err := owner.Login(ctx, "sato", pin(managersPIN)); !errors.Is(err, storage.ErrWrongPIN) {
		t.Fatalf("the old PIN: %v", err)
	}
	if err := owner.Login(ctx, "sato", pin("660199")); err != nil {
		t.Fatalf("the new PIN: %v", err)
	}
	if lines, err := clerk.vault.Accesses(-1); err != nil || len(lines) != 1 || lines[0].Who != "sato" || !strings.Contains(lines[0].What, "recovery") {
		t.Fatalf("%+v, %v", lines, err)
	}
}

func TestALostPINIsReplacedWhereNoKioskRuns(t *testing.T) {
	home := t.TempDir()
	key := seal.NewRecoveryKey()
	recovery := seal.NewSecret([]byte(strings.Join(key.Groups(), "-")))
	if _, err := ResetStaffPIN(t.Context(), home, Unlock{}, recovery, "sato", pin("660199")); !errors.Is(err, storage.ErrNoRecovery) {
		t.Fatalf("without a vault: %v", err)
	}
	vault, err := OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err := errors.Join(err, vault.SetRecovery(public, time.Now()), vault.Close()); err != nil {
		t.Fatal(err)
	}
	if m, err := ResetStaffPIN(t.Context(), home, Unlock{}, recovery, "sato", pin("660199")); err != nil || m.Role != storage.RoleManager {
		t.Fatalf("%+v, %v", m, err)
	}
}
