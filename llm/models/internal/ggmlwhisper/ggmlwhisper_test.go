package ggmlwhisper

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"unicode/utf8"

	"tenin/llm/models/internal/ct2"
)

// A Whisper of one layer a side, one head and a vocabulary of 8 rows.
const (
	tinyState, tinyFeed, tinyAudio, tinyText, tinyVocab = headSize, 8, 6, 4, 8
)

// tinyModel returns the variables' shapes by name.
func tinyModel() map[string][]int {
	d, ff := tinyState, tinyFeed
	shapes := map[string][]int{
		"encoder/position_encodings/encodings": {tinyAudio, d},
		"decoder/position_encodings/encodings": {tinyText, d},
		"decoder/embeddings/weight":            {tinyVocab, d},
		"encoder/conv1/weight":                 {d, melBands, 3}, "encoder/conv1/bias": {d},
		"encoder/conv2/weight": {d, d, 3}, "encoder/conv2/bias": {d},
	}
	norm := func(name string) { shapes[name+"/gamma"], shapes[name+"/beta"] = []int{d}, []int{d} }
	linear := func(name string, out, in int) {
		shapes[name+"/weight"], shapes[name+"/bias"] = []int{out, in}, []int{out}
	}
	norm("encoder/layer_norm")
	norm("decoder/layer_norm")
	for _, side := range []string{"encoder/layer_0/", "decoder/layer_0/"} {
		norm(side + "self_attention/layer_norm")
		linear(side+"self_attention/linear_0", 3*d, d)
		linear(side+"self_attention/linear_1", d, d)
		norm(side + "ffn/layer_norm")
		linear(side+"ffn/linear_0", ff, d)
		linear(side+"ffn/linear_1", d, ff)
	}
	norm("decoder/layer_0/attention/layer_norm")
	linear("decoder/layer_0/attention/linear_0", d, d)
	linear("decoder/layer_0/attention/linear_1", 2*d, d)
	linear("decoder/layer_0/attention/linear_2", d, d)
	return shapes
}

// encode writes a model.bin of f16 zeros and ones: a one wherever value says so.
func encode(shapes map[string][]int, value func(name string, i int) uint16) []byte {
	var b bytes.Buffer
	num := func(v any) { binary.Write(&b, binary.LittleEndian, v) }
	str := func(s string) { num(uint16(len(s) + 1)); b.WriteString(s + "\x00") }
	num(uint32(6))
	str("WhisperSpec")
	num(uint32(3))
	num(uint32(len(shapes)))
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		str(name)
		num(uint8(len(shapes[name])))
		n := 1
		for _, d := range shapes[name] {
			num(uint32(d))
			n *= d
		}
		num(uint8(ct2.Float16))
		num(uint32(2 * n))
		for i := range n {
			num(value(name, i))
		}
	}
	num(uint32(0))
	return b.Bytes()
}

const halfOne = 0x3c00

// rowNumbers gives a row of the query, key and value weights its third (1, 2,
// 3 as f16 bits' low byte), and every bias but a key's a one.
func rowNumbers(name string, i int) uint16 {
	switch name {
	case "encoder/layer_0/self_attention/linear_0/weight":
		return uint16(i/(tinyState*tinyState)) + 1
	case "encoder/layer_0/self_attention/linear_0/bias", "decoder/layer_0/self_attention/linear_0/bias":
		if i/tinyState == 1 {
			return 0
		}
		return halfOne
	case "decoder/layer_0/attention/linear_1/bias":
		if i/tinyState == 0 {
			return 0
		}
		return halfOne
	}
	return halfOne
}

func vocabulary() []byte {
	list := make([]string, plainTokens+1)
	for i := range list {
		list[i] = "a"
	}
	list[0], list[1], list[plainTokens] = "Ġthe", "åħį", "<|endoftext|>"
	b, _ := json.Marshal(list)
	return b
}

type tensor struct {
	kind  int
	shape []int // innermost first
	data  []byte
}

// decode reads what whisper.cpp would.
func decode(t *testing.T, b []byte) (head []int, mel []float32, tokens [][]byte, tensors map[string]tensor) {
	t.Helper()
	u32 := func() int { v := binary.LittleEndian.Uint32(b); b = b[4:]; return int(v) }
	take := func(n int) []byte { x := b[:n]; b = b[n:]; return x }
	for range 12 {
		head = append(head, u32())
	}
	for n := u32() * u32(); n > 0; n-- {
		mel = append(mel, math.Float32frombits(uint32(u32())))
	}
	for n := u32(); n > 0; n-- {
		tokens = append(tokens, take(u32()))
	}
	tensors = map[string]tensor{}
	for len(b) > 0 {
		rank, nameLen, kind := u32(), u32(), u32()
		x := tensor{kind: kind}
		size := map[int]int{typeF32: 4, typeF16: 2}[kind]
		for range rank {
			x.shape = append(x.shape, u32())
			size *= x.shape[len(x.shape)-1]
		}
		name := string(take(nameLen))
		x.data = take(size)
		tensors[name] = x
	}
	return head, mel, tokens, tensors
}

func TestTheFileHasEverySizeTokenAndTensorThatWhisperReads(t *testing.T) {
	var out bytes.Buffer
	if err := Convert(&out, encode(tinyModel(), rowNumbers), vocabulary()); err != nil {
		t.Fatal(err)
	}
	head, mel, tokens, tensors := decode(t, out.Bytes())
	if want := []int{magic, tinyVocab, tinyAudio, tinyState, 1, 1, tinyText, tinyState, 1, 1, melBands, 1}; !slices.Equal(head, want) {
		t.Errorf("sizes %v, want %v", head, want)
	}
	if len(mel) != melBands*melBins || len(tokens) != plainTokens || string(tokens[0]) != " the" || string(tokens[1]) != "免" {
		t.Errorf("%d mel weights, %d tokens, %q %q", len(mel), len(tokens), tokens[0], tokens[1])
	}
	// 5 + 2 of the encoder, 15 a layer; 4 of the decoder, 15 + 9 a layer.
	if want := 7 + 15 + 4 + 24; len(tensors) != want {
		t.Errorf("%d tensors, want %d", len(tensors), want)
	}
	for i, part := range []string{"query", "key", "value"} {
		x := tensors["encoder.blocks.0.attn."+part+".weight"]
		if x.kind != typeF16 || len(x.data) == 0 || x.data[0] != byte(i+1) || x.data[len(x.data)-2] != byte(i+1) {
			t.Errorf("%s is not its third of the stacked weights", part)
		}
	}
	if _, there := tensors["encoder.blocks.0.attn.key.bias"]; there {
		t.Error("the key has a bias")
	}
	one := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1))
	if x := tensors["encoder.conv1.bias"]; !slices.Equal(x.shape, []int{1, tinyState}) || x.kind != typeF32 || !bytes.Equal(x.data[:4], one) {
		t.Errorf("conv1's bias is %v", x)
	}
	if x := tensors["encoder.conv1.weight"]; !slices.Equal(x.shape, []int{3, melBands, tinyState}) {
		t.Errorf("conv1's weight has shape %v", x.shape)
	}
}

func TestAKeyWithABiasIsRefused(t *testing.T) {
	all := func(string, int) uint16 { return halfOne }
	if err := Convert(&bytes.Buffer{}, encode(tinyModel(), all), vocabulary()); !errors.Is(err, ct2.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

func TestAModelWithoutAnyOneVariableIsRefused(t *testing.T) {
	for name := range tinyModel() {
		shapes := tinyModel()
		delete(shapes, name)
		if err := Convert(&bytes.Buffer{}, encode(shapes, rowNumbers), vocabulary()); err == nil {
			t.Errorf("converted without %s", name)
		}
	}
}

func TestAVocabularyOfAnotherModelIsRefused(t *testing.T) {
	long := make([]string, plainTokens+1)
	long[plainTokens] = "<|endoftext|>"
	long[7] = "漢" // no byte stands for it
	bad, _ := json.Marshal(long)
	for _, v := range []string{``, `{}`, `["a"]`, string(bad)} {
		if _, err := readVocabulary([]byte(v)); err == nil {
			t.Errorf("%.20q was taken", v)
		}
	}
}

func TestEveryByteHasOneCharacter(t *testing.T) {
	if len(byteOf) != 256 {
		t.Errorf("%d characters", len(byteOf))
	}
	seen := map[byte]bool{}
	for _, b := range byteOf {
		seen[b] = true
	}
	if len(seen) != 256 || byteOf['Ġ'] != ' ' || byteOf['Ċ'] != '\n' || byteOf['a'] != 'a' {
		t.Errorf("%d bytes; Ġ is %#x", len(seen), byteOf['Ġ'])
	}
}

// The first weights of librosa.filters.mel(sr=16000, n_fft=400, n_mels=80).
func TestTheMelFiltersAreThoseThatWhisperWasTrainedWith(t *testing.T) {
	mel := melFilters()
	for at, want := range map[int]float32{1: 0.02486259, melBins + 1: 0.00199082, melBins + 2: 0.02287177} {
		if got := mel[at]; math.Abs(float64(got-want)) > 1e-7 {
			t.Errorf("weight %d is %.8f, want %.8f", at, got, want)
		}
	}
	for band := range melBands {
		rising, peak := true, float32(0)
		for _, w := range mel[band*melBins : (band+1)*melBins] {
			switch {
			case w < 0:
				t.Fatalf("band %d has a negative weight", band)
			case w > peak && !rising:
				t.Fatalf("band %d is no triangle", band)
			case w < peak:
				rising = false
			}
			peak = max(peak, w)
		}
		if peak == 0 {
			t.Errorf("band %d is empty", band)
		}
	}
}

func TestHalvesWidenExactly(t *testing.T) {
	for half, want := range map[uint16]float32{
		0: 0, halfOne: 1, 0xbc00: -1, 0x3555: 0.333251953125, 0x7bff: 65504,
		0x0001: 1.0 / (1 << 24), 0x83ff: -1023.0 / (1 << 24), 0x0400: 1.0 / (1 << 14),
		0x7c00: float32(math.Inf(1)), 0xfc00: float32(math.Inf(-1)),
	} {
		if got := fromHalf(half); got != want {
			t.Errorf("%#04x is %v, want %v", half, got, want)
		}
	}
	if got := fromHalf(0x7e00); got == got {
		t.Errorf("NaN became %v", got)
	}
	if fromHalf(0x8000) != 0 || !math.Signbit(float64(fromHalf(0x8000))) {
		t.Error("minus zero lost its sign")
	}
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte(`["a"]`))
	f.Add([]byte(`[1,{}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := readVocabulary(data); err != nil && !utf8.ValidString(fmt.Sprint(err)) {
			t.Errorf("the message is no text: %q", err)
		}
	})
}
