package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func sample() ([]KV, []Tensor) {
	return []KV{
			{"general.architecture", "bert"},
			{"bert.block_count", uint32(12)},
			{"epsilon", float32(1e-12)},
			{"causal", false},
			{"signed", int32(-1)},
			{"tokens", []string{"<s>", "▁の", ""}},
			{"scores", []float32{0, -1.5, -20}},
			{"types", []int32{3, 1, 1}},
		}, []Tensor{
			{Name: "a.weight", Type: Q4_0, Shape: []uint64{64, 2}, Data: bytes.Repeat([]byte{7}, 4*18)},
			{Name: "a.bias", Type: F32, Shape: []uint64{3}, Data: bytes.Repeat([]byte{9}, 12)},
		}
}

func write(t interface{ Fatal(...any) }, kv []KV, tensors []Tensor) []byte {
	var b bytes.Buffer
	if err := Write(&b, kv, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	kv, tensors := sample()
	f, err := Parse(write(t, kv, tensors))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range kv {
		if got := f.Metadata[e.Key]; !reflect.DeepEqual(got, e.Value) {
			t.Errorf("%s: got %v, want %v", e.Key, got, e.Value)
		}
	}
	if !reflect.DeepEqual(f.Tensors, tensors) {
		t.Errorf("got %v", f.Tensors)
	}
}

func TestAnyTensorsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tensors []Tensor
		for range rapid.IntRange(0, 6).Draw(t, "tensors") {
			x := Tensor{
				Name: rapid.String().Draw(t, "name"),
				Type: rapid.SampledFrom([]Type{F32, F16, Q4_0}).Draw(t, "type"),
			}
			n := uint64(1)
			for i := range rapid.IntRange(1, 4).Draw(t, "rank") {
				d := uint64(rapid.IntRange(1, 3).Draw(t, "dimension"))
				if i == 0 && x.Type == Q4_0 {
					d *= 32
				}
				x.Shape = append(x.Shape, d)
				n *= d
			}
			size, err := x.Type.Bytes(n)
			if err != nil {
				t.Fatal(err)
			}
			x.Data = rapid.SliceOfN(rapid.Byte(), int(size), int(size)).Draw(t, "data")
			tensors = append(tensors, x)
		}
		words := rapid.SliceOfN(rapid.String(), 1, 5).Draw(t, "words")
		f, err := Parse(write(t, []KV{{"words", words}}, tensors))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(f.Tensors, tensors) || !reflect.DeepEqual(f.Metadata["words"], words) {
			t.Fatalf("got %v and %v", f.Tensors, f.Metadata)
		}
	})
}

func TestATensorWhoseDataDoesNotFitIsNotWritten(t *testing.T) {
	for _, bad := range []Tensor{
		{Name: "short", Type: F32, Shape: []uint64{2}, Data: make([]byte, 4)},
		{Name: "half a block", Type: Q4_0, Shape: []uint64{16}, Data: make([]byte, 9)},
		{Name: "no shape", Type: F32},
		{Name: "five dimensions", Type: F32, Shape: []uint64{1, 1, 1, 1, 1}, Data: make([]byte, 4)},
		{Name: "unknown type", Type: 99, Shape: []uint64{1}, Data: make([]byte, 4)},
	} {
		if err := Write(&bytes.Buffer{}, nil, []Tensor{bad}); err == nil {
			t.Errorf("%s was written", bad.Name)
		}
	}
	if err := Write(&bytes.Buffer{}, []KV{{"k", 1.5}}, nil); err == nil {
		t.Error("a float64 was written")
	}
}

func TestEveryCutFileIsRefused(t *testing.T) {
	whole := write(t, mustKV(), mustTensors())
	// The last tensor's padding may go: nothing lies in it.
	for n := range len(whole) - alignment {
		if _, err := Parse(whole[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func mustKV() []KV          { kv, _ := sample(); return kv }
func mustTensors() []Tensor { _, x := sample(); return x }

func TestAHugeCountAllocatesNothing(t *testing.T) {
	head := append([]byte(magic), 3, 0, 0, 0)
	head = binary.LittleEndian.AppendUint64(head, 1<<62)
	head = binary.LittleEndian.AppendUint64(head, 1<<62)
	if _, err := Parse(head); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
	array := append([]byte(magic), 3, 0, 0, 0)
	array = binary.LittleEndian.AppendUint64(array, 0)
	array = binary.LittleEndian.AppendUint64(array, 1)
	array = binary.LittleEndian.AppendUint64(array, 1)
	array = append(array, 'k', typeArray, 0, 0, 0, typeString, 0, 0, 0)
	array = binary.LittleEndian.AppendUint64(array, 1<<60)
	if _, err := Parse(array); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	kv, tensors := sample()
	f.Add(write(f, kv, tensors))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%v is not ErrFormat", err)
			}
			return
		}
		for _, x := range file.Tensors {
			if x.Data != nil && x.check() != nil {
				t.Errorf("tensor %q came out wrong: %v", x.Name, x.check())
			}
		}
	})
}
