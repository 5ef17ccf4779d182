package hub

import "errors"

var (
	// ErrInUse means that another process has the hub's folder.
	ErrInUse = errors.New("another hub uses this folder")
	// ErrNoHub means that no hub was ever started on a folder.
	ErrNoHub = errors.New("no hub was started here yet: `tenin hub serve` does")
	// ErrOtherUser means that a hub's folder is another user's, whose hub could not
	// use what this process would write there.
	ErrOtherUser = errors.New("it is another user's: run the command as that user, or while the hub runs")
	// ErrDamaged means that a file of the folder is not what was written.
	ErrDamaged = errors.New("damaged")
	// ErrNotPrivate means that others may read or write a file that holds a secret.
	ErrNotPrivate = errors.New("others may use it")
	// ErrNoDevice means that no device has this name.
	ErrNoDevice = errors.New("no such device: `tenin hub devices` lists them")
	// ErrTaken means that a device that is not revoked has this name.
	ErrTaken = errors.New("a device has this name already")
	// ErrTooMany means that a limit of the registry is reached.
	ErrTooMany = errors.New("too many")
	// ErrStore means that the stream does not take or give messages now.
	ErrStore = errors.New("the stream is not available")
)
