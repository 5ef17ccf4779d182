package kiosk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// Owner is who has the vault and the knowledge of a home: the kiosk that runs there, or, when none does, this process.
// Results and errors are the same either way.
type Owner interface {
	// Sessions lists the kept sessions.
	Sessions(context.Context) ([]storage.Listing, error)
	// Load returns a session, once it is written down in the vault who opens it and why: see Vault.Accesses. Where the shop
	// has staff a running kiosk wants a PIN first, control.ErrPINNeeded, and either way the reason has to say something:
	// ErrReason.
	Load(ctx context.Context, id storage.ID, reason string) (*storage.Saved, error)
	// Sound returns the sound of one clip of a session, mono at storage.SampleRate, as Load does.
	Sound(ctx context.Context, id storage.ID, clip int, reason string) (audio.Clip, error)
	// Erase destroys a session. A running kiosk wants a manager's PIN.
	Erase(context.Context, storage.ID) error
	// EraseReceipt destroys the session of a receipt and returns its name. Errors wrap storage.ErrNoReceipt or
	// storage.ErrNotFound. A running kiosk wants the PIN of staff or a manager.
	EraseReceipt(ctx context.Context, code string) (storage.ID, error)
	// Keys tells about the keys of the open vault; nothing where there is none.
	Keys(context.Context) (storage.KeyStatus, error)

	// Staff lists the accounts.
	Staff(context.Context) ([]storage.StaffMember, error)
	// AddStaff and DisableStaff change them. A running kiosk wants a manager's PIN.
	AddStaff(ctx context.Context, name string, role storage.Role, pin seal.Secret) error
	DisableStaff(ctx context.Context, name string) error
	// Login gives a PIN. Without a running kiosk there is nothing that it would open.
	Login(ctx context.Context, name string, pin seal.Secret) error

	// Import changes the knowledge, and a running kiosk answers from it when Import returns. progress is told how many texts
	// it has read. The diff stands even when there is an error behind it.
	Import(ctx context.Context, batch knowledge.Batch, mode ImportMode, progress func(done, total int)) (knowledge.Diff, error)
	// Step goes an import back, or forward again.
	Step(ctx context.Context, redo bool, progress func(done, total int)) (knowledge.Diff, error)
	// Knowledge returns what the shop knows, and whether it is the demo shop's.
	Knowledge(context.Context) (batch knowledge.Batch, isDemo bool, err error)

	// Running says that a kiosk runs.
	Running() bool
	Close() error
}

// ImportMode is what an import does to what is there.
type ImportMode int

// The modes.
const (
	ImportReplace ImportMode = iota
	ImportAdd
	ImportPreview
)

// OpenOwner returns who has the vault and the knowledge of home. The vault of a home where no kiosk runs is opened, as how
// says or the home's settings do, when it is needed.
func OpenOwner(ctx context.Context, home string, how ...Unlock) (Owner, error) {
	client, err := control.Dial(ctx, home, sentinelOf)
	switch {
	case err == nil:
		return &remote{client: client}, nil
	case errors.Is(err, control.ErrNotRunning):
		return &local{home: home, how: how}, nil
	default:
		return nil, err
	}
}

// DialKiosk connects to the kiosk that runs on home. The error wraps control.ErrNotRunning when there is none.
func DialKiosk(ctx context.Context, home string) (*control.Client, error) {
	return control.Dial(ctx, home, sentinelOf)
}

// local is this process as the owner.
type local struct {
	home  string
	how   []Unlock
	vault *storage.Vault // nil until it was needed
}

// open opens the vault. Where there is none it stays nil, unless it is to be made: reading must not make one.
func (l *local) open(make bool) (err error) {
	if l.vault == nil && (make || HasVault(l.home)) {
		l.vault, err = OpenVault(l.home, l.how...)
	}
	return err
}

func (l *local) Running() bool { return false }

func (l *local) Close() error {
	if l.vault == nil {
		return nil
	}
	return l.vault.Close()
}

func (l *local) Sessions(context.Context) ([]storage.Listing, error) {
	if err := l.open(false); err != nil || l.vault == nil {
		return nil, err
	}
	return l.vault.Sessions()
}

func (l *local) Load(_ context.Context, id storage.ID, reason string) (*storage.Saved, error) {
	records, err := l.records(id)
	if err != nil {
		return nil, err
	}
	return records.read("", id, reason)
}

func (l *local) Sound(_ context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	records, err := l.records(id)
	if err != nil {
		return audio.Clip{}, err
	}
	return records.clipOf("", id, clip, reason)
}

// records are the kept conversations, of which id is to be opened.
func (l *local) records(id storage.ID) (records, error) {
	if err := l.open(false); err != nil {
		return records{}, err
	}
	if l.vault == nil {
		return records{}, fmt.Errorf("session %s: %w", id, storage.ErrNotFound)
	}
	return records{l.vault, time.Now}, nil
}

func (l *local) Erase(_ context.Context, id storage.ID) error {
	if err := l.open(false); err != nil {
		return err
	}
	if l.vault == nil {
		return fmt.Errorf("session %s: %w", id, storage.ErrNotFound)
	}
	return l.vault.Erase(id)
}

func (l *local) EraseReceipt(_ context.Context, code string) (storage.ID, error) {
	if err := l.open(false); err != nil {
		return storage.ID{}, err
	}
	return eraseReceipt(l.vault, code)
}

func (l *local) Keys(context.Context) (storage.KeyStatus, error) {
	if err := l.open(false); err != nil || l.vault == nil {
		return storage.KeyStatus{}, err
	}
	return l.vault.Keys(), nil
}

func (l *local) Staff(context.Context) ([]storage.StaffMember, error) {
	if err := l.open(false); err != nil || l.vault == nil {
		return nil, err
	}
	return l.vault.Staff()
}

func (l *local) AddStaff(_ context.Context, name string, role storage.Role, pin seal.Secret) error {
	if err := l.open(true); err != nil {
		return err
	}
	return l.vault.AddStaff(name, role, pin, time.Now())
}

func (l *local) DisableStaff(_ context.Context, name string) error {
	if err := l.open(false); err != nil {
		return err
	}
	if l.vault == nil {
		return fmt.Errorf("%w %s does not exist: `tenin staff list` shows them", storage.ErrStaff, name)
	}
	return l.vault.DisableStaff(name)
}

func (l *local) Login(context.Context, string, seal.Secret) error { return nil }

func (l *local) Import(_ context.Context, batch knowledge.Batch, mode ImportMode, _ func(done, total int)) (knowledge.Diff, error) {
	return importInto(l.home, batch, mode)
}

func (l *local) Step(_ context.Context, redo bool, _ func(done, total int)) (knowledge.Diff, error) {
	return stepIn(l.home, redo)
}

func (l *local) Knowledge(context.Context) (knowledge.Batch, bool, error) {
	return LoadKnowledge(l.home)
}

// importInto changes the knowledge of home.
func importInto(home string, batch knowledge.Batch, mode ImportMode) (diff knowledge.Diff, err error) {
	store, err := OpenKnowledge(home)
	if err != nil {
		return diff, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	switch mode {
	case ImportPreview:
		return store.Preview(batch)
	case ImportAdd:
		return store.Merge(batch)
	default:
		return store.Apply(batch)
	}
}

// stepIn goes an import back or forward.
func stepIn(home string, redo bool) (diff knowledge.Diff, err error) {
	store, err := OpenKnowledge(home)
	if err != nil {
		return diff, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if redo {
		return store.Redo()
	}
	return store.Undo()
}
