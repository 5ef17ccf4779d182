package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// wavFile builds files that no sane program writes.
type wavFile struct {
	tag, channels, bits int
	rate                uint32
	extensible          bool
	junk                bool // an odd-sized chunk before the format
	dataSize            int64
	data                []byte
	after               []byte
}

func (w wavFile) bytes() []byte {
	le := binary.LittleEndian
	format := le.AppendUint16(nil, uint16(w.tag))
	if w.extensible {
		format = le.AppendUint16(nil, tagExtensible)
	}
	format = le.AppendUint16(format, uint16(w.channels))
	format = le.AppendUint32(format, w.rate)
	format = le.AppendUint32(format, w.rate*uint32(w.channels*w.bits/8))
	format = le.AppendUint16(format, uint16(w.channels*w.bits/8))
	format = le.AppendUint16(format, uint16(w.bits))
	if w.extensible {
		format = le.AppendUint16(format, 22)
		format = le.AppendUint16(format, uint16(w.bits))
		format = le.AppendUint32(format, 0)
		format = le.AppendUint16(format, uint16(w.tag))
		format = append(format, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	b := []byte("RIFF\xff\xff\xff\xffWAVE")
	if w.junk {
		b = appendChunk(b, "JUNK", []byte("odd"))
	}
	b = appendChunk(b, "fmt ", format)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(w.dataSize))
	return append(append(b, w.data...), w.after...)
}

func sized(w wavFile) wavFile { w.dataSize = int64(len(w.data)); return w }

func TestEveryCodingOfOneHalfReadsAsOneHalf(t *testing.T) {
	le := binary.LittleEndian
	half := map[string]struct {
		tag, bits int
		sample    []byte
	}{
		"8-bit": {tagPCM, 8, []byte{192}}, "16-bit": {tagPCM, 16, le.AppendUint16(nil, 1<<14)},
		"24-bit": {tagPCM, 24, []byte{0, 0, 0x40}}, "32-bit": {tagPCM, 32, le.AppendUint32(nil, 1<<30)},
		"float32": {tagFloat, 32, le.AppendUint32(nil, math.Float32bits(0.5))}, "float64": {tagFloat, 64, le.AppendUint64(nil, math.Float64bits(0.5))},
	}
	for name, c := range half {
		for _, extensible := range []bool{false, true} {
			w := sized(wavFile{tag: c.tag, bits: c.bits, channels: 1, rate: 16000, extensible: extensible, junk: extensible, data: bytes.Repeat(c.sample, 5)})
			clip, info, err := ReadWAV(bytes.NewReader(w.bytes()), Limits{})
			if err != nil || len(clip.Samples) != 5 || clip.Samples[0] != 0.5 || clip.Samples[4] != 0.5 || clip.Rate != 16000 || info.Bits != c.bits {
				t.Errorf("%s: %v %+v %v", name, clip, info, err)
			}
			if coarse := len(info.Notes) == 1 && strings.Contains(info.Notes[0], "8-bit"); coarse != (c.bits == 8) {
				t.Errorf("%s: notes %q", name, info.Notes)
			}
		}
	}
}

func TestChannelsAreMixedToTheirMean(t *testing.T) {
	w := sized(wavFile{tag: tagPCM, channels: 5, bits: 8, rate: 48000, data: []byte{128 + 100, 128, 128, 128, 128 - 50}})
	clip, info, err := ReadWAV(bytes.NewReader(w.bytes()), Limits{})
	if err != nil || len(clip.Samples) != 1 || math.Abs(float64(clip.Samples[0])-50.0/5/128) > 1e-6 {
		t.Fatalf("%v %v", clip, err)
	}
	if info.Channels != 5 || !slices.Contains(info.Notes, "5 channels mixed to one") {
		t.Errorf("%+v", info)
	}
}

func TestCutAndUnfinishedFilesGiveWhatIsThere(t *testing.T) {
	second := make([]byte, 32000)
	for name, c := range map[string]struct {
		size    int64
		seconds float64
		note    string
	}{
		"whole": {32000, 1, ""}, "cut": {96000, 1, "cut file: 1.0 s of 3.0 s read"}, "size 0": {0, 1, "did not finish"},
		"size all ones": {math.MaxUint32, 1, "did not finish"}, "as sox writes to a pipe": {unknownSize, 1, "did not finish"},
		"shorter than the file": {16000, 0.5, ""},
	} {
		w := wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, dataSize: c.size, data: second}
		for _, known := range []bool{true, false} {
			b := w.bytes()
			size := int64(-1)
			if known {
				size = int64(len(b))
			}
			clip, info, err := readWAV(bytes.NewReader(b), size, Limits{})
			if err != nil || clip.Duration().Seconds() != c.seconds {
				t.Errorf("%s: %v %v", name, clip.Duration(), err)
			}
			if notes := strings.Join(info.Notes, ";"); (c.note == "") != (notes == "") || !strings.Contains(notes, c.note) {
				t.Errorf("%s: notes %q", name, notes)
			}
		}
	}
	// Half a sample at the end, and an empty chunk with another behind it.
	w := wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, dataSize: 6, data: []byte{1, 2, 3}}
	if clip, _, err := ReadWAV(bytes.NewReader(w.bytes()), Limits{}); err != nil || len(clip.Samples) != 1 {
		t.Errorf("half a sample: %v %v", clip, err)
	}
	w = wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, after: appendChunk(nil, "LIST", []byte("INFO"))}
	if _, _, err := ReadWAV(bytes.NewReader(w.bytes()), Limits{}); !errors.Is(err, ErrNoSamples) {
		t.Errorf("an empty chunk: %v", err)
	}
}

func TestBadFilesGetOneClearLine(t *testing.T) {
	good := wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, data: make([]byte, 4), dataSize: 4}
	with := func(change func(*wavFile)) []byte { w := good; change(&w); return w.bytes() }
	for name, c := range map[string]struct {
		file []byte
		kind error
		says string
	}{
		"empty":           {nil, ErrNotAudio, "0 bytes"},
		"text":            {[]byte("hello there, shop"), ErrNotAudio, "not a WAV file"},
		"one byte":        {[]byte("R"), ErrNotAudio, "not a WAV file"},
		"half a header":   {[]byte("RIFF\x00\x00"), ErrNotAudio, "cut inside its header"},
		"no format":       {[]byte("RIFF\x00\x00\x00\x00WAVE"), ErrNotAudio, "before its format"},
		"short format":    {appendChunk([]byte("RIFF\x00\x00\x00\x00WAVE"), "fmt ", []byte("abc")), ErrNotAudio, "format is cut"},
		"sound first":     {appendChunk([]byte("RIFF\x00\x00\x00\x00WAVE"), "data", []byte("abc")), ErrNotAudio, "sound before"},
		"header only":     {with(func(w *wavFile) { w.data, w.dataSize = nil, 0 }), ErrNoSamples, "no sound"},
		"header, cut":     {with(func(w *wavFile) { w.data = nil }), ErrNoSamples, "no sound"},
		"rate 0":          {with(func(w *wavFile) { w.rate = 0 }), ErrUnsupported, "0 samples a second"},
		"rate 3999":       {with(func(w *wavFile) { w.rate = 3999 }), ErrUnsupported, "3999 samples a second"},
		"rate 4294967295": {with(func(w *wavFile) { w.rate = math.MaxUint32 }), ErrUnsupported, "4000 to 384000"},
		"no channel":      {with(func(w *wavFile) { w.channels = 0 }), ErrUnsupported, "0 channels"},
		"nine channels":   {with(func(w *wavFile) { w.channels = 9 }), ErrUnsupported, "9 channels"},
		"12 bits":         {with(func(w *wavFile) { w.bits = 12 }), ErrUnsupported, "PCM of 12 bits"},
		"µ-law":           {with(func(w *wavFile) { w.tag, w.bits = 7, 8 }), ErrUnsupported, "µ-law"},
		"MP3 inside":      {with(func(w *wavFile) { w.tag = 0x55 }), ErrUnsupported, "MP3"},
		"MP3 with ID3":    {[]byte("ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00"), ErrUnsupported, "this is MP3, not WAV: convert it, e.g. "},
		"MP3 frames":      {[]byte("\xff\xfb\x90\x00"), ErrUnsupported, "this is MP3"},
		"AAC":             {[]byte("\xff\xf1\x50\x80"), ErrUnsupported, "this is AAC"},
		"Ogg":             {[]byte("OggS\x00\x02"), ErrUnsupported, "this is Ogg"},
		"FLAC":            {[]byte("fLaC\x00\x00"), ErrUnsupported, "this is FLAC"},
		"M4A":             {[]byte("\x00\x00\x00\x20ftypM4A "), ErrUnsupported, "this is M4A"},
		"WebM":            {[]byte("\x1aE\xdf\xa3...."), ErrUnsupported, "this is WebM"},
		"AIFF":            {[]byte("FORM\x00\x00\x00\x00AIFF"), ErrUnsupported, "this is AIFF"},
		"a film":          {[]byte("RIFF\x00\x00\x00\x00AVI LIST"), ErrNotAudio, `RIFF file of type "AVI "`},
		"big-endian":      {[]byte("RIFX\x00\x00\x00\x00WAVE"), ErrUnsupported, "RIFX"},
		"contradicts":     {bytes.Replace(good.bytes(), []byte("\x02\x00\x10\x00data"), []byte("\x03\x00\x10\x00data"), 1), ErrUnsupported, "contradicts itself"},
	} {
		_, _, err := ReadWAV(bytes.NewReader(c.file), Limits{})
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLimitsHoldBeforeMemoryIsTaken(t *testing.T) {
	hours := wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, dataSize: 3 * 3600 * 32000}.bytes()
	_, _, err := readWAV(io.MultiReader(bytes.NewReader(hours), forbidden{t}), 3*3600*32000+44, Limits{})
	if !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "3h0m0s") || !strings.Contains(err.Error(), "10m0s") {
		t.Errorf("three hours: %v", err)
	}
	// The header promises hours, the file has one second: it is read.
	cut := append(hours, make([]byte, 32000)...)
	if clip, _, err := readWAV(bytes.NewReader(cut), int64(len(cut)), Limits{}); err != nil || clip.Duration() != time.Second {
		t.Errorf("cut: %v %v", clip.Duration(), err)
	}
	// The header promises nothing, the stream never ends.
	endless := wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, dataSize: math.MaxUint32}.bytes()
	if _, _, err := ReadWAV(io.MultiReader(bytes.NewReader(endless), zeros{}), Limits{MaxDuration: 2 * time.Second}); !errors.Is(err, ErrTooLong) {
		t.Errorf("endless: %v", err)
	}
	if _, _, err := ReadWAV(io.MultiReader(bytes.NewReader(endless), zeros{}), Limits{MaxBytes: 4000}); !errors.Is(err, ErrTooLong) {
		t.Errorf("memory: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type forbidden struct{ t *testing.T }

func (f forbidden) Read([]byte) (int, error) { f.t.Error("the sound was read"); return 0, io.EOF }

func TestAReadersOwnErrorIsNotTakenForAnEnd(t *testing.T) {
	broken := errors.New("the disk is on fire")
	b := sized(wavFile{tag: tagPCM, channels: 1, bits: 16, rate: 16000, data: make([]byte, 200<<10)}).bytes()
	for _, n := range []int{0, 5, 20, 40, 100, 150 << 10} {
		if _, _, err := ReadWAV(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken)), Limits{}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestFloatsBeyondFullScaleAreClippedAndTold(t *testing.T) {
	le := binary.LittleEndian
	var data []byte
	for _, f := range []float64{0.25, 3, -2, math.NaN(), math.Inf(1)} {
		data = le.AppendUint32(data, math.Float32bits(float32(f)))
	}
	clip, info, err := ReadWAV(bytes.NewReader(sized(wavFile{tag: tagFloat, channels: 1, bits: 32, rate: 8000, data: data}).bytes()), Limits{})
	if err != nil || !slices.Equal(clip.Samples, []float32{0.25, 1, -1, 0, 1}) || len(info.Notes) != 1 || !strings.HasPrefix(info.Notes[0], "4 samples") {
		t.Errorf("%v %q %v", clip.Samples, info.Notes, err)
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Clip{Rate: rapid.IntRange(MinRate, MaxRate).Draw(t, "rate"), Samples: rapid.SliceOfN(rapid.Float32Range(-1.5, 1.5), 1, 200).Draw(t, "samples")}
		labels := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Label {
			return Label{rapid.SampledFrom([]string{EndOfSpeech, "", "質問", "x"}).Draw(t, "name"), rapid.IntRange(0, len(c.Samples)).Draw(t, "at")}
		}), 0, 4).Draw(t, "labels")
		var b bytes.Buffer
		if err := WriteWAV(&b, c, labels...); err != nil {
			t.Fatal(err)
		}
		got, info, err := ReadWAV(iotest.OneByteReader(&b), Limits{})
		if err != nil || len(info.Notes) > 0 || got.Rate != c.Rate || len(got.Samples) != len(c.Samples) {
			t.Fatalf("%+v %v", info, err)
		}
		for i, s := range c.Samples {
			if math.Abs(float64(max(-1, min(1, s))-got.Samples[i])) > 1.0/32768 {
				t.Fatalf("sample %d: %v became %v", i, s, got.Samples[i])
			}
		}
		slices.SortStableFunc(labels, func(a, b Label) int { return a.Sample - b.Sample })
		if !slices.Equal(labels, info.Labels) {
			t.Fatalf("labels %v became %v", labels, info.Labels)
		}
	})
}

func TestTheEndOfSpeechLabelIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	c := tone(440, 16000, 1600, 0.5)
	if err := WriteFile(path, c, Label{EndOfSpeech, 1234}); err != nil {
		t.Fatal(err)
	}
	_, info, err := ReadFile(path, Limits{})
	if at, ok := info.Label(EndOfSpeech); err != nil || !ok || at != 1234 {
		t.Errorf("%v %v %v", at, ok, err)
	}
	if _, ok := info.Label("other"); ok {
		t.Error("found what is not there")
	}
	for _, at := range []int{-1, 1601} {
		if err := WriteFile(path, c, Label{EndOfSpeech, at}); err == nil {
			t.Errorf("a label at %d was written", at)
		}
	}
}

func TestAFailedWriteLeavesTheOldFileAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.wav")
	if err := WriteFile(path, tone(440, 16000, 160, 0.5)); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if err := WriteFile(path, Clip{Rate: 1, Samples: make([]float32, 9)}); err == nil {
		t.Fatal("rate 1 was written")
	}
	after, _ := os.ReadFile(path)
	entries, _ := os.ReadDir(dir)
	if !bytes.Equal(before, after) || len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
	if err := WriteFile(os.DevNull, tone(440, 16000, 160, 0.5)); err != nil {
		t.Errorf("a device: %v", err)
	}
	if st, err := os.Stat(os.DevNull); err != nil || st.Mode().IsRegular() {
		t.Errorf("the device was replaced: %v %v", st, err)
	}
	link := filepath.Join(dir, "link.wav")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, tone(440, 16000, 16, 0.5)); err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Lstat(link); st.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
}

func TestReadFileNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	mp3 := filepath.Join(dir, "a.wav")
	os.WriteFile(mp3, []byte("ID3 and so on and on"), 0o600)
	for path, kind := range map[string]error{filepath.Join(dir, "none"): os.ErrNotExist, dir: ErrNotAudio, mp3: ErrUnsupported} {
		_, _, err := ReadFile(path, Limits{})
		if !errors.Is(err, kind) || !strings.HasPrefix(err.Error(), path+": ") || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(sized(wavFile{tag: tagPCM, channels: 2, bits: 16, rate: 16000, data: make([]byte, 64)}).bytes())
	f.Add(sized(wavFile{tag: tagFloat, channels: 1, bits: 64, rate: 48000, extensible: true, junk: true, data: make([]byte, 64)}).bytes())
	f.Add(wavFile{tag: tagPCM, channels: 1, bits: 24, rate: 8000, dataSize: math.MaxUint32, data: make([]byte, 64)}.bytes())
	f.Add([]byte("RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"))
	var labelled bytes.Buffer
	WriteWAV(&labelled, tone(100, 16000, 20, 0.5), Label{EndOfSpeech, 10})
	f.Add(labelled.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		clip, info, err := ReadWAV(bytes.NewReader(b), Limits{MaxDuration: time.Second})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %q", err)
			}
			return
		}
		if len(clip.Samples) == 0 || len(clip.Samples) > clip.Rate || clip.Rate < MinRate || clip.Rate > MaxRate {
			t.Fatalf("%d samples at %d", len(clip.Samples), clip.Rate)
		}
		for _, s := range clip.Samples {
			if !(s >= -1 && s <= 1) {
				t.Fatalf("sample %v", s)
			}
		}
		for _, l := range info.Labels {
			if l.Sample < 0 || l.Sample > len(clip.Samples) {
				t.Fatalf("label %v of %d samples", l, len(clip.Samples))
			}
		}
		var again bytes.Buffer
		if err := WriteWAV(&again, clip, info.Labels...); err != nil {
			t.Fatal(err)
		}
		back, backInfo, err := ReadWAV(&again, Limits{MaxDuration: time.Second})
		if err != nil || len(back.Samples) != len(clip.Samples) || len(backInfo.Labels) != len(info.Labels) {
			t.Fatalf("written and read back: %d samples, %v", len(back.Samples), err)
		}
	})
}
