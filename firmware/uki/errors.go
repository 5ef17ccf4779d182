package uki

import "errors"

// verifyError is a way not to be verified.
type verifyError string

func (e verifyError) Error() string { return string(e) }

func (e verifyError) Is(target error) bool { return target == ErrNotVerified }

// ErrNotVerified is what all errors about an image or its signature wrap.
var ErrNotVerified = errors.New("not verified")

var (
	// ErrDamaged means that the file is no image that firmware would load.
	ErrDamaged error = verifyError("damaged image")
	// ErrNotSigned means that the image carries no signature.
	ErrNotSigned error = verifyError("not signed")
	// ErrOtherSigner means that somebody else signed it.
	ErrOtherSigner error = verifyError("signed by another key")
	// ErrAltered means that it was changed after it was signed.
	ErrAltered error = verifyError("altered after it was signed")
)
