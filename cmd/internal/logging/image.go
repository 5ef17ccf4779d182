package logging

import (
	"debug/elf"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The entries of the auxiliary vector that are read (elf.h: AT_PHDR, AT_PHENT, AT_PHNUM).
const (
	auxHeaders     = 3
	auxHeaderSize  = 4
	auxHeaderCount = 5
)

// span is a part of the address space: first byte, and the one after the last.
type span struct{ from, to uintptr }

// image returns the parts of this program's file that the kernel mapped without the right to write. They come from the
// program headers that the kernel names in the auxiliary vector (getauxval(3)), since a sandboxed process has no /proc.
var image = sync.OnceValue(func() []span {
	vector, err := unix.Auxv()
	if err != nil {
		return nil
	}
	var at, size, count uintptr
	for _, pair := range vector {
		switch pair[0] {
		case auxHeaders:
			at = pair[1]
		case auxHeaderSize:
			size = pair[1]
		case auxHeaderCount:
			count = pair[1]
		}
	}
	if at == 0 || size != unsafe.Sizeof(elf.Prog64{}) || count == 0 || count > 1024 {
		return nil
	}
	// The address is the kernel's, not Go's: nothing moves it.
	headers := unsafe.Slice((*elf.Prog64)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), count)
	return readOnly(headers, at)
})

// readOnly returns the spans of headers that are loaded and not writable. at is where the headers themselves lie; from
// it follows by how much the image was moved.
func readOnly(headers []elf.Prog64, at uintptr) []span {
	var moved uintptr
	known := false
	for _, h := range headers {
		if elf.ProgType(h.Type) == elf.PT_PHDR {
			moved, known = at-uintptr(h.Vaddr), true
		}
	}
	if !known {
		return nil
	}
	var spans []span
	for _, h := range headers {
		if elf.ProgType(h.Type) == elf.PT_LOAD && elf.ProgFlag(h.Flags)&elf.PF_W == 0 {
			from := moved + uintptr(h.Vaddr)
			spans = append(spans, span{from, from + uintptr(h.Filesz)})
		}
	}
	return spans
}

// isConstant says whether s is text of the program itself: plain ASCII whose bytes lie in its read-only image. Strings
// of one byte are refused: the runtime takes those from a table of all bytes, whatever they come from.
func isConstant(s string) bool {
	if s == "" {
		return true
	}
	if len(s) < 2 || len(s) > 200 {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	from := uintptr(unsafe.Pointer(unsafe.StringData(s)))
	for _, part := range image() {
		if from >= part.from && from+uintptr(len(s)) <= part.to {
			return true
		}
	}
	return false
}
