package bell

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// serial writes a line in ASCII to a serial port at 9600 bits a second.
type serial struct{ device string }

func (s serial) send(m Message, _ Names) error {
	fd, err := unix.Open(s.device, unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", s.device, err)
	}
	defer unix.Close(fd)
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("%s is no serial port", s.device)
	}
	// Eight bits, no parity, nothing of the text is changed.
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = unix.CS8 | unix.CLOCAL | unix.CREAD | unix.B9600
	t.Ispeed, t.Ospeed = unix.B9600, unix.B9600
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("%s: %w", s.device, err)
	}
	text := fmt.Appendf(nil, "kiosk %d %s\r\n", m.Kiosk, m.Kind)
	if n, err := unix.Write(fd, text); err != nil || n != len(text) {
		return errors.Join(fmt.Errorf("%s takes no text", s.device), err)
	}
	return nil
}

func (serial) close() {}

// lamp lights a line of a GPIO chip while somebody waits (linux/gpio.h, version 2 of its interface).
type lamp struct {
	chip    string
	line    uint32
	waiting int
	fd      int // of the line; 0 until it is there
}

// The structures and numbers of linux/gpio.h.
type (
	gpioLineRequest struct {
		offsets    [64]uint32
		consumer   [32]byte
		flags      uint64
		attributes uint32
		_          [5]uint32
		_          [10][3]uint64
		lines      uint32
		buffer     uint32
		_          [5]uint32
		fd         int32
	}
	gpioLineValues struct{ bits, mask uint64 }
)

const (
	gpioGetLine   = 0xc250b407 // _IOWR(0xb4, 0x07, struct gpio_v2_line_request)
	gpioSetValues = 0xc010b40f // _IOWR(0xb4, 0x0f, struct gpio_v2_line_values)
	gpioOutput    = 1 << 3     // GPIO_V2_LINE_FLAG_OUTPUT
)

func (l *lamp) send(m Message, _ Names) error {
	if l.fd == 0 {
		if err := l.open(); err != nil {
			return err
		}
	}
	waiting := l.waiting
	switch m.Kind {
	case Called:
		waiting++
	case Handled:
		waiting = max(0, waiting-1)
	}
	values := gpioLineValues{mask: 1}
	if waiting > 0 {
		values.bits = 1
	}
	if err := ioctl(l.fd, gpioSetValues, unsafe.Pointer(&values)); err != nil {
		return fmt.Errorf("%s, line %d: %w", l.chip, l.line, err)
	}
	l.waiting = waiting
	return nil
}

func (l *lamp) open() error {
	chip, err := os.OpenFile(l.chip, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer chip.Close()
	request := gpioLineRequest{flags: gpioOutput, lines: 1}
	request.offsets[0] = l.line
	copy(request.consumer[:], "tenin")
	if err := ioctl(int(chip.Fd()), gpioGetLine, unsafe.Pointer(&request)); err != nil {
		return fmt.Errorf("%s has no line %d that can be had: %w", l.chip, l.line, err)
	}
	l.fd = int(request.fd)
	unix.CloseOnExec(l.fd)
	return nil
}

func (l *lamp) close() {
	if l.fd != 0 {
		_ = unix.Close(l.fd)
	}
}

func ioctl(fd int, number uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), number, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}
