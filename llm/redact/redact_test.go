package redact

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var testIDs = NewIDSet([]string{"hours", "hours-food", "Q.1_2", "4901234567890", "営業時間", strings.Repeat("x", MaxID), strings.Repeat("y", MaxID+1), ""})

// holdsText returns the path of a field that could hold words, or "".
func holdsText(t reflect.Type, path string) string {
	switch t {
	case reflect.TypeFor[KnowledgeID](), reflect.TypeFor[SummaryID]():
		return "" // made from known ids and from random bytes only; see their types
	case reflect.TypeFor[time.Time]():
		return ""
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Float64, reflect.Int64:
		if t.PkgPath() == "" && t.Kind() == reflect.Int64 {
			return path + " " + t.String()
		}
		return ""
	case reflect.Struct:
		for i := range t.NumField() {
			if bad := holdsText(t.Field(i).Type, path+"."+t.Field(i).Name); bad != "" {
				return bad
			}
		}
		return ""
	case reflect.Array, reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return path + " " + t.String()
		}
		return holdsText(t.Elem(), path+"[]")
	}
	return path + " " + t.String()
}

func TestNoFieldOfASummaryOrOfFactsCanHoldWords(t *testing.T) {
	for _, typ := range []reflect.Type{reflect.TypeFor[Summary](), reflect.TypeFor[Facts]()} {
		if bad := holdsText(typ, typ.Name()); bad != "" {
			t.Errorf("a shopper's words fit into %s", bad)
		}
	}
}

func TestTheWalkFindsFieldsThatCouldHoldWords(t *testing.T) {
	for _, v := range []any{
		struct{ a string }{}, struct{ a []byte }{}, struct{ a [4]byte }{}, struct{ a any }{}, struct{ a map[int]int }{}, struct{ a *int }{},
		struct{ a []struct{ b string } }{}, struct{ a int64 }{}, struct{ a error }{}, struct{ a []rune }{}, struct{ a func() }{},
	} {
		if holdsText(reflect.TypeOf(v), "x") == "" {
			t.Errorf("%T was let pass", v)
		}
	}
}

func anyFacts(t *rapid.T) Facts {
	known := []string{"hours", "hours-food", "Q.1_2", "4901234567890", "営業時間", strings.Repeat("x", MaxID), strings.Repeat("y", MaxID+1)}
	id := func(label string) KnowledgeID {
		k, err := testIDs.ID(rapid.SampledFrom(known).Draw(t, label))
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	f := Facts{
		At:         time.Unix(rapid.Int64Range(1e9, 2e11).Draw(t, "at"), 0).In(time.FixedZone("JST", 9*3600)),
		Kind:       Kind(rapid.IntRange(1, 9).Draw(t, "kind")),
		Language:   Language(rapid.IntRange(1, 5).Draw(t, "language")),
		Channel:    Channel(rapid.IntRange(1, 2).Draw(t, "channel")),
		Score:      rapid.Float64Range(-1, 2).Draw(t, "score"),
		FirstAudio: time.Duration(rapid.Int64Range(-1, 1e12).Draw(t, "first")),
		Speech:     time.Duration(rapid.Int64Range(-1, 1e12).Draw(t, "speech")),
		Total:      time.Duration(rapid.Int64().Draw(t, "total")),
		Flags:      Flags(rapid.IntRange(0, int(allFlags)).Draw(t, "flags")),
	}
	if rapid.Bool().Draw(t, "has topic") {
		f.Topic = id("topic")
	}
	for range rapid.IntRange(0, 5).Draw(t, "sources") {
		f.Sources = append(f.Sources, id("source"))
	}
	return f
}

func TestASummaryComesBackFromItsOneShortEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewSummary(anyFacts(t))
		if err != nil {
			t.Fatal(err)
		}
		b := s.Encode()
		if len(b) == 0 || len(b) > MaxSize {
			t.Fatalf("%d bytes: %s", len(b), b)
		}
		got, err := Decode(b, testIDs)
		if err != nil || got != s {
			t.Fatalf("%s: %v", b, err)
		}
		if !bytes.Equal(b, got.Encode()) {
			t.Fatal("a second encoding differs")
		}
	})
}

func TestTheLongestSummaryFits(t *testing.T) {
	long, err := testIDs.ID(strings.Repeat("x", MaxID))
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSummary(Facts{At: time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), Kind: KindGenerated, Topic: long,
		Sources: []KnowledgeID{long, long, long, long}, Language: OtherLanguage, Score: 1, Channel: Voice,
		FirstAudio: math.MaxInt64, Speech: math.MaxInt64, Total: math.MaxInt64, Flags: allFlags})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Encode()); n > MaxSize {
		t.Fatalf("%d bytes", n)
	}
}

const goodWire = `{"schema":1,"id":"00112233445566778899aabbccddeeff","day":"2026-11-22","hour":10,"kind":"approved","topic":"hours","sources":["hours-food"],"language":"ja","score":9,"channel":"voice","first_audio":3,"speech":4,"total":5,"flags":["repeated","kept"]}`

func TestDecodeRefusesWhatEncodeDoesNotWrite(t *testing.T) {
	if _, err := Decode([]byte(goodWire), testIDs); err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) string {
		if !strings.Contains(goodWire, old) {
			t.Fatalf("the test is wrong: no %s", old)
		}
		return strings.Replace(goodWire, old, new, 1)
	}
	for name, b := range map[string]string{
		"nothing": "", "null": "null", "a list": "[]", "an empty object": "{}",
		"a newer schema":       change(`"schema":1`, `"schema":2`),
		"an unknown field":     change(`{"schema"`, `{"note":"田中です","schema"`),
		"another case":         change(`"day"`, `"Day"`),
		"a field twice":        change(`"hour":10`, `"hour":10,"hour":10`),
		"a missing field":      change(`"hour":10,`, ``),
		"another order":        change(`"score":9,"channel":"voice"`, `"channel":"voice","score":9`),
		"a space":              change(`"hour":10`, `"hour": 10`),
		"a line end":           goodWire + "\n",
		"a second value":       goodWire + "{}",
		"a zero id":            change("00112233445566778899aabbccddeeff", strings.Repeat("0", 32)),
		"upper case in the id": change("aabb", "AABB"),
		"a short id":           change("aabb", ""),
		"a minute":             change(`2026-11-22`, `2026-11-22T10:31`),
		"a 31st of November":   change(`11-22`, `11-31`),
		"words for a day":      change(`2026-11-22`, `きのう`),
		"hour 24":              change(`"hour":10`, `"hour":24`),
		"a new kind":           change(`approved`, `whatever`),
		"words for a topic":    change(`"topic":"hours"`, `"topic":"tanaka-taro"`),
		"words for a source":   change(`hours-food`, `090-1234-5678`),
		"an empty source":      change(`"hours-food"`, `""`),
		"too many sources":     change(`["hours-food"]`, `["hours","hours","hours","hours"]`),
		"null sources":         change(`["hours-food"]`, `null`),
		"a new language":       change(`"ja"`, `"tlh"`),
		"score 11":             change(`"score":9`, `"score":11`),
		"a fraction":           change(`"score":9`, `"score":9.0`),
		"a negative duration":  change(`"total":5`, `"total":-5`),
		"duration 11":          change(`"total":5`, `"total":11`),
		"an unknown flag":      change(`"repeated",`, `"angry",`),
		"flags out of order":   change(`"repeated","kept"`, `"kept","repeated"`),
		"a flag twice":         change(`"repeated"`, `"repeated","repeated"`),
		"an escape":            change(`"hours"`, `"\u0068ours"`),
		"600 bytes":            change(`"hours"`, `"`+strings.Repeat("x", 400)+`"`),
	} {
		s, err := Decode([]byte(b), testIDs)
		if !errors.Is(err, ErrSummary) || s != (Summary{}) {
			t.Errorf("%s: %v", name, err)
		} else if strings.ContainsAny(err.Error(), "田き") || strings.Contains(err.Error(), "tanaka") || strings.Contains(err.Error(), "090") {
			t.Errorf("%s: the error repeats what it refused: %v", name, err)
		}
	}
}

func TestAnIDComesOnlyFromTheKnowledge(t *testing.T) {
	for _, id := range []string{"", "unknown", "Hours", "hours ", "営業", "h.0000000000000000"} {
		if k, err := testIDs.ID(id); !errors.Is(err, ErrSummary) || !k.IsZero() {
			t.Errorf("%q became %v", id, k)
		}
	}
	hashed, err := testIDs.ID("営業時間")
	if err != nil || !strings.HasPrefix(hashed.String(), "h.") || len(hashed.String()) != 18 {
		t.Fatal(hashed, err)
	}
	var none *IDSet
	if _, err := none.ID("hours"); err == nil {
		t.Fatal("no set gave an id")
	}
	if _, err := Decode([]byte(goodWire), nil); !errors.Is(err, ErrSummary) {
		t.Fatal("ids passed without a set")
	}
	if _, err := Decode([]byte(goodWire), AnyID()); err != nil {
		t.Fatal(err)
	}
	if _, err := AnyID().ID("with space"); err == nil {
		t.Fatal("a malformed id passed")
	}
}

func TestFactsThatAreUnsetAreRefused(t *testing.T) {
	good := Facts{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Kind: KindFixed, Language: Japanese, Channel: Text}
	if _, err := NewSummary(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Facts){
		"time": func(f *Facts) { f.At = time.Time{} }, "kind": func(f *Facts) { f.Kind = 0 }, "kind 10": func(f *Facts) { f.Kind = 10 },
		"language": func(f *Facts) { f.Language = 0 }, "channel": func(f *Facts) { f.Channel = 3 }, "flags": func(f *Facts) { f.Flags = 64 },
	} {
		f := good
		change(&f)
		s, err := NewSummary(f)
		if !errors.Is(err, ErrSummary) || s.Encode() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNamesAndNumbersGoTogether(t *testing.T) {
	for k := KindApproved; k <= KindRefused; k++ {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("%v: %v", k, err)
		}
	}
	for tag, want := range map[string]Language{"ja": Japanese, "ja-JP": Japanese, "en_GB": English, "": OtherLanguage, "jam": OtherLanguage, "fr": OtherLanguage, "zh-Hant": Chinese} {
		if got := LanguageOf(tag); got != want {
			t.Errorf("%q: %v", tag, got)
		}
	}
	if fmt.Sprint(Kind(0), Channel(9)) != "unset unset" {
		t.Error("a value without a name has one")
	}
}

func TestBucketsKeepTheirBounds(t *testing.T) {
	for score, want := range map[float64]ScoreBucket{-1: 0, 0: 0, 0.09: 0, 0.1: 1, 0.3: 3, 0.7: 7, 0.99: 9, 1: 10, 7: 10, math.Inf(1): 10, math.NaN(): 0} {
		if got := ScoreOf(score); got != want {
			t.Errorf("%v: %d", score, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		b := DurationOf(d)
		if limit, ok := b.Limit(); ok && d > limit && d > 0 {
			t.Fatalf("%v is over its bucket's %v", d, limit)
		}
		if b > 1 {
			if below, _ := (b - 1).Limit(); d <= below {
				t.Fatalf("%v belongs to a bucket below", d)
			}
		}
	})
}

func FuzzDecodeAcceptsOnlyWhatEncodeWrites(f *testing.F) {
	f.Add([]byte(goodWire))
	f.Add([]byte(strings.Replace(goodWire, `["hours-food"]`, `[]`, 1)))
	f.Add([]byte(`{"schema":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b, AnyID())
		if err != nil {
			if !errors.Is(err, ErrSummary) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(s.Encode(), b) || len(b) > MaxSize {
			t.Fatalf("%q was taken", b)
		}
	})
}
