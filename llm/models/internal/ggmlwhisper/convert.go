// Package ggmlwhisper writes Whisper weights from a CTranslate2 model as the
// single file that whisper.cpp loads.
//
// That file, little endian: the u32 0x67676d6c; eleven i32 sizes, the last the
// weights' type (1: f16); the mel filters (rows, columns, f32); the plain
// tokens (count, then length and bytes of each); then until the end tensors:
// i32 rank, i32 length of the name, i32 type, the dimensions innermost first,
// the name, the data. See whisper_model_load in whisper.cpp.
package ggmlwhisper

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"tenin/llm/models/internal/ct2"
)

const (
	magic    = 0x67676d6c
	typeF32  = 0
	typeF16  = 1
	headSize = 64 // of every Whisper model
)

// Convert writes the whisper.cpp file for a model.bin with f16 weights and its
// vocabulary.json. The same input gives the same bytes.
func Convert(w io.Writer, modelBin, vocabularyJSON []byte) error {
	m, err := ct2.Parse(modelBin)
	if err != nil {
		return err
	}
	if m.Spec != "WhisperSpec" {
		return fmt.Errorf("%w: it holds %q, not Whisper", ct2.ErrFormat, m.Spec)
	}
	tokens, err := readVocabulary(vocabularyJSON)
	if err != nil {
		return err
	}
	c := &converter{m: m, read: map[string]bool{}, w: bufio.NewWriterSize(w, 1<<16)}
	if err := c.sizes(); err != nil {
		return err
	}
	c.num(magic, c.vocab, c.audioContext, c.state, c.state/headSize, c.audioLayers,
		c.textContext, c.state, c.state/headSize, c.textLayers, melBands, typeF16)
	c.num(melBands, melBins)
	for _, f := range melFilters() {
		c.raw(binary.LittleEndian.AppendUint32(nil, math.Float32bits(f)))
	}
	c.num(len(tokens))
	for _, t := range tokens {
		c.num(len(t))
		c.raw(t)
	}
	c.encoder()
	c.decoder()
	c.unread()
	if c.err != nil {
		return c.err
	}
	return c.w.Flush()
}

type converter struct {
	m   *ct2.Model
	w   *bufio.Writer
	err error

	read                      map[string]bool // the variables that found a place
	vocab, state, feedForward int
	audioContext, audioLayers int
	textContext, textLayers   int
}

// sizes reads the model's sizes off the shapes of its tensors.
func (c *converter) sizes() error {
	shape := func(name string, rank int) []int {
		v, ok := c.m.Variables[name]
		if (!ok || len(v.Shape) != rank) && c.err == nil {
			c.err = fmt.Errorf("%w: variable %q is missing or of another rank", ct2.ErrFormat, name)
		}
		if c.err != nil {
			return make([]int, rank)
		}
		return v.Shape
	}
	words := shape("decoder/embeddings/weight", 2)
	c.vocab, c.state = words[0], words[1]
	c.audioContext = shape("encoder/position_encodings/encodings", 2)[0]
	c.textContext = shape("decoder/position_encodings/encodings", 2)[0]
	c.feedForward = shape("encoder/layer_0/ffn/linear_0/bias", 1)[0]
	c.audioLayers, c.textLayers = c.layers("encoder"), c.layers("decoder")
	if c.err == nil && (c.state == 0 || c.state%headSize != 0) {
		c.err = fmt.Errorf("%w: a state of %d does not divide into heads of %d", ct2.ErrFormat, c.state, headSize)
	}
	return c.err
}

func (c *converter) layers(side string) int {
	n := 0
	for {
		if _, ok := c.m.Variables[fmt.Sprintf("%s/layer_%d/self_attention/linear_0/weight", side, n)]; !ok {
			return n
		}
		n++
	}
}

func (c *converter) encoder() {
	d := c.state
	c.single("encoder/position_encodings/encodings", "encoder.positional_embedding", c.audioContext, d)
	c.half("encoder/conv1/weight", "encoder.conv1.weight", d, melBands, 3)
	c.column("encoder/conv1/bias", "encoder.conv1.bias", d)
	c.half("encoder/conv2/weight", "encoder.conv2.weight", d, d, 3)
	c.column("encoder/conv2/bias", "encoder.conv2.bias", d)
	c.norm("encoder/layer_norm", "encoder.ln_post")
	for i := range c.audioLayers {
		from, to := fmt.Sprintf("encoder/layer_%d/", i), fmt.Sprintf("encoder.blocks.%d.", i)
		c.selfAttention(from+"self_attention/", to)
		c.feed(from+"ffn/", to)
	}
}

func (c *converter) decoder() {
	c.single("decoder/position_encodings/encodings", "decoder.positional_embedding", c.textContext, c.state)
	c.half("decoder/embeddings/weight", "decoder.token_embedding.weight", c.vocab, c.state)
	c.norm("decoder/layer_norm", "decoder.ln")
	for i := range c.textLayers {
		from, to := fmt.Sprintf("decoder/layer_%d/", i), fmt.Sprintf("decoder.blocks.%d.", i)
		c.selfAttention(from+"self_attention/", to)
		c.crossAttention(from+"attention/", to)
		c.feed(from+"ffn/", to)
	}
}

// selfAttention splits linear_0, where query, key and value are stacked.
func (c *converter) selfAttention(from, to string) {
	d := c.state
	c.norm(from+"layer_norm", to+"attn_ln")
	c.stacked(from+"linear_0", to+"attn.", "query", "key", "value")
	c.half(from+"linear_1/weight", to+"attn.out.weight", d, d)
	c.single(from+"linear_1/bias", to+"attn.out.bias", d)
}

// crossAttention: linear_0 is the query, linear_1 key and value stacked,
// linear_2 the output.
func (c *converter) crossAttention(from, to string) {
	d := c.state
	c.norm(from+"layer_norm", to+"cross_attn_ln")
	c.stacked(from+"linear_0", to+"cross_attn.", "query")
	c.stacked(from+"linear_1", to+"cross_attn.", "key", "value")
	c.half(from+"linear_2/weight", to+"cross_attn.out.weight", d, d)
	c.single(from+"linear_2/bias", to+"cross_attn.out.bias", d)
}

func (c *converter) feed(from, to string) {
	d, ff := c.state, c.feedForward
	c.norm(from+"layer_norm", to+"mlp_ln")
	c.half(from+"linear_0/weight", to+"mlp.0.weight", ff, d)
	c.single(from+"linear_0/bias", to+"mlp.0.bias", ff)
	c.half(from+"linear_1/weight", to+"mlp.2.weight", d, ff)
	c.single(from+"linear_1/bias", to+"mlp.2.bias", d)
}

func (c *converter) norm(from, to string) {
	c.single(from+"/gamma", to+".weight", c.state)
	c.single(from+"/beta", to+".bias", c.state)
}

// stacked writes the parts of one linear layer as layers of their own. A
// Whisper key has no bias: CTranslate2 holds zeros there, whisper.cpp nothing.
func (c *converter) stacked(from, to string, parts ...string) {
	d := c.state
	weight := c.data(from+"/weight", d*len(parts), d)
	bias := c.data(from+"/bias", d*len(parts))
	for i, part := range parts {
		if c.err != nil {
			return
		}
		c.tensor(to+part+".weight", typeF16, weight[2*d*d*i:2*d*d*(i+1)], d, d)
		b := bias[2*d*i : 2*d*(i+1)]
		if part != "key" {
			c.tensor(to+part+".bias", typeF32, widen(b), d)
			continue
		}
		for j := 0; j < len(b); j += 2 {
			if binary.LittleEndian.Uint16(b[j:])&0x7fff != 0 {
				c.err = fmt.Errorf("%w: %s gives the key a bias, which whisper.cpp has no place for", ct2.ErrFormat, from)
				return
			}
		}
	}
}

// half copies an f16 tensor as it is.
func (c *converter) half(from, to string, shape ...int) {
	if data := c.data(from, shape...); c.err == nil {
		c.tensor(to, typeF16, data, shape...)
	}
}

// single writes an f16 tensor as f32, which whisper.cpp wants of biases,
// norms and positions.
func (c *converter) single(from, to string, shape ...int) {
	if data := c.data(from, shape...); c.err == nil {
		c.tensor(to, typeF32, widen(data), shape...)
	}
}

// column writes a vector as a matrix of one column, so that it is added to
// every frame.
func (c *converter) column(from, to string, n int) {
	if data := c.data(from, n); c.err == nil {
		c.tensor(to, typeF32, widen(data), n, 1)
	}
}

func (c *converter) data(name string, shape ...int) []byte {
	if c.err != nil {
		return nil
	}
	c.read[name] = true
	var v ct2.Variable
	v, c.err = c.m.Tensor(name, ct2.Float16, shape...)
	return v.Data
}

// unread refuses a model with weights that found no place, as one would be
// whose layers are not numbered from 0 without a gap.
func (c *converter) unread() {
	for name, v := range c.m.Variables {
		if c.err == nil && v.Type == ct2.Float16 && !c.read[name] {
			c.err = fmt.Errorf("%w: whisper.cpp has no place for variable %q", ct2.ErrFormat, name)
		}
	}
}

// tensor writes one tensor; shape is outermost first.
func (c *converter) tensor(name string, kind int, data []byte, shape ...int) {
	c.num(len(shape), len(name), kind)
	for i := range shape {
		c.num(shape[len(shape)-1-i])
	}
	c.raw([]byte(name))
	c.raw(data)
}

func (c *converter) num(values ...int) {
	for _, v := range values {
		c.raw(binary.LittleEndian.AppendUint32(nil, uint32(v)))
	}
}

func (c *converter) raw(b []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
	}
}

// widen turns little-endian f16 into f32 (IEEE 754), exactly.
func widen(half []byte) []byte {
	out := make([]byte, 0, 2*len(half))
	for i := 0; i+1 < len(half); i += 2 {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(fromHalf(binary.LittleEndian.Uint16(half[i:]))))
	}
	return out
}

func fromHalf(h uint16) float32 {
	sign, exp, frac := uint32(h&0x8000)<<16, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac × 2^-24
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
