package control

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/cmd/internal/control/pb"
)

var (
	// ErrNotRunning means that no kiosk serves the home: whoever asks may open the vault.
	ErrNotRunning = errors.New("no kiosk runs")
	// ErrRunning means that a kiosk serves the home already.
	ErrRunning = errors.New("a kiosk runs already")
	// ErrGone means that the kiosk ended during a call.
	ErrGone = errors.New("the kiosk ended before it had answered")
	// ErrNoAnswer means that the kiosk lives and does not answer.
	ErrNoAnswer = errors.New("the kiosk does not answer")
	// ErrNotOurs means that the socket, or who serves it, is not what a kiosk of this user makes.
	ErrNotOurs = errors.New("the control socket is not ours")
	// ErrPINNeeded means that the call reads or changes what a PIN guards, and nobody has given one on this connection.
	ErrPINNeeded = errors.New("a PIN is needed")
	// ErrNotAllowed means that the role of whoever gave the PIN does not reach so far.
	ErrNotAllowed = errors.New("not allowed")
)

// Reasons that this package gives. Others are the services' own.
const (
	reasonPIN  = "pin-needed"
	reasonRole = "not-allowed"
)

// Error is what a kiosk answered instead of a result. Text is a line for people; errors.Is knows it by the sentinel that
// its reason stands for, so that exit codes and messages are those of a vault that was opened here.
type Error struct {
	Reason, Text string
	sentinel     error
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the sentinel that Reason stands for, or nil.
func (e *Error) Unwrap() error { return e.sentinel }

// fail makes the status that carries reason and text to the client. The text is in a detail, because a status message is
// percent-encoded into a header of limited length.
func fail(code codes.Code, reason, text string) error {
	s, err := status.New(code, reason).WithDetails(&pb.Problem{Reason: reason, Text: text})
	if err != nil {
		return status.Error(code, reason)
	}
	return s.Err()
}

// problemOf returns the detail of a status, or nil.
func problemOf(err error) *pb.Problem {
	s, ok := status.FromError(err)
	if !ok {
		return nil
	}
	for _, detail := range s.Details() {
		if p, ok := detail.(*pb.Problem); ok {
			return p
		}
	}
	return nil
}
