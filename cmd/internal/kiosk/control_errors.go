package kiosk

import (
	"errors"
	"io/fs"

	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// reasons are the errors that keep their meaning across the control socket, under stable names. Of several that an error
// wraps the first here counts, as in the exit codes.
var reasons = []struct {
	name string
	err  error
}{
	{"read-only", storage.ErrReadOnly},
	{"permission", fs.ErrPermission},
	{"damaged", storage.ErrDamaged},
	{"wrong-key", storage.ErrWrongKey},
	{"no-space", storage.ErrNoSpace},
	{"not-found", storage.ErrNotFound},
	{"no-receipt", storage.ErrNoReceipt},
	{"closed", storage.ErrClosed},
	{"too-large", storage.ErrTooLarge},
	{"pin-locked", storage.ErrPINLocked},
	{"pin-wrong", storage.ErrWrongPIN},
	{"pin-weak", storage.ErrWeakPIN},
	{"which-staff", storage.ErrWhichStaff},
	{"staff", storage.ErrStaff},
	{"recovery-wrong", seal.ErrRecoveryKey},
	{"recovery-none", storage.ErrNoRecovery},
	{"serving", ErrServing},
	{"visit-over", ErrVisitOver},
	{"engine-lost", ErrEngineLost},
	{"no-desk", ErrNoDesk},
	{"no-call", ErrNoCall},
	{"reading", ErrReading},
	{"draft", ErrDraft},
	{"reason", ErrReason},
	{"setting", ErrSetting},
	{"not-running", ErrNotRunning},
	{"knowledge-damaged", knowledge.ErrDamaged},
	{"knowledge-locked", knowledge.ErrLocked},
	{"knowledge-no-history", knowledge.ErrNoHistory},
}

// reasonOf returns the name under which err crosses the socket, or "".
func reasonOf(err error) string {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.name
		}
	}
	return ""
}

// sentinelOf returns the error that a name stands for, or nil.
func sentinelOf(name string) error {
	for _, r := range reasons {
		if r.name == name {
			return r.err
		}
	}
	return nil
}
