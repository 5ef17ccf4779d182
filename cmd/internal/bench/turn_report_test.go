package bench

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/audio"
)

const ms = time.Millisecond

// asWritten reads nothing: a term is kept by its letters alone, but 落し物 sounds as 落とし物.
type asWritten struct{}

func (asWritten) Hiragana(text string) string {
	return strings.NewReplacer("落とし物", "おとしもの", "落し物", "おとしもの").Replace(text)
}

func ourTurn(id string, endpoint, speak int) turn {
	q := Question{ID: id, Text: "トイレはどこですか。", Expect: []string{"toilet"}, Terms: []string{"トイレ"}}
	return turn{
		recorded: recorded{Question: q, voice: "jf_alpha"},
		ours: outcome{
			Stages:     Stages{Endpoint: time.Duration(endpoint) * ms, Retrieve: 20 * ms, Speak: time.Duration(speak) * ms},
			transcript: "トイレはどこですか", sources: []string{"toilet"}, kind: "approved", spoke: true, cached: true,
		},
	}
}

func peerOf(t turn, asr, speak int) *outcome {
	return &outcome{
		Stages: Stages{ASR: time.Duration(asr) * ms, Speak: time.Duration(speak) * ms}, transcript: t.Text, sources: []string{"hours"}, spoke: true,
	}
}

func TestPercentilesAreTimesThatWereMeasured(t *testing.T) {
	var times []time.Duration
	for i := range 10 {
		times = append(times, time.Duration(10-i)*ms)
	}
	if got, want := spread(times), (Spread{5, 9, 10}); got != want {
		t.Errorf("1 to 10 ms: %+v, want %+v", got, want)
	}
	if got, want := spread(times[:1]), (Spread{10, 10, 10}); got != want {
		t.Errorf("10 ms alone: %+v, want %+v", got, want)
	}
	if got := spread(nil); got != (Spread{}) {
		t.Errorf("nothing: %+v", got)
	}
	if times[0] != 10*ms {
		t.Error("the caller's times were sorted")
	}
}

func TestAnyPercentileIsOneOfTheTimesAndTheyAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 5000), 1, 40).Draw(t, "milliseconds")
		var times []time.Duration
		for _, n := range counts {
			times = append(times, time.Duration(n)*ms)
		}
		s := spread(times)
		for _, v := range []float64{s.P50, s.P90, s.Max} {
			if !slices.Contains(counts, int(v)) {
				t.Fatalf("%v is none of %v", v, counts)
			}
		}
		if s.P50 > s.P90 || s.P90 > s.Max || s.Max != float64(slices.Max(counts)) {
			t.Fatalf("%+v of %v", s, counts)
		}
		below := 0
		for _, n := range counts {
			if float64(n) <= s.P50 {
				below++
			}
		}
		if 2*below < len(counts) {
			t.Fatalf("only %d of %v are at most the p50 %v", below, counts, s.P50)
		}
	})
}

func TestARatioOfNothingIsZero(t *testing.T) {
	for _, c := range []struct{ peer, ours, want float64 }{{3000, 400, 7.5}, {1, 3, 0.33}, {0, 400, 0}, {400, 0, 0}} {
		if got := ratio(c.peer, c.ours); got != c.want || math.IsInf(got, 0) {
			t.Errorf("%v by %v is %v, want %v", c.peer, c.ours, got, c.want)
		}
	}
}

func TestRatiosComparePeersWithOursOnTheSameQuestions(t *testing.T) {
	turns := []turn{ourTurn("q01", 400, 0), ourTurn("q02", 900, 80), ourTurn("q03", 100, 0)}
	turns[0].naive, turns[0].warm = peerOf(turns[0], 2000, 2200), peerOf(turns[0], 300, 750)
	r := newTurnReport(turns, asWritten{})
	if r.FirstAudio != (Spread{420, 1000, 1000}) {
		t.Errorf("ours %+v", r.FirstAudio)
	}
	if r.Peer.Questions != 1 || r.Ratio != 10 || r.RatioWarm != 2.5 || r.Peer.Ours.P50 != 420 {
		t.Errorf("ratios %v and %v, peer %+v", r.Ratio, r.RatioWarm, r.Peer)
	}
	if r.Answered != 3 || r.Right != 3 || r.Peer.Right != 0 {
		t.Errorf("%d answered, %d right, peer %d right", r.Answered, r.Right, r.Peer.Right)
	}
}

func TestTurnsWithoutASpokenAnswerDoNotCountInTheTimes(t *testing.T) {
	turns := []turn{ourTurn("q01", 400, 0), ourTurn("q02", 1, 0), ourTurn("q03", -700, 0)}
	turns[1].ours = outcome{}
	turns[2].ours.cut = true
	turns[1].naive = peerOf(turns[1], 2000, 2000)
	r := newTurnReport(turns, asWritten{})
	if r.Answered != 1 || r.FirstAudio.P50 != 420 || r.Stages.Endpoint.Max != 400 {
		t.Errorf("%d answered, %+v", r.Answered, r.FirstAudio)
	}
	if r.Terms != (Terms{All: 3, Kept: 2, Spelled: 2}) {
		t.Errorf("terms %+v", r.Terms)
	}
	if r.Ratio != 0 {
		t.Errorf("ratio %v against a question that we did not answer", r.Ratio)
	}
	var out bytes.Buffer
	r.Print(&out)
	for _, want := range []string{"NOT HEARD", "ANSWERED BEFORE THE QUESTION WAS OVER"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report for people does not say %q:\n%s", want, &out)
		}
	}
}

func TestTermsAreKeptByLettersOrByReading(t *testing.T) {
	for transcript, want := range map[string]Terms{
		"落とし物をしました。": {All: 2, Kept: 1, Spelled: 1},
		"落し物をしました":   {All: 2, Kept: 1},
		"ＡＴＭに落とし 物":  {All: 2, Kept: 2, Spelled: 2},
		"":           {All: 2},
	} {
		if got := countTerms(asWritten{}, transcript, []string{"落とし物", "atm"}); got != want {
			t.Errorf("%q: %+v, want %+v", transcript, got, want)
		}
	}
}

func TestTheTurnsJSONHasItsStableFields(t *testing.T) {
	turns := []turn{ourTurn("q01", 400, 0)}
	turns[0].naive, turns[0].warm = peerOf(turns[0], 2000, 2200), peerOf(turns[0], 300, 750)
	r := newTurnReport(turns, asWritten{})
	r.setMemory(&MemoryReport{PSS: 900, Limit: memoryLimit})
	fields := fieldsOf(t, r)
	for _, name := range []string{"cpus", "threads", "questions", "first_audio_ms", "stages_ms", "first_audio_cached_ms", "answered", "right",
		"terms", "pss_mb", "memory", "peer", "ratio", "peer_warm", "ratio_warm", "turns"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %s in %v", name, fields)
		}
	}
	if fields["ratio"] != 10.0 || fields["pss_mb"] != 900.0 {
		t.Errorf("ratio %v, pss_mb %v", fields["ratio"], fields["pss_mb"])
	}
	peer := fields["peer"].(map[string]any)
	for _, stage := range []string{"endpoint", "asr", "retrieve", "generate", "speak"} {
		for _, chain := range []map[string]any{fields, peer} {
			if s, ok := chain["stages_ms"].(map[string]any)[stage].(map[string]any); !ok || s["p50"] == nil || s["p90"] == nil || s["max"] == nil {
				t.Errorf("stage %s: %v", stage, chain["stages_ms"])
			}
		}
	}
	if bare := fieldsOf(t, newTurnReport([]turn{ourTurn("q01", 400, 0)}, asWritten{})); bare["peer"] != nil || bare["ratio"] != 0.0 {
		t.Errorf("without peers: peer %v, ratio %v", bare["peer"], bare["ratio"])
	}
}

func fieldsOf(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestTheTableForPeopleNamesEveryStageAndChain(t *testing.T) {
	turns := []turn{ourTurn("q01", 400, 0), ourTurn("q02", 500, 0)}
	turns[0].naive, turns[0].warm = peerOf(turns[0], 2000, 2200), peerOf(turns[0], 300, 750)
	r := newTurnReport(turns, asWritten{})
	r.setMemory(&MemoryReport{PSS: 900, Limit: memoryLimit})
	var out bytes.Buffer
	r.Print(&out)
	for _, want := range []string{"this clerk", "engines kept warm", "chain from files", "end of speech noticed", "transcript, after that", "search",
		"generation", "speech, to its first sound", "first sound of the answer", "10.0 times as long", "2.5 times as long", "900 MB", "ms"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

func TestPeersAreGivenQuestionsFromAllOverTheFile(t *testing.T) {
	for _, c := range []struct {
		total, n int
		want     []int
	}{{16, 4, []int{0, 4, 8, 12}}, {3, 0, []int{0, 1, 2}}, {3, 9, []int{0, 1, 2}}, {16, -1, nil}, {0, 4, nil}} {
		if got := peerIndices(c.total, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%d of %d: %v, want %v", c.n, c.total, got, c.want)
		}
	}
}

func TestTheChainFromFilesIsNotMadeSlowByAModelThatRambles(t *testing.T) {
	for _, c := range []struct{ generated, want string }{
		{" 午前10時です。", "午前10時です。"},
		{strings.Repeat("午前10時です。", 20), "午前10時から午後8時までです。"},
		{" 。", "午前10時から午後8時までです。"},
	} {
		if got := shorter(c.generated, "午前10時から午後8時までです。"); got != c.want {
			t.Errorf("%q is spoken as %q", c.generated, got)
		}
	}
}

func TestTheClockOfARecordingStandsWhereItsSampleWasDue(t *testing.T) {
	source := &clockedSource{Source: audio.NewFileSource(audio.Clip{Samples: make([]float32, 4*audio.FrameSamples), Rate: audio.SampleRate}, true)}
	defer source.Close()
	before := time.Now()
	for range 2 {
		if _, err := source.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if due := source.played(2 * audio.FrameSamples); due.Before(before.Add(2*audio.FrameDuration)) || due.After(time.Now()) {
		t.Errorf("the second frame was due %v after the start and came after %v", due.Sub(before), time.Since(before))
	}
}
