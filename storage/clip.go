package storage

import (
	"encoding/binary"
	"fmt"
	"time"
)

const (
	// SampleRate is the rate of all sound in a vault, in Hz.
	SampleRate = 16000
	// chunkSamples is the sound in one record: a second, so that no more than
	// that is lost when the power fails.
	chunkSamples = SampleRate

	chunkHeader = 4 + 4 + 1 + 4 // u32 clip, u32 index, u8 last, u32 samples
	chunkSize   = chunkHeader + 2*chunkSamples
)

// Clip is a stretch of sound that is being kept: mono PCM16 at SampleRate. It is
// sealed second by second while it goes on.
type Clip struct {
	session *Session
	number  int
	// What follows is guarded by the vault's mu.
	index   uint32
	pending []int16
	failed  error
}

// NewClip starts the session's next clip. A session has one open clip at a time,
// and a text session has none.
func (s *Session) NewClip() (*Clip, error) {
	s.vault.mu.Lock()
	defer s.vault.mu.Unlock()
	switch {
	case s.done != nil:
		return nil, s.done
	case s.head.Source == Text:
		return nil, fmt.Errorf("session %s: it was typed and holds no sound", s.id)
	case s.clip != nil:
		return nil, fmt.Errorf("session %s: clip %d is still open", s.id, s.clip.number)
	}
	s.clip = &Clip{session: s, number: s.head.Clips + 1, pending: make([]int16, 0, chunkSamples)}
	return s.clip, nil
}

// Number returns the clip's number in the session, from 1, for Turn.Clip.
func (c *Clip) Number() int { return c.number }

// Write adds mono PCM16 samples at SampleRate. Each full second is stored before
// Write returns; the rest waits for more, or for Close. After an error, which
// may wrap ErrNoSpace, the clip ends where it was stored last.
func (c *Clip) Write(samples []int16) error {
	c.session.vault.mu.Lock()
	defer c.session.vault.mu.Unlock()
	if c.failed != nil {
		return c.failed
	}
	for len(samples) > 0 {
		n := min(chunkSamples-len(c.pending), len(samples))
		c.pending = append(c.pending, samples[:n]...)
		samples = samples[n:]
		if len(c.pending) == chunkSamples {
			if err := c.flush(false); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close stores what is left and ends the clip.
func (c *Clip) Close() error {
	c.session.vault.mu.Lock()
	defer c.session.vault.mu.Unlock()
	return c.close()
}

func (c *Clip) close() error {
	err := c.failed
	if err == nil {
		err = c.flush(true)
	}
	c.end(ErrClosed)
	return err
}

// end lets the session have another clip and forgets the samples in memory.
func (c *Clip) end(why error) {
	if c.failed == nil {
		c.failed = why
	}
	clear(c.pending[:cap(c.pending)])
	c.pending = c.pending[:0]
	if c.session.clip == c {
		c.session.clip = nil
	}
}

func (c *Clip) flush(last bool) error {
	s := c.session
	err := s.writable()
	if err == nil {
		payload := encodeChunk(chunk{uint32(c.number), c.index, last, c.pending})
		after := s.head
		after.Clips = c.number
		after.Samples += int64(len(c.pending))
		err = s.put(kindSound, payload, after, false)
		clear(payload)
	}
	if err != nil {
		c.end(err)
		return err
	}
	c.index++
	clear(c.pending)
	c.pending = c.pending[:0]
	return nil
}

// chunk is the content of one record of sound.
type chunk struct {
	clip, index uint32
	last        bool
	samples     []int16
}

// encodeChunk always returns chunkSize bytes: a short end looks like a second.
func encodeChunk(c chunk) []byte {
	b := make([]byte, chunkHeader, chunkSize)
	binary.LittleEndian.PutUint32(b, c.clip)
	binary.LittleEndian.PutUint32(b[4:], c.index)
	if c.last {
		b[8] = 1
	}
	binary.LittleEndian.PutUint32(b[9:], uint32(len(c.samples)))
	for _, s := range c.samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b[:chunkSize]
}

// decodeChunk accepts only what encodeChunk returns.
func decodeChunk(b []byte) (c chunk, err error) {
	if len(b) != chunkSize || b[8] > 1 {
		return c, damaged("a record of sound has an impossible form")
	}
	c.clip, c.index, c.last = binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:]), b[8] == 1
	n := binary.LittleEndian.Uint32(b[9:])
	if n > chunkSamples || !c.last && n != chunkSamples {
		return c, damaged("a record of sound has an impossible form")
	}
	pcm := b[chunkHeader : chunkHeader+2*n]
	for _, z := range b[chunkHeader+2*n:] {
		if z != 0 {
			return c, damaged("a record of sound has an impossible form")
		}
	}
	c.samples = make([]int16, n)
	for i := range c.samples {
		c.samples[i] = int16(binary.LittleEndian.Uint16(pcm[2*i:]))
	}
	return c, nil
}

func soundDuration(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / SampleRate
}
