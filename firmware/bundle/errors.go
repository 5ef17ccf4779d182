package bundle

import (
	"errors"
	"fmt"
)

var (
	// ErrSignature means that the manifest is not what the key signed.
	ErrSignature = errors.New("signature does not verify")
	// ErrDamaged means that the file is cut, changed, or no bundle.
	ErrDamaged = errors.New("damaged bundle")
	// ErrOther means that the bundle is for another kind of device, or may not go where it would.
	ErrOther = errors.New("not for this device")
)

func damaged(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, a...))
}
