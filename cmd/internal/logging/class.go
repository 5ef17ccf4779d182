package logging

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"reflect"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The bounds of a class: a chain of errors may be a ring.
const (
	deepest   = 16
	mostNodes = 24
)

// Class reduces an error to its classes, outermost first: sentinels (errors.New with a constant text) as they are,
// system errors by name, gRPC statuses by code, and of the others their types. Texts, paths and values are left out.
// Wrapping alone is no class, so fmt.Errorf("…%w") leaves only what it wraps. Class(nil) is "none".
func Class(err error) (class Safe) {
	if err == nil {
		return Safe{"none"}
	}
	// An error is foreign code: one that panics when it is unwrapped is known by its type.
	defer func() {
		if recover() != nil {
			class = Type(err)
		}
	}()
	var parts []string
	nodes := 0
	classify(err, 0, &nodes, &parts)
	if len(parts) == 0 {
		return Type(err)
	}
	return Safe{strings.Join(parts, ": ")}
}

func classify(err error, depth int, nodes *int, parts *[]string) {
	*nodes++
	if err == nil || depth > deepest || *nodes > mostNodes {
		return
	}
	if own := ownClass(err); own != "" {
		*parts = append(*parts, own)
	}
	switch wrapping := err.(type) {
	case interface{ Unwrap() error }:
		classify(wrapping.Unwrap(), depth+1, nodes, parts)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			classify(inner, depth+1, nodes, parts)
		}
	}
}

// ownClass returns what one link of the chain says, or "" for one that only wraps.
func ownClass(err error) string {
	switch e := err.(type) {
	case syscall.Errno:
		if name := unix.ErrnoName(e); name != "" {
			return name
		}
		return fmt.Sprintf("errno %d", int(e))
	case *fs.PathError:
		return typed(err, e.Op)
	case *os.LinkError:
		return typed(err, e.Op)
	case *os.SyscallError:
		return typed(err, e.Syscall)
	case *net.OpError:
		return typed(err, e.Op)
	}
	if s, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
		if code := s.GRPCStatus().Code(); code <= codes.Unauthenticated {
			return "grpc " + code.String()
		}
		return "grpc"
	}
	switch name := reflect.TypeOf(err).String(); name {
	case "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError":
		return ""
	case "*errors.errorString":
		if text := err.Error(); isConstant(text) {
			return text
		}
		return "error"
	default:
		return name
	}
}

// typed is an error's type and its operation, which is a constant of the standard library.
func typed(err error, op string) string {
	name := reflect.TypeOf(err).String()
	if op == "" || !isConstant(op) {
		return name
	}
	return name + "(" + op + ")"
}
