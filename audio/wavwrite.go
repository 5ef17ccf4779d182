package audio

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
)

// WriteWAV writes the clip as 16-bit PCM. Samples beyond full scale are clipped. Labels become cue points.
// It returns an error when the rate is outside of MinRate to MaxRate, a label outside of the clip, or the file beyond 4 GB.
func WriteWAV(w io.Writer, c Clip, labels ...Label) error {
	if c.Rate < MinRate || c.Rate > MaxRate {
		return fmt.Errorf("write WAV: %d samples a second: %d to %d can be written", c.Rate, MinRate, MaxRate)
	}
	tail, err := labelChunks(labels, len(c.Samples))
	if err != nil {
		return err
	}
	data := int64(len(c.Samples)) * 2
	riff := 4 + 8 + 16 + 8 + data + int64(len(tail))
	if riff > math.MaxUint32 {
		return errors.New("write WAV: more than 4 GB")
	}
	le := binary.LittleEndian
	var h []byte
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, uint32(riff))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, tagPCM)
	h = le.AppendUint16(h, 1)
	h = le.AppendUint32(h, uint32(c.Rate))
	h = le.AppendUint32(h, uint32(c.Rate)*2)
	h = le.AppendUint16(h, 2)
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	h = le.AppendUint32(h, uint32(data))

	b := bufio.NewWriterSize(w, 64<<10)
	b.Write(h)
	var two [2]byte
	for _, s := range c.Samples {
		le.PutUint16(two[:], uint16(pcm16(s)))
		b.Write(two[:])
	}
	b.Write(tail)
	return b.Flush() // the first error of all writes
}

func pcm16(s float32) int16 {
	v := math.Round(float64(s) * 32768)
	switch {
	case v >= 32767:
		return 32767
	case v <= -32768:
		return -32768
	case v != v:
		return 0
	}
	return int16(v)
}

// labelChunks go behind the sound, because simple readers expect it at byte 44.
func labelChunks(labels []Label, samples int) ([]byte, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	le := binary.LittleEndian
	cues := le.AppendUint32(nil, uint32(len(labels)))
	list := []byte("adtl")
	for i, l := range labels {
		if l.Sample < 0 || l.Sample > samples {
			return nil, fmt.Errorf("write WAV: label %q at sample %d of %d", l.Name, l.Sample, samples)
		}
		id := uint32(i + 1)
		cues = le.AppendUint32(cues, id)
		cues = le.AppendUint32(cues, uint32(l.Sample)) // position in play order
		cues = append(cues, "data"...)
		cues = le.AppendUint32(cues, 0)
		cues = le.AppendUint32(cues, 0)
		cues = le.AppendUint32(cues, uint32(l.Sample))
		body := append(le.AppendUint32(nil, id), l.Name...)
		list = appendChunk(list, "labl", append(body, 0))
	}
	return appendChunk(appendChunk(nil, "cue ", cues), "LIST", list), nil
}

func appendChunk(to []byte, id string, body []byte) []byte {
	to = append(to, id...)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(body)))
	to = append(to, body...)
	if len(body)%2 == 1 {
		to = append(to, 0)
	}
	return to
}

// WriteFile writes the clip as WriteWAV does. The file at path is the old one or the whole new one, never a part,
// unless path is a device or a pipe, which is written to as it is.
func WriteFile(path string, c Clip, labels ...Label) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(WriteWAV(f, c, labels...), f.Close())
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:8])
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = WriteWAV(f, c, labels...)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
