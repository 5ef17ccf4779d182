package uplink

import "errors"

var (
	// ErrRefused means that the hub does not let this device in: the code is wrong,
	// used or expired, there were too many tries, or the device was revoked.
	ErrRefused = errors.New("refused by the hub")
	// ErrOtherHub means that whoever answered is not the hub that the code or the
	// credentials name.
	ErrOtherHub = errors.New("another hub answers")
	// ErrCode means that a text is no enrolment code, most likely mistyped.
	ErrCode = errors.New("not an enrolment code")
	// ErrName means that a text cannot be a device's name.
	ErrName = errors.New("not a device's name")
	// ErrNotEnrolled means that this kiosk has joined no hub.
	ErrNotEnrolled = errors.New("this kiosk has joined no hub: `tenin hub join CODE --hub ADDRESS` does")
	// ErrEnrolled means that this kiosk has joined a hub already.
	ErrEnrolled = errors.New("this kiosk has joined a hub already")
	// ErrNotPrivate means that others may read or write a file that holds a secret.
	ErrNotPrivate = errors.New("others may use it")
	// ErrDamaged means that a file is not what was written.
	ErrDamaged = errors.New("damaged")
	// ErrPeer means that a process that may not use a socket tried to.
	ErrPeer = errors.New("this process may not use the socket")
)
