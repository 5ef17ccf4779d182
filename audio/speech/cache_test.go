package speech

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/audio"
	"tenin/llm/reading"
)

func openCache(t *testing.T, dir string, limit int64) *Cache {
	c, err := OpenCache(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func cached(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*"+clipSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// counting counts the calls that reach the engine and can change its identity.
type counting struct {
	*Fake
	calls int
	id    string
}

func (c *counting) Synthesize(ctx context.Context, text string, o Options) iter.Seq2[audio.Clip, error] {
	c.calls++
	return c.Fake.Synthesize(ctx, text, o)
}

func (c *counting) ID() (string, error) { return c.id, nil }

func newCounting() *counting {
	return &counting{Fake: NewFake(reading.Default()), id: "a"}
}

func TestApprovedSpeechIsMadeOnceAndThenRead(t *testing.T) {
	c, s := openCache(t, t.TempDir(), 0), newCounting()
	text := Approve("営業時間は10時からです。お気軽にどうぞ。")
	first, err := Whole(c.Speak(context.Background(), s, text, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Whole(c.Speak(context.Background(), s, text, Options{Voice: DefaultVoice, Speed: 1}))
	if err != nil || s.calls != 1 {
		t.Fatalf("%d calls, %v", s.calls, err)
	}
	if len(first.Samples) != len(second.Samples) {
		t.Fatalf("%d samples, then %d", len(first.Samples), len(second.Samples))
	}
	for i := range first.Samples {
		if math.Abs(float64(first.Samples[i]-second.Samples[i])) > 1.0/math.MaxInt16 {
			t.Fatalf("sample %d is %f, then %f", i, first.Samples[i], second.Samples[i])
		}
	}
}

func TestWhateverDecidesTheSamplesChangesTheKey(t *testing.T) {
	s := newCounting()
	key := func(text string, o Options, id string) Key {
		s.id = id
		k, err := KeyOf(s, Approve(text), o)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	base := key("はい。", Options{}, "a")
	for name, k := range map[string]Key{
		"text":   key("いいえ。", Options{}, "a"),
		"voice":  key("はい。", Options{Voice: "jm_kumo"}, "a"),
		"speed":  key("はい。", Options{Speed: 1.1}, "a"),
		"engine": key("はい。", Options{}, "b"),
		"lines":  key("は\nい。", Options{}, "a"),
	} {
		if k == base {
			t.Errorf("another %s has the same key", name)
		}
	}
	if key(" はい｡ ", Options{Voice: DefaultVoice}, "a") != base {
		t.Error("the same text in another spelling has another key")
	}
}

func TestDamagedSpeechIsDroppedAndMadeAgain(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"a flipped bit": func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"a cut file":    func(b []byte) []byte { return b[:len(b)/2] },
		"an empty file": func(b []byte) []byte { return nil },
		"more bytes":    func(b []byte) []byte { return append(b, 0) },
		"a wrong magic": func(b []byte) []byte { b[0] = 'x'; return b },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c, s := openCache(t, dir, 0), newCounting()
			text := []Approved{Approve("ありがとうございます。")}
			if _, err := c.Render(context.Background(), s, text, Options{}, nil); err != nil {
				t.Fatal(err)
			}
			file := cached(t, dir)[0]
			raw, _ := os.ReadFile(file)
			if err := os.WriteFile(file, damage(slices.Clone(raw)), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := c.Render(context.Background(), s, text, Options{}, nil)
			if err != nil || p.Made != 1 || s.calls != 2 {
				t.Errorf("%+v, %d calls, %v", p, s.calls, err)
			}
			if again, _ := os.ReadFile(file); !slices.Equal(again, raw) {
				t.Error("the file was not mended")
			}
			if bytes, clips := c.Size(); bytes != int64(len(raw)) || clips != 1 {
				t.Errorf("the cache counts %d bytes in %d clips", bytes, clips)
			}
		})
	}
}

func TestAnInterruptedRenderGoesOnWhereItStopped(t *testing.T) {
	dir := t.TempDir()
	c, s := openCache(t, dir, 0), newCounting()
	texts := []Approved{Approve("一階です。"), Approve("二階です。"), Approve("Sorry, we are closed today."), Approve("三階です。")}
	ctx, cancel := context.WithCancel(context.Background())
	p, err := c.Render(ctx, s, texts, Options{}, func(p Progress) {
		if p.Done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || p.Made != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	c = openCache(t, dir, 0)
	p, err = c.Render(context.Background(), s, texts, Options{}, nil)
	if err != nil || p != (Progress{Done: 4, Total: 4, Made: 1, Refused: 1}) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestSpeechThatWasCutShortIsNotKept(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, 0)
	for range c.Speak(context.Background(), newCounting(), Approve("一つ目です。二つ目です。"), Options{}) {
		break
	}
	if files := cached(t, dir); len(files) != 0 {
		t.Errorf("kept %v", files)
	}
}

func TestTheLeastUsedSpeechGoesFirst(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, 0)
	clip := audio.Clip{Rate: Rate, Samples: make([]float32, 1000)}
	keys := make([]Key, 5)
	size := int64(len(encodeClip(clip)))
	for i := range keys {
		keys[i][0] = byte(i)
		if err := c.Put(keys[i], clip); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(time.Duration(i-10) * time.Hour)
		os.Chtimes(filepath.Join(dir, keys[i].file()), at, at)
	}
	c = openCache(t, dir, 5*size)
	if _, ok := c.Get(keys[0]); !ok {
		t.Fatal("a clip is gone before the limit was reached")
	}
	var fresh Key
	fresh[0] = 99
	if err := c.Put(fresh, clip); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false, true, true} {
		if _, ok := c.Get(keys[i]); ok != want {
			t.Errorf("clip %d is there: %v", i, ok)
		}
	}
	if bytes, clips := c.Size(); bytes != 4*size || clips != 4 {
		t.Errorf("%d bytes in %d clips", bytes, clips)
	}
}

func TestOnlyTheOwnerMayReadTheCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache", "speech")
	c := openCache(t, dir, 0)
	if err := c.Put(Key{1}, audio.Clip{Rate: Rate, Samples: make([]float32, 10)}); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, tempPrefix+"left"), []byte("x"), 0o600)
	openCache(t, dir, 0)
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		info, _ := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if strings.HasPrefix(d.Name(), tempPrefix) {
			t.Errorf("%s was left over", d.Name())
		}
		return nil
	})
}

func TestWhatTheShopWithdrewIsRemoved(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir, 0)
	clip := audio.Clip{Rate: Rate, Samples: make([]float32, 10)}
	c.Put(Key{1}, clip)
	c.Put(Key{2}, clip)
	if err := c.Keep([]Key{{2}, {3}}); err != nil {
		t.Fatal(err)
	}
	if files := cached(t, dir); len(files) != 1 || filepath.Base(files[0]) != (Key{2}).file() {
		t.Errorf("left: %v", files)
	}
}

func TestClipsSurviveEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := audio.Clip{Rate: rapid.IntRange(1, 192000).Draw(t, "rate"), Samples: rapid.SliceOf(rapid.Float32Range(-1, 1)).Draw(t, "samples")}
		got, err := decodeClip(encodeClip(c))
		if err != nil || got.Rate != c.Rate || len(got.Samples) != len(c.Samples) {
			t.Fatalf("%v", err)
		}
		for i := range c.Samples {
			if math.Abs(float64(c.Samples[i]-got.Samples[i])) > 1.0/math.MaxInt16 {
				t.Fatalf("sample %d: %f, then %f", i, c.Samples[i], got.Samples[i])
			}
		}
	})
}

func FuzzDecodeClip(f *testing.F) {
	f.Add(encodeClip(audio.Clip{Rate: Rate, Samples: []float32{0, 1, -1}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decodeClip(raw)
		if err == nil && !slices.Equal(encodeClip(c), raw) {
			t.Fatal("another file was accepted")
		}
	})
}
