package speech

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func npy(header string, values ...float32) []byte {
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	binary.Write(&b, binary.LittleEndian, values)
	return b.Bytes()
}

func TestAnArrayIsReadWithItsShape(t *testing.T) {
	shape, values, err := readNPY(bytes.NewReader(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 1, 2, 3, 4, 5, 6)))
	if err != nil || len(shape) != 2 || shape[0] != 2 || shape[1] != 3 || values[5] != 6 {
		t.Errorf("%v %v %v", shape, values, err)
	}
}

func TestOtherArraysAreRefused(t *testing.T) {
	for name, raw := range map[string][]byte{
		"empty":        nil,
		"junk":         []byte("PK\x03\x04 and so on"),
		"double":       npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 1, 2),
		"column order": npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", 1),
		"cut off":      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }", 1, 2),
		"huge":         npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }", 1),
	} {
		if _, _, err := readNPY(bytes.NewReader(raw)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzReadNPY(f *testing.F) {
	f.Add(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", 1, 2))
	f.Fuzz(func(t *testing.T, raw []byte) {
		shape, values, err := readNPY(bytes.NewReader(raw))
		if err != nil {
			return
		}
		total := 1
		for _, n := range shape {
			total *= n
		}
		if total != len(values) {
			t.Fatalf("shape %v, %d values", shape, len(values))
		}
	})
}
