package worker

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"tenin/asr"
	"tenin/cmd/internal/worker/pb"
)

// lexicon is an asr.Lexicon ready to be sent: messages of bounded size, and the hash by which a worker knows it.
type lexicon struct {
	hash     [sha256.Size]byte
	messages []*pb.LearnRequest
}

// learnBatch is the most bytes of words in one message.
const learnBatch = 256 << 10

func packLexicon(x *asr.Lexicon) *lexicon {
	prompt, words := x.Parts()
	l := &lexicon{hash: hashLexicon(prompt, words)}
	now := &pb.LearnRequest{Hash: l.hash[:], Prompt: []byte(prompt)}
	size := 0
	for _, w := range words {
		m := &pb.SoundedWord{Text: []byte(w.Text), Kana: []byte(w.Kana)}
		if n := proto.Size(m); size+n > learnBatch {
			l.messages, now, size = append(l.messages, now), &pb.LearnRequest{}, 0
		}
		size += len(w.Text) + len(w.Kana) + 16
		now.Words = append(now.Words, m)
	}
	l.messages = append(l.messages, now)
	return l
}

func hashLexicon(prompt string, words []asr.Sounded) (sum [sha256.Size]byte) {
	h := sha256.New()
	field(h, prompt)
	for _, w := range words {
		field(h, w.Text)
		field(h, w.Kana)
	}
	h.Sum(sum[:0])
	return sum
}

// field writes a length before the text, so that fields cannot run into each other.
func field(h hash.Hash, text string) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(text)))
	h.Write(n[:])
	h.Write([]byte(text))
}

// lexicons packs each lexicon once; a kiosk has one at a time.
type lexicons struct {
	mu     sync.Mutex
	of     *asr.Lexicon
	packed *lexicon
}

func (c *lexicons) get(x *asr.Lexicon) *lexicon {
	if x == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != x {
		c.of, c.packed = x, packLexicon(x)
	}
	return c.packed
}

// teach sends l to p unless p has it.
func (p *process) teach(ctx context.Context, rpc pb.EarsClient, l *lexicon) error {
	p.learning.Lock()
	defer p.learning.Unlock()
	if p.learned == l.hash {
		return nil
	}
	stream, err := rpc.Learn(ctx)
	if err != nil {
		return err
	}
	for _, m := range l.messages {
		if stream.Send(m) != nil {
			break // the reason comes with the answer
		}
	}
	reply, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if err := asrFaults.err(ASR, reply.GetFault()); err != nil {
		return err
	}
	p.learned = l.hash
	return nil
}

// learnt is the worker's side: the lexicon of what was sent, if it is what the hash says.
type learnt struct {
	hash   []byte
	prompt string
	words  []asr.Sounded
}

func (l *learnt) add(m *pb.LearnRequest) {
	if l.hash == nil {
		l.hash, l.prompt = m.GetHash(), string(m.GetPrompt())
	}
	for _, w := range m.GetWords() {
		l.words = append(l.words, asr.Sounded{Text: string(w.GetText()), Kana: string(w.GetKana())})
	}
}

func (l *learnt) lexicon(sound func(string) string) (*asr.Lexicon, [sha256.Size]byte, bool) {
	sum := hashLexicon(l.prompt, l.words)
	if string(sum[:]) != string(l.hash) || !utf8.ValidString(l.prompt) {
		return nil, sum, false
	}
	return asr.LexiconOf(l.prompt, l.words, sound), sum, true
}
