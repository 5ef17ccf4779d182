package device

import (
	"fmt"
	"strconv"
	"strings"
)

// Size is a number of bytes. In device.toml it is a text with a unit ("384 MiB") or a number of bytes.
type Size int64

// The units of a Size.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// String writes the size in the largest unit that leaves a whole number.
func (s Size) String() string {
	switch {
	case s == 0:
		return "0"
	case s%GiB == 0:
		return fmt.Sprintf("%d GiB", s/GiB)
	case s%MiB == 0:
		return fmt.Sprintf("%d MiB", s/MiB)
	case s%KiB == 0:
		return fmt.Sprintf("%d KiB", s/KiB)
	}
	return fmt.Sprintf("%d bytes", int64(s))
}

// UnmarshalTOML takes a text or a number.
func (s *Size) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case int64:
		*s = Size(v)
		return nil
	case string:
		size, err := ParseSize(v)
		*s = size
		return err
	}
	return fmt.Errorf("a size is a text such as \"384 MiB\", or a number of bytes")
}

// ParseSize reads "384 MiB", "2GiB", "512 KiB", "4096".
func ParseSize(text string) (Size, error) {
	number, unit := strings.TrimSpace(text), Size(1)
	for name, u := range map[string]Size{"KiB": KiB, "MiB": MiB, "GiB": GiB} {
		if n, ok := strings.CutSuffix(number, name); ok {
			number, unit = strings.TrimSpace(n), u
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > 1<<62/int64(unit) {
		return 0, fmt.Errorf("%q is no size: write it as in \"384 MiB\"", text)
	}
	return Size(n) * unit, nil
}
