package flash

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl asks the kernel something of a block device (linux/fs.h); argument is for those that take a range in bytes.
func ioctl(fd int, request uint, argument *[2]uint64) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(argument)))
	if errno != 0 {
		return errno
	}
	return nil
}
