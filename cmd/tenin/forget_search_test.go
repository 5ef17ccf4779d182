package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"

	"tenin/audio"
	"tenin/llm/reading"
)

const (
	// shortestRun is how many samples in a row count as a piece of a recording (4 ms as the recogniser hears it).
	shortestRun = 64
	// anchorLength and anchorStride place what is looked up first: each run of shortestRun samples holds a whole anchor.
	anchorLength = 16
	anchorStride = shortestRun - anchorLength + 1
	// roundings is how far two forms of one sample may lie apart, in steps of 16 bits.
	roundings = 2
	// silence is what rises and falls less than this: any two stretches of it are alike.
	silence = 600

	// shortestText and shortestKana are how many letters in a row count as a piece of what was said.
	shortestText = 8
	shortestKana = 12
)

// traces are what shoppers said, in every form in which it could lie about: a search finds any piece of it.
type traces struct {
	texts  map[uint64][]saying // by their first eight bytes
	sounds map[uint32][]anchor // by the bucket of their first two samples
	// Most places are passed over by these.
	eight, pair, next bitmap
	known             map[string]bool
}

type saying struct {
	of, form string
	bytes    []byte
}

// anchor is a place in one of the recordings.
type anchor struct {
	of   string
	clip []int16
	at   int
}

// finding is a piece of a recording or its words that was found.
type finding struct {
	of, form string
	at       int // in what was searched
}

// newTraces is for many recordings.
func newTraces() *traces { return newTracesOf(23) }

// newTracesOf has bitmaps of so many bits that most of them stay empty, and few enough to stay in a cache: 20 for two
// recordings.
func newTracesOf(bits int) *traces {
	return &traces{
		texts: map[uint64][]saying{}, sounds: map[uint32][]anchor{}, known: map[string]bool{},
		eight: newBitmap(bits), pair: newBitmap(bits), next: newBitmap(bits),
	}
}

// bitmap says of a number that it was not added, or that it may have been.
type bitmap struct {
	shift int
	words []uint64
}

func newBitmap(bits int) bitmap { return bitmap{64 - bits, make([]uint64, 1<<(bits-6))} }

func (b bitmap) place(n uint64) uint64 { return n * 0x9e3779b97f4a7c15 >> b.shift }
func (b bitmap) add(n uint64)          { h := b.place(n); b.words[h>>6] |= 1 << (h & 63) }
func (b bitmap) has(n uint64) bool     { h := b.place(n); return b.words[h>>6]>>(h&63)&1 != 0 }

// addText looks for any shortestText letters of text in a row, and for its reading.
func (s *traces) addText(of, text string) {
	letters := []rune(text)
	for i := 0; i+shortestText <= len(letters); i++ {
		piece := string(letters[i : i+shortestText])
		plain := []byte(piece)
		s.add(of, "UTF-8", plain)
		for form, order := range map[string]binary.AppendByteOrder{"UTF-16LE": binary.LittleEndian, "UTF-16BE": binary.BigEndian} {
			var wide []byte
			for _, unit := range utf16.Encode([]rune(piece)) {
				wide = order.AppendUint16(wide, unit)
			}
			s.add(of, form, wide)
		}
		s.add(of, "hex", []byte(hex.EncodeToString(plain)))
		s.add(of, "hex", []byte(strings.ToUpper(hex.EncodeToString(plain))))
		// Where three bytes become four letters depends on what stands before.
		for skip := range 3 {
			whole := plain[skip : len(plain)-(len(plain)-skip)%3]
			s.add(of, "base64", []byte(base64.RawStdEncoding.EncodeToString(whole)))
			s.add(of, "base64", []byte(base64.RawURLEncoding.EncodeToString(whole)))
		}
	}
	kana := []rune(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Katakana) || r == 'ー' {
			return r
		}
		return -1
	}, reading.Default().Katakana(text)))
	for i := 0; i+shortestKana <= len(kana); i++ {
		piece := string(kana[i : i+shortestKana])
		s.add(of, "reading", []byte(piece))
		s.add(of, "reading", []byte(reading.ToHiragana(piece)))
	}
}

func (s *traces) add(of, form string, pattern []byte) {
	if s.known[string(pattern)] {
		return
	}
	s.known[string(pattern)] = true
	first := binary.LittleEndian.Uint64(pattern)
	s.eight.add(first)
	s.texts[first] = append(s.texts[first], saying{of, form, pattern})
}

// addSound looks for any shortestRun samples of clip in a row, at the clip's rate and at the recogniser's, wherever its
// resampler began.
func (s *traces) addSound(of string, clip audio.Clip) {
	s.addSamples(of, clip.Samples)
	if clip.Rate == audio.SampleRate {
		return
	}
	for begin := range clip.Rate / audio.SampleRate {
		s.addSamples(of, audio.Resample(audio.Clip{Samples: clip.Samples[begin:], Rate: clip.Rate}, audio.SampleRate).Samples)
	}
}

func (s *traces) addSamples(of string, samples []float32) {
	clip := make([]int16, len(samples))
	for i, v := range samples {
		clip[i] = steps(v)
	}
	for at := 0; at+anchorLength <= len(clip); at += anchorStride {
		if swing(clip[at:at+anchorLength]) < silence/4 {
			continue
		}
		for _, first := range buckets(clip[at], clip[at+1]) {
			s.pair.add(uint64(first))
			s.sounds[first] = append(s.sounds[first], anchor{of, clip, at})
		}
		for _, next := range buckets(clip[at+2], clip[at+3]) {
			s.next.add(uint64(next))
		}
	}
}

// buckets are the places of two samples that are rounded in any way: a bucket is eight steps wide.
func buckets(a, b int16) (list []uint32) {
	for _, x := range []int16{a - roundings, a + roundings} {
		for _, y := range []int16{b - roundings, b + roundings} {
			if place := bucket(both(x, y)); !slices.Contains(list, place) {
				list = append(list, place)
			}
		}
	}
	return list
}

// bucket is the place of two samples.
func bucket(pair uint32) uint32 { return pair & 0xfff8fff8 }

// steps is a float sample in steps of 16 bits.
func steps(v float32) int16 {
	return int16(math.RoundToEven(float64(max(-1, min(v, 0.9999))) * 32768))
}

func both(a, b int16) uint32 { return uint32(uint16(a)) | uint32(uint16(b))<<16 }

func swing(samples []int16) int {
	return int(slices.Max(samples)) - int(slices.Min(samples))
}

// find returns what of the traces lies in content, each form of each recording once.
func (s *traces) find(content []byte) []finding {
	found := map[[2]string]int{}
	note := func(of, form string, at int) {
		if _, twice := found[[2]string{of, form}]; !twice {
			found[[2]string{of, form}] = at
		}
	}
	for i := 0; i+8 <= len(content); i++ {
		eight := binary.LittleEndian.Uint64(content[i:])
		if eight == 0 {
			// Memory is empty by the page.
			for i+16 <= len(content) && binary.LittleEndian.Uint64(content[i+8:]) == 0 {
				i += 8
			}
			continue
		}
		if s.eight.has(eight) {
			for _, t := range s.texts[eight] {
				if bytes.HasPrefix(content[i:], t.bytes) {
					note(t.of, t.form, i)
				}
			}
		}
		s.hear(content, i, eight, pcmLE, note)
		s.hear(content, i, swapped(eight), pcmBE, note)
		if isSample(uint32(eight)) && isSample(uint32(eight>>32)) && i+16 <= len(content) {
			more := binary.LittleEndian.Uint64(content[i+8:])
			if !isSample(uint32(more)) || !isSample(uint32(more>>32)) {
				continue
			}
			first := bucket(both(sampleOf(uint32(eight)), sampleOf(uint32(eight>>32))))
			if s.pair.has(uint64(first)) && s.next.has(uint64(bucket(both(sampleOf(uint32(more)), sampleOf(uint32(more>>32)))))) {
				s.match(content, i, first, floats, note)
			}
		}
	}
	var list []finding
	for what, at := range found {
		list = append(list, finding{what[0], what[1], at})
	}
	slices.SortFunc(list, func(a, b finding) int { return strings.Compare(a.of+a.form, b.of+b.form) })
	return list
}

// hear looks at four samples of 16 bits.
func (s *traces) hear(content []byte, i int, four uint64, form sampleForm, note func(of, form string, at int)) {
	four &= 0xfff8fff8_fff8fff8
	if s.pair.has(four&0xffffffff) && s.next.has(four>>32) {
		s.match(content, i, uint32(four), form, note)
	}
}

// sampleOf is a float's bits in steps of 16 bits.
func sampleOf(bits uint32) int16 { return steps(math.Float32frombits(bits)) }

// swapped turns the bytes of each of four 16-bit numbers.
func swapped(n uint64) uint64 {
	return n>>8&0x00ff00ff00ff00ff | n&0x00ff00ff00ff00ff<<8
}

// isSample says whether bits are a float that is neither silence nor louder than sound can be.
func isSample(bits uint32) bool {
	magnitude := bits & 0x7fffffff
	return magnitude > 0x37000000 && magnitude <= 0x3f800000 // above 2^-17, up to 1
}

// sampleForm is a way to write samples.
type sampleForm struct {
	name string
	size int
	read func([]byte) int16
}

var (
	pcmLE  = sampleForm{"PCM16LE", 2, func(b []byte) int16 { return int16(binary.LittleEndian.Uint16(b)) }}
	pcmBE  = sampleForm{"PCM16BE", 2, func(b []byte) int16 { return int16(binary.BigEndian.Uint16(b)) }}
	floats = sampleForm{"float32", 4, func(b []byte) int16 {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if v != v {
			return math.MinInt16
		}
		return steps(v)
	}}
)

// match notes the recordings of which content holds a run around place i.
func (s *traces) match(content []byte, i int, first uint32, form sampleForm, note func(of, form string, at int)) {
	for _, a := range s.sounds[first] {
		same := func(k int) bool {
			place := i + k*form.size
			if a.at+k < 0 || a.at+k >= len(a.clip) || place < 0 || place+form.size > len(content) {
				return false
			}
			off := int(form.read(content[place:])) - int(a.clip[a.at+k])
			return off >= -roundings && off <= roundings
		}
		from, to := 0, 0
		for same(to) && to < shortestRun {
			to++
		}
		for to-from < shortestRun && same(from-1) {
			from--
		}
		if to-from >= shortestRun && swing(a.clip[a.at+from:a.at+to]) >= silence {
			note(a.of, form.name, i)
		}
	}
}

// findInFiles searches all files below a folder, their names too.
func (s *traces) findInFiles(t *testing.T, folder string) map[string][]finding {
	t.Helper()
	found := map[string][]finding{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		list := s.find([]byte(path + strings.Repeat("\x00", 8)))
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			list = append(list, s.find(content)...)
		}
		if len(list) > 0 {
			found[path] = list
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// noise is a recording of speech-like loudness.
func noise(seed uint32, seconds float64, rate int) audio.Clip {
	c := audio.Clip{Rate: rate, Samples: make([]float32, int(seconds*float64(rate)))}
	state, low := seed, float32(0)
	for i := range c.Samples {
		state = state*1664525 + 1013904223
		low += 0.3 * (float32(int32(state))/(1<<31) - low)
		c.Samples[i] = float32(steps(0.5*low)) / 32768
	}
	return c
}

func TestTheSearchFindsEveryFormOfWhatWasSaid(t *testing.T) {
	const said = "祖母の形見の真珠の首飾りを直したいのです"
	clip := noise(1, 1, 48000)
	s := newTraces()
	s.addText("words", said)
	s.addSound("voice", clip)

	utf16of := func(order binary.AppendByteOrder, text string) (b []byte) {
		for _, unit := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, unit)
		}
		return b
	}
	pcm := func(order binary.AppendByteOrder, samples []float32) (b []byte) {
		for _, v := range samples {
			b = order.AppendUint16(b, uint16(int16(v*32767))) // as the vault's clips are rounded
		}
		return b
	}
	float := func(samples []float32) (b []byte) {
		for _, v := range samples {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		return b
	}
	piece := string([]rune(said)[5 : 5+shortestText+3])
	heard := audio.NewResampler(48000, audio.SampleRate).Push(nil, clip.Samples[7:])
	for form, plant := range map[string][]byte{
		"UTF-8": []byte(piece), "UTF-16LE": utf16of(binary.LittleEndian, piece), "UTF-16BE": utf16of(binary.BigEndian, piece),
		"hex":        []byte(hex.EncodeToString([]byte(piece))),
		"base64":     []byte(base64.StdEncoding.EncodeToString([]byte("x" + piece))),
		"reading":    []byte("ノシンジュノクビカザリヲ"),
		"PCM16LE":    pcm(binary.LittleEndian, clip.Samples[1001:1001+shortestRun]),
		"PCM16BE":    pcm(binary.BigEndian, clip.Samples[1002:1002+shortestRun]),
		"float32":    float(clip.Samples[1003 : 1003+shortestRun]),
		"PCM16LE 16": pcm(binary.LittleEndian, heard[1004:1004+shortestRun]),
		"PCM16BE 16": pcm(binary.BigEndian, heard[1005:1005+shortestRun]),
		"float32 16": float(heard[1006 : 1006+shortestRun]),
	} {
		want := strings.TrimSuffix(form, " 16")
		if form == "reading" {
			plant = []byte(reading.Default().Katakana("の真珠の首飾りを直"))
		}
		for shift := range 8 {
			content := slices.Concat(make([]byte, 64+shift), plant, make([]byte, 64))
			got := s.find(content)
			if len(got) != 1 || got[0].form != want {
				t.Errorf("%s, moved by %d bytes: found %v", form, shift, got)
			}
		}
	}
	other := noise(2, 2, 16000)
	for i := range other.Samples {
		other.Samples[i] *= 0.9
	}
	for what, content := range map[string][]byte{
		"nothing": nil, "zeros": make([]byte, 4096), "another sound": float(other.Samples), "other words": []byte("毎日午前10時から午後8時まで営業しております"),
		"too few samples": float(clip.Samples[1003 : 1003+shortestRun-1]), "too few letters": []byte(string([]rune(said)[5 : 5+shortestText-1])),
	} {
		if got := s.find(content); len(got) != 0 {
			t.Errorf("in %s it finds %v", what, got)
		}
	}
}
