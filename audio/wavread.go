package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"
)

// WAV is read as in the Multimedia Programming Interface and Data Specifications 1.0 (IBM and Microsoft, 1991), with
// WAVE_FORMAT_EXTENSIBLE of mmreg.h, and RF64 (EBU Tech 3306) for files beyond 4 GB.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xFFFE
	// unknownSize and above is what recorders write that cannot go back to their header (0x7FFFF000: sox, 0xFFFFFFFF: others).
	unknownSize = 0x7FFFF000
	// maxChunk of the small chunks that are kept to be parsed; larger ones are skipped.
	maxChunk = 1 << 20
)

// ReadFile reads the WAV file at path. Errors begin with the path and wrap the sentinels of ReadWAV.
func ReadFile(path string, limits Limits) (Clip, Info, error) {
	f, err := os.Open(path)
	if err != nil {
		var pathErr *os.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return Clip{}, Info{}, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	size := int64(-1)
	if st, err := f.Stat(); err == nil {
		if st.IsDir() {
			return Clip{}, Info{}, fmt.Errorf("%s: %w", path, refuse(ErrNotAudio, "this is a folder, not a WAV file"))
		}
		if st.Mode().IsRegular() {
			size = st.Size()
		}
	}
	c, info, err := readWAV(f, size, limits)
	if err != nil {
		return Clip{}, Info{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, info, nil
}

// ReadWAV reads a WAV file: PCM of 8, 16, 24 or 32 bits or float of 32 or 64, up to MaxChannels mixed to one, from
// MinRate to MaxRate. Files that were cut, or whose recorder never finished the header, give what is there and a note.
// Errors wrap ErrNotAudio, ErrNoSamples, ErrTooLong or ErrUnsupported, or are those of r.
// Memory is asked for as the samples come, never beyond limits.
func ReadWAV(r io.Reader, limits Limits) (Clip, Info, error) { return readWAV(r, -1, limits) }

// readWAV knows the size of the whole file unless it is negative.
func readWAV(r io.Reader, size int64, limits Limits) (Clip, Info, error) {
	p := &wavParser{r: bufio.NewReaderSize(r, 64<<10), size: size, limits: limits, names: map[uint32]string{}}
	if err := p.parse(); err != nil {
		return Clip{}, Info{}, err
	}
	p.label()
	return p.clip, p.info, nil
}

type wavParser struct {
	r      *bufio.Reader
	at     int64 // bytes read so far
	size   int64
	limits Limits

	float    bool
	block    int // bytes of one sample of every channel
	dataSize int64
	haveFmt  bool
	haveData bool

	cues  []cue
	names map[uint32]string

	clip Clip
	info Info
}

type cue struct{ id, sample uint32 }

func (p *wavParser) parse() error {
	head, err := p.r.Peek(12)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := checkMagic(head); err != nil {
		return err
	}
	p.skip(12)
	for {
		var header [8]byte
		n, err := p.full(header[:])
		if err != nil {
			return err
		}
		if n < len(header) {
			break
		}
		id, size := string(header[:4]), int64(binary.LittleEndian.Uint32(header[4:]))
		if err := p.chunk(id, size); err != nil {
			return err
		}
	}
	switch {
	case !p.haveFmt:
		return refuse(ErrNotAudio, "the WAV file ends before its format is told")
	case !p.haveData || len(p.clip.Samples) == 0:
		return refuse(ErrNoSamples, "the WAV file has a header and no sound")
	}
	return nil
}

func (p *wavParser) chunk(id string, size int64) error {
	switch {
	case id == "fmt " && !p.haveFmt:
		body, err := p.body(size)
		if err != nil {
			return err
		}
		return p.format(body)
	case id == "data" && !p.haveData:
		if !p.haveFmt {
			return refuse(ErrNotAudio, "the WAV file has sound before its format is told")
		}
		p.haveData = true
		return p.data(size)
	case id == "ds64":
		body, err := p.body(size)
		if err == nil && len(body) >= 16 {
			p.dataSize = int64(binary.LittleEndian.Uint64(body[8:]) & math.MaxInt64)
		}
		return err
	case id == "cue ":
		body, err := p.body(size)
		p.cueChunk(body)
		return err
	case id == "LIST":
		body, err := p.body(size)
		p.listChunk(body)
		return err
	}
	return p.discard(size)
}

func (p *wavParser) format(b []byte) error {
	if len(b) < 16 {
		return refuse(ErrNotAudio, "the WAV file's format is cut")
	}
	if p.info.Rate != 0 {
		return nil
	}
	le := binary.LittleEndian
	tag, channels, rate, block, bits := le.Uint16(b), int(le.Uint16(b[2:])), int64(le.Uint32(b[4:])), int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	if tag == tagExtensible && len(b) >= 26 {
		tag = le.Uint16(b[24:]) // the first two bytes of the subformat's GUID
	}
	if rate < MinRate || rate > MaxRate {
		return refuse(ErrUnsupported, "the WAV file has %d samples a second: %d to %d are read", rate, MinRate, MaxRate)
	}
	if channels < 1 || channels > MaxChannels {
		return refuse(ErrUnsupported, "the WAV file has %d channels: 1 to %d are read", channels, MaxChannels)
	}
	switch {
	case tag == tagPCM && slices.Contains([]int{8, 16, 24, 32}, bits):
	case tag == tagFloat && (bits == 32 || bits == 64):
		p.float = true
	default:
		return refuse(ErrUnsupported, "the WAV file holds %s of %d bits: PCM of 8, 16, 24 or 32 and float of 32 or 64 are read; convert it, e.g. %s", codingName(tag), bits, converter)
	}
	if block != channels*bits/8 {
		return refuse(ErrUnsupported, "the WAV file's header contradicts itself: %d channels of %d bits in %d bytes", channels, bits, block)
	}
	p.haveFmt, p.block = true, block
	p.clip.Rate = int(rate)
	p.info.Rate, p.info.Channels, p.info.Bits = int(rate), channels, bits
	if bits == 8 {
		p.note("8-bit sound is coarse: expect more mistakes in recognition")
	}
	if channels > 1 {
		p.note("%d channels mixed to one", channels)
	}
	return nil
}

// data reads the samples. declared is what the chunk's header says, which recorders often could not know.
func (p *wavParser) data(declared int64) error {
	if declared == math.MaxUint32 && p.dataSize > 0 {
		declared = p.dataSize
	}
	known := declared < unknownSize || p.dataSize > 0
	if declared == 0 {
		if p.chunkFollows() {
			return nil
		}
		known = false
	}
	available := declared
	if !known {
		available = math.MaxInt64
	}
	if p.size >= 0 {
		available = min(available, max(p.size-p.at, 0))
	}
	limit := p.limits.samples(p.clip.Rate)
	if (known || p.size >= 0) && available/int64(p.block) > limit {
		return p.tooLong(available, limit)
	}
	read, err := p.samples(available, limit)
	if err != nil {
		return err
	}
	if known && read < declared {
		p.note("cut file: %s of %s read", seconds(read, p.block, p.clip.Rate), seconds(declared, p.block, p.clip.Rate))
	}
	if !known {
		p.note("the recorder did not finish the file's header: %s read", seconds(read, p.block, p.clip.Rate))
	}
	if known && declared%2 == 1 && read == declared {
		p.skip(1)
	}
	return nil
}

func (p *wavParser) tooLong(bytes, limit int64) error {
	return refuse(ErrTooLong, "the sound lasts %s: at most %s are read at this rate; cut it first",
		length(bytes/int64(p.block), p.clip.Rate), length(limit, p.clip.Rate))
}

func (p *wavParser) samples(bytes, limit int64) (read int64, err error) {
	// A header may promise anything: room for more than a few seconds is made only when they come.
	p.clip.Samples = make([]float32, 0, min(bytes/int64(p.block), limit, 1<<18))
	buf := make([]byte, 4096*p.block)
	bad := 0
	for read < bytes {
		n, err := p.full(buf[:min(int64(len(buf)), bytes-read)])
		if err != nil {
			return read, err
		}
		read += int64(n)
		whole := n / p.block
		if int64(len(p.clip.Samples)+whole) > limit {
			return read, refuse(ErrTooLong, "the sound lasts more than %s: cut it first", length(limit, p.clip.Rate))
		}
		for i := range whole {
			s := p.mix(buf[i*p.block : (i+1)*p.block])
			if !(s >= -1 && s <= 1) { // also catches NaN
				bad++
				s = legal(s)
			}
			p.clip.Samples = append(p.clip.Samples, float32(s))
		}
		if n == 0 || n%p.block != 0 {
			break
		}
	}
	if bad > 0 {
		p.note("%d samples beyond full scale were clipped", bad)
	}
	return read, nil
}

func legal(s float64) float64 {
	if math.IsNaN(s) {
		return 0
	}
	return math.Max(-1, math.Min(1, s))
}

// mix gives the mean of one sample of every channel.
func (p *wavParser) mix(b []byte) float64 {
	le := binary.LittleEndian
	width := p.info.Bits / 8
	sum := 0.0
	for i := 0; i < len(b); i += width {
		switch {
		case p.float && width == 4:
			sum += float64(math.Float32frombits(le.Uint32(b[i:])))
		case p.float:
			sum += math.Float64frombits(le.Uint64(b[i:]))
		case width == 1:
			sum += (float64(b[i]) - 128) / (1 << 7) // 8-bit WAV is unsigned
		case width == 2:
			sum += float64(int16(le.Uint16(b[i:]))) / (1 << 15)
		case width == 3:
			sum += float64(int32(uint32(b[i])<<8|uint32(b[i+1])<<16|uint32(b[i+2])<<24)) / (1 << 31)
		default:
			sum += float64(int32(le.Uint32(b[i:]))) / (1 << 31)
		}
	}
	return sum / float64(p.info.Channels)
}

// chunkFollows tells an empty data chunk from one whose recorder never came back to fill in the size.
func (p *wavParser) chunkFollows() bool {
	next, _ := p.r.Peek(8)
	if len(next) < 8 {
		return true
	}
	known := []string{"LIST", "cue ", "fact", "JUNK", "PAD ", "bext", "id3 ", "ID3 ", "smpl", "PEAK", "iXML", "_PMX"}
	return slices.Contains(known, string(next[:4]))
}

func (p *wavParser) cueChunk(b []byte) {
	if len(b) < 4 {
		return
	}
	le := binary.LittleEndian
	n := le.Uint32(b)
	for b = b[4:]; n > 0 && len(b) >= 24; n, b = n-1, b[24:] {
		p.cues = append(p.cues, cue{le.Uint32(b), le.Uint32(b[20:])})
	}
}

func (p *wavParser) listChunk(b []byte) {
	if len(b) < 4 || string(b[:4]) != "adtl" {
		return
	}
	le := binary.LittleEndian
	for b = b[4:]; len(b) >= 8; {
		size := min(int(le.Uint32(b[4:])), len(b)-8)
		if string(b[:4]) == "labl" && size >= 4 {
			text, _, _ := bytes.Cut(b[12:8+size], []byte{0})
			p.names[le.Uint32(b[8:])] = strings.ToValidUTF8(string(text), "\uFFFD")
		}
		b = b[min(8+size+size%2, len(b)):]
	}
}

// label joins cue points and names; those outside of the sound are dropped.
func (p *wavParser) label() {
	for _, c := range p.cues {
		if int64(c.sample) <= int64(len(p.clip.Samples)) {
			p.info.Labels = append(p.info.Labels, Label{p.names[c.id], int(c.sample)})
		}
	}
	slices.SortStableFunc(p.info.Labels, func(a, b Label) int { return a.Sample - b.Sample })
}

func (p *wavParser) note(format string, args ...any) {
	p.info.Notes = append(p.info.Notes, fmt.Sprintf(format, args...))
}

// full reads until b is full or the file ends.
func (p *wavParser) full(b []byte) (int, error) {
	n, err := io.ReadFull(p.r, b)
	p.at += int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return n, err
}

// body reads a small chunk, as far as it is there, and the byte that pads it; of a larger one it reads nothing.
func (p *wavParser) body(size int64) ([]byte, error) {
	if size > maxChunk {
		return nil, p.discard(size)
	}
	b := make([]byte, size)
	n, err := p.full(b)
	if err == nil && size%2 == 1 {
		p.skip(1)
	}
	return b[:n], err
}

func (p *wavParser) discard(size int64) error {
	n, err := io.CopyN(io.Discard, p.r, size+size%2)
	p.at += n
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

func (p *wavParser) skip(n int) {
	n, _ = p.r.Discard(n)
	p.at += int64(n)
}

func seconds(bytes int64, block, rate int) string {
	return fmt.Sprintf("%.1f s", float64(bytes)/float64(block)/float64(rate))
}

// length is for people: 2h59m58s.
func length(samples int64, rate int) string {
	return time.Duration(float64(samples) / float64(rate) * float64(time.Second)).Round(time.Second).String()
}
