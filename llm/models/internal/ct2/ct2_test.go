package ct2

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// encode writes a model.bin, the variables in the order of their names.
func encode(m *Model) []byte {
	var b bytes.Buffer
	num := func(v any) { binary.Write(&b, binary.LittleEndian, v) }
	str := func(s string) { num(uint16(len(s) + 1)); b.WriteString(s + "\x00") }
	num(m.Version)
	str(m.Spec)
	num(m.Revision)
	num(uint32(len(m.Variables)))
	for _, name := range slices.Sorted(maps.Keys(m.Variables)) {
		v := m.Variables[name]
		str(name)
		num(uint8(len(v.Shape)))
		for _, d := range v.Shape {
			num(uint32(d))
		}
		num(uint8(v.Type))
		num(uint32(len(v.Data)))
		b.Write(v.Data)
	}
	num(uint32(len(m.Aliases)))
	for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
		str(alias)
		str(m.Aliases[alias])
	}
	return b.Bytes()
}

func sample() *Model {
	return &Model{
		Version: 6, Spec: "WhisperSpec", Revision: 3,
		Variables: map[string]Variable{
			"weight": {Shape: []int{2, 3}, Type: Float16, Data: make([]byte, 12)},
			"heads":  {Type: Int16, Data: []byte{8, 0}},
		},
		Aliases: map[string]string{"other": "weight"},
	}
}

func TestAModelIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sample()
		want.Revision = rapid.Uint32().Draw(t, "revision")
		for range rapid.IntRange(0, 5).Draw(t, "variables") {
			v := Variable{Type: Type(rapid.IntRange(0, 4).Draw(t, "type"))}
			n := v.Type.Size()
			for range rapid.IntRange(0, 3).Draw(t, "rank") {
				d := rapid.IntRange(0, 4).Draw(t, "dimension")
				v.Shape = append(v.Shape, d)
				n *= d
			}
			v.Data = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "data")
			want.Variables[rapid.StringMatching(`[a-z/_0-9]{1,20}`).Draw(t, "name")] = v
		}
		got, err := Parse(encode(want))
		if err != nil {
			t.Fatal(err)
		}
		if got.Spec != want.Spec || got.Revision != want.Revision || !maps.Equal(got.Aliases, want.Aliases) {
			t.Fatalf("got %+v", got)
		}
		same := func(a, b Variable) bool {
			return a.Type == b.Type && slices.Equal(a.Shape, b.Shape) && bytes.Equal(a.Data, b.Data)
		}
		if !maps.EqualFunc(got.Variables, want.Variables, same) {
			t.Fatalf("got %+v, want %+v", got.Variables, want.Variables)
		}
	})
}

func TestEveryCutModelIsRefused(t *testing.T) {
	whole := encode(sample())
	for n := range whole {
		if _, err := Parse(whole[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := Parse(append(whole, 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("with a byte too many: %v", err)
	}
}

func TestATensorOfAnotherShapeOrTypeIsRefused(t *testing.T) {
	m := sample()
	if _, err := m.Tensor("weight", Float16, 2, 3); err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		second(m.Tensor("weight", Float16, 3, 2)),
		second(m.Tensor("weight", Float32, 2, 3)),
		second(m.Tensor("weight", Float16, 6)),
		second(m.Tensor("none", Float16, 2, 3)),
	} {
		if !errors.Is(err, ErrFormat) {
			t.Errorf("got %v", err)
		}
	}
}

func second(_ Variable, err error) error { return err }

func FuzzParse(f *testing.F) {
	f.Add(encode(sample()))
	f.Add(encode(&Model{Version: 6}))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%v is not ErrFormat", err)
			}
			return
		}
		total := 0
		for name, v := range m.Variables {
			n := v.Type.Size()
			for _, d := range v.Shape {
				n *= d
			}
			if n != len(v.Data) {
				t.Errorf("%q: %d bytes for shape %v", name, len(v.Data), v.Shape)
			}
			total += len(v.Data)
		}
		if total > len(data) {
			t.Errorf("%d bytes of data came out of %d", total, len(data))
		}
	})
}
