//go:build engines

package llama

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	gemma = "gemma3-270m-q4_k_m.gguf"
	e5    = "e5-small-ja.gguf"
)

// weights finds a model in the folder TENIN_MODELS or in one below it.
func weights(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TENIN_MODELS")
	if dir == "" {
		t.Fatal("TENIN_MODELS is not set: it names the folder with the weights (fetch them with `tenin models pull`)")
	}
	for _, pattern := range []string{filepath.Join(dir, name), filepath.Join(dir, "*", name)} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("%s is not in %s: fetch it with `tenin models pull`", name, dir)
	return ""
}

func openReal(t testing.TB, name string, opts ...ModelOption) *LLama {
	t.Helper()
	l, err := New(weights(t, name), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Free)
	return l
}

func TestTheRealModelGeneratesAsAModelMust(t *testing.T) {
	testGenerator(t, openReal(t, gemma, SetContext(1024)))
}

func TestClosingTheRealModelStopsItsCall(t *testing.T) {
	l, err := New(weights(t, gemma), SetContext(512))
	if err != nil {
		t.Fatal(err)
	}
	testClosing(t, l)
}

func TestTheTableOfTensorTypesIsTheEngines(t *testing.T) {
	for kind := uint32(0); kind < 64; kind++ {
		want, known := engineTensorType(kind)
		if got, ok := tensorTypes[kind]; ok != known || known && got != want {
			t.Errorf("type %d: table %v %v, engine %v %v", kind, got, ok, want, known)
		}
	}
}

func TestLoadingTellsHowFarItIs(t *testing.T) {
	var last float32
	l := openReal(t, gemma, SetContext(64), SetProgress(func(done float32) bool {
		if done < last {
			t.Errorf("from %v back to %v", last, done)
		}
		last = done
		return true
	}))
	if last != 1 {
		t.Errorf("it ended at %v", last)
	}
	if l.Info().Architecture != "gemma3" {
		t.Errorf("info %+v", l.Info())
	}
}

func TestLoadingStopsWhenItsCallerSaysSo(t *testing.T) {
	path := weights(t, gemma)
	if _, err := New(path, SetProgress(func(float32) bool { return false })); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestACutModelIsRefusedBeforeTheEngineSeesIt(t *testing.T) {
	whole, err := os.ReadFile(weights(t, e5))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{100, 1 << 20, len(whole) - 4096} {
		path := filepath.Join(t.TempDir(), "cut.gguf")
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(path, EnableEmbeddings); !errors.Is(err, ErrCut) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestAGoodHeaderThatTheEngineCannotUseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(path, tinyGGUF(8), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(path); !errors.Is(err, ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}

func TestABrokenGrammarIsAnErrorAndNoCrash(t *testing.T) {
	l := openReal(t, gemma, SetContext(256))
	for _, g := range []string{"other ::= \"a\"", "root ::= nothing", "root ::= root \"a\"", "root ::= [", "root ::= \"a\x00\""} {
		if _, err := l.Predict("a", SetTokens(4), WithGrammar(g)); !errors.Is(err, ErrGrammar) {
			t.Errorf("%q: %v", g, err)
		}
	}
}

func TestAGrammarAndAProcessorThatExcludeEachOtherEndInAnError(t *testing.T) {
	l := openReal(t, gemma, SetContext(256))
	_, yes, err := l.TokenizeString("z")
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Predict("a", SetTokens(4), WithGrammar(Choices("no")), SetLogitProcessor(func(_ []int, logits []float32) {
		for i := range logits {
			if i != int(yes[0]) {
				logits[i] = float32(math.Inf(-1))
			}
		}
	}))
	if !errors.Is(err, ErrNoToken) {
		t.Errorf("got %v", err)
	}
}

func TestAGrammarBindsJapaneseWordForWord(t *testing.T) {
	l := openReal(t, gemma, SetContext(512))
	sentences := []string{"駐車場は北側にあります。", "返品は十四日以内です。", "\"6F\"\\へどうぞ\n"}
	for _, temperature := range []float32{0, 1.5} {
		g, err := l.Generate(context.Background(), "質問: 車はどこに停められますか。\n答え: ", WithGrammar(Choices(sentences...)),
			SetTemperature(temperature), SetSeed(7), SetTopK(40), SetTopP(0.95), SetMinP(0.01), SetPenalty(1.1))
		if err != nil {
			t.Fatal(err)
		}
		if !contains(sentences, g.Text) {
			t.Errorf("temperature %v: %q", temperature, g.Text)
		}
	}
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func TestASeedRepeatsAHotText(t *testing.T) {
	l := openReal(t, gemma, SetContext(256))
	hot := []PredictOption{SetTokens(12), SetTemperature(1), SetSeed(42)}
	a, err := l.Predict("One day", hot...)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := l.Predict("One day", hot...); err != nil || a != b {
		t.Errorf("%q and %q (%v)", a, b, err)
	}
}

func TestControlTokensAreOnlyReadWhenAskedFor(t *testing.T) {
	l := openReal(t, gemma, SetContext(256))
	plain, err := l.Generate(context.Background(), "<start_of_turn>", SetTokens(1))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := l.Generate(context.Background(), "<start_of_turn>", SetTokens(1), SetParseSpecial(true))
	if err != nil {
		t.Fatal(err)
	}
	if parsed.PromptTokens != 2 || plain.PromptTokens <= 2 {
		t.Errorf("%d tokens parsed, %d plain", parsed.PromptTokens, plain.PromptTokens)
	}
}

func TestALongPromptIsCancelledInsideTheEngine(t *testing.T) {
	l := openReal(t, gemma, SetContext(2048))
	prompt := strings.Repeat("the shop sells toothbrushes and towels on the sixth floor ", 150)
	for i := range 3 {
		ctx, cancel := context.WithCancel(context.Background())
		var asked atomic.Int64
		go func() {
			time.Sleep(time.Duration(40+30*i) * time.Millisecond)
			asked.Store(time.Now().UnixNano())
			cancel()
		}()
		_, err := l.Generate(ctx, prompt, SetTokens(1))
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		t.Logf("stopped %.1f ms after the cancel", float64(time.Now().UnixNano()-asked.Load())/1e6)
		if err := l.Reset(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Generate(context.Background(), "a", SetTokens(1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestManyCallersShareOneModel(t *testing.T) {
	l := openReal(t, gemma, SetContext(256))
	want, err := l.Predict("One two three", SetTokens(6))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			got, err := l.Predict("One two three", SetTokens(6))
			if err != nil || got != want {
				t.Errorf("%q, want %q (%v)", got, want, err)
			}
		})
	}
	wg.Wait()
}

func TestEmbeddingsOfOneMeaningLieTogether(t *testing.T) {
	l := openReal(t, e5, EnableEmbeddings, SetModelThreads(1))
	embed := func(text string) []float32 {
		v, err := l.Embeddings(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(v) != l.Dim() || l.Dim() != 384 {
			t.Fatalf("%d values, dim %d", len(v), l.Dim())
		}
		return v
	}
	q := embed("query: 何時まで開いていますか")
	near := cosine(q, embed("passage: 営業時間は午前10時から午後8時までです。"))
	far := cosine(q, embed("passage: 歯ブラシは6階の日用品売り場にあります。"))
	if near <= far {
		t.Errorf("near %v, far %v", near, far)
	}
	if again := cosine(q, embed("query: 何時まで開いていますか")); again < 0.99999 {
		t.Errorf("the same text gives %v", again)
	}
	long := embed("query: " + strings.Repeat("何時まで開いていますか。", 120))
	if c := cosine(q, long); c < 0.8 {
		t.Errorf("a text in windows lies %v away", c)
	}
	if err := l.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	if again := cosine(q, embed("query: 何時まで開いていますか")); again < 0.99999 {
		t.Errorf("after a reset the same text gives %v", again)
	}
}

func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

// The benchmarks print the figures that stand beside constants of this module.

func BenchmarkLoadGenerator(b *testing.B) {
	path := weights(b, gemma)
	for b.Loop() {
		l, err := New(path, SetContext(2048))
		if err != nil {
			b.Fatal(err)
		}
		l.Free()
	}
}

func BenchmarkLoadEmbedder(b *testing.B) {
	path := weights(b, e5)
	for b.Loop() {
		l, err := New(path, EnableEmbeddings)
		if err != nil {
			b.Fatal(err)
		}
		l.Free()
	}
}

func BenchmarkEmbedOneThread(b *testing.B) {
	l := openReal(b, e5, EnableEmbeddings, SetModelThreads(1))
	for b.Loop() {
		if _, err := l.Embeddings("query: 歯ブラシはどこに売っていますか"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReset(b *testing.B) {
	l := openReal(b, gemma, SetContext(2048))
	for b.Loop() {
		if err := l.Reset(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	l := openReal(b, gemma, SetContext(2048))
	prompt := strings.Repeat("質問: 営業時間は？ 答え: 午前十時から午後八時までです。\n", 12)
	for _, how := range []string{"cold", "warm"} {
		b.Run(how, func(b *testing.B) {
			var prefill, tokens time.Duration
			n, m, reused := 0, 0, 0
			for b.Loop() {
				if how == "cold" {
					if err := l.Reset(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
				g, err := l.Generate(context.Background(), prompt, SetTokens(32))
				if err != nil {
					b.Fatal(err)
				}
				prefill, tokens = prefill+g.PromptTime, tokens+g.TokenTime
				n, m, reused = n+g.PromptTokens, m+len(g.Tokens), reused+g.Reused
			}
			b.ReportMetric(float64(prefill.Milliseconds())/float64(b.N), "prompt-ms")
			b.ReportMetric(float64(n)/float64(b.N), "prompt-tokens")
			b.ReportMetric(float64(reused)/float64(b.N), "reused-tokens")
			b.ReportMetric(float64(m)/tokens.Seconds(), "tokens/s")
		})
	}
}
