package kiosk

import (
	"context"
	"errors"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/storage"
	"tenin/storage/seal"
)

// ResetPIN gives an account of an open vault a new PIN, for an owner who has lost the old one and has the recovery key;
// the log of accesses tells of it before it is done. Sessions that were opened with the old PIN end. Errors are those of
// storage.Vault.ResetPIN.
func ResetPIN(vault *storage.Vault, key seal.RecoveryKey, name string, pin seal.Secret, now time.Time) (storage.StaffMember, error) {
	// What anybody may try is not written down: only who has the key leaves a line.
	if err := vault.CheckRecovery(key); err != nil {
		return storage.StaffMember{}, err
	}
	if err := vault.LogAccess(storage.Access{At: now, Who: name, What: "PIN reset by the recovery key"}); err != nil {
		return storage.StaffMember{}, err
	}
	return vault.ResetPIN(key, name, pin, now)
}

// ResetStaffPIN is ResetPIN for whoever has the vault of home: the kiosk that runs there, or this process. recovery is the
// key as a person types it.
func ResetStaffPIN(ctx context.Context, home string, u Unlock, recovery seal.Secret, name string, pin seal.Secret) (m storage.StaffMember, err error) {
	client, err := DialKiosk(ctx, home)
	if err == nil {
		defer func() { err = errors.Join(err, client.Close()) }()
		w, err := pb.NewStaffClient(client.Conn()).Reset(ctx, &pb.ResetStaffRequest{Name: name, Pin: pin.Bytes(), Recovery: recovery.Bytes()})
		if err != nil {
			return m, err
		}
		return memberFromWire(w), nil
	}
	if !errors.Is(err, control.ErrNotRunning) {
		return m, err
	}
	key, err := seal.ParseRecoveryKey(string(recovery.Bytes()))
	if err != nil {
		return m, err
	}
	defer key.Destroy()
	if !HasVault(home) {
		return m, storage.ErrNoRecovery
	}
	vault, err := OpenVault(home, u)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	return ResetPIN(vault, key, name, pin, time.Now())
}

// Reset replaces a lost PIN. The staff's sessions of the account end at their next call.
func (s staffService) Reset(ctx context.Context, r *pb.ResetStaffRequest) (*pb.StaffMember, error) {
	defer clear(r.Pin)
	defer clear(r.Recovery)
	pin := seal.NewSecret(r.Pin)
	defer pin.Destroy()
	key, err := seal.ParseRecoveryKey(string(r.Recovery))
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	var m storage.StaffMember
	// Argon2id takes all cores, and a shopper's turn goes first.
	err = s.clerk.permit.during(ctx, true, func() (err error) {
		m, err = ResetPIN(s.clerk.vault, key, r.Name, pin, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	s.log(ctx, "a PIN was replaced by the recovery key", "role", string(m.Role))
	return &pb.StaffMember{Name: m.Name, Role: string(m.Role), AddedNs: control.Nanoseconds(m.Added)}, nil
}
