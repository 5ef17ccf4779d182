package counter

import (
	"testing"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/llm/knowledge/demo"
	"tenin/ui/shopper"
)

// listen is a hearing after so many Loudnesses, each as loud as level says.
func listen(pieces int, level func(i int) float32) hearing {
	h := hearing{turn: 1, silent: true}
	for i := range pieces {
		h = h.louder(kiosk.Loudness{Turn: 1, RMS: level(i)})
	}
	return h
}

func TestTheLevelSaysWhyNothingIsHeard(t *testing.T) {
	steady := func(v float32) func(int) float32 { return func(int) float32 { return v } }
	speech := func(i int) float32 { return []float32{0.002, 0.002, 0.08, 0.1, 0.05}[i%5] }
	for _, c := range []struct {
		name          string
		pieces        int
		level         func(int) float32
		hint, failure shopper.Reason
	}{
		{"just begun", 5, steady(0), shopper.None, shopper.NotUnderstood},
		{"switched off", 12, steady(0), shopper.Muted, shopper.Muted},
		{"a quiet room", 20, steady(0.001), shopper.None, shopper.TooQuiet},
		{"a quiet room for long", 40, steady(0.001), shopper.TooQuiet, shopper.TooQuiet},
		{"a brass band", 40, steady(0.1), shopper.TooNoisy, shopper.TooNoisy},
		{"speech without words", 40, speech, shopper.None, shopper.NotUnderstood},
	} {
		h := listen(c.pieces, c.level)
		if h.hint() != c.hint || h.failure() != c.failure {
			t.Errorf("%s: hint %d, failure %d", c.name, h.hint(), h.failure())
		}
		if h.level < 0 || h.level > 1 {
			t.Errorf("%s: a level of %f", c.name, h.level)
		}
		if h = h.saying("傘"); h.hint() != shopper.None {
			t.Errorf("%s: words are heard, and the reason why none are is %d", c.name, h.hint())
		}
	}
	if quiet, loud := listen(1, steady(0.01)), listen(1, steady(0.2)); quiet.level >= loud.level {
		t.Errorf("%f is shown louder than %f", quiet.level, loud.level)
	}
}

func TestWordsAreFirmOnceTwoTranscriptsAgree(t *testing.T) {
	h := hearing{}
	for _, c := range []struct {
		words string
		firm  int
	}{{"電気", 0}, {"電気ケト", 2}, {"電気ケトルは", 4}, {"電池", 1}, {"", 0}} {
		if h = h.saying(c.words); h.firm != c.firm || h.words != c.words {
			t.Errorf("%q: %d runes are firm, not %d", c.words, h.firm, c.firm)
		}
	}
}

// speaking is the screen of an answer of three sentences that has just begun to sound.
func speaking(now time.Time) state {
	s := state{rules: rules{name: "店", patience: time.Minute}}.fresh()
	q := kiosk.Question{Talk: kiosk.Talk{Turn: 1}}
	for _, h := range []happening{
		entered{kiosk.Attract{}}, entered{kiosk.Consenting{}}, entered{kiosk.Listening{Question: q}}, entered{kiosk.Thinking{Question: q, Heard: true}},
		replied{turn: kiosk.Turn{Reply: dialogue.Reply{Kind: dialogue.Approved, Text: "一つ目です。二つ目はもっと長いです。三つ目。"}}},
		entered{kiosk.Answering{Question: q}},
	} {
		s, _ = step(s, now, h)
	}
	return s
}

func TestCaptionsFollowTheVoiceSentenceBySentence(t *testing.T) {
	begun := time.Unix(1e9, 0)
	s := speaking(begun)
	at := func(after time.Duration) int {
		s, _ = step(s, begun.Add(after), ticked{})
		v, _ := s.view()
		return v.Screen.(shopper.Answer).Heard
	}
	if at(time.Second) != 0 {
		t.Error("something was heard before there is sound")
	}
	s, _ = step(s, begun, sounded{kiosk.Sound{Turn: 1, Begun: begun, Made: 2 * time.Second}})
	if at(time.Hour) > 18 {
		t.Error("more was heard than is made")
	}
	s, _ = step(s, begun, sounded{kiosk.Sound{Turn: 2, Begun: begun, Made: time.Hour, All: true}})
	s, _ = step(s, begun, sounded{kiosk.Sound{Turn: 1, Begun: begun, Made: 4 * time.Second, All: true}})
	last := 0
	seen := map[int]bool{}
	for i := range 50 {
		heard := at(time.Duration(i) * 100 * time.Millisecond)
		if heard < last {
			t.Fatalf("the voice goes back from %d to %d", last, heard)
		}
		last, seen[heard] = heard, true
	}
	if len(seen) != 3 || !seen[0] || !seen[6] || !seen[18] {
		t.Errorf("the marks stand at %v, not at the three sentences", seen)
	}
	if due := s.due(); due.IsZero() || due.Sub(s.now) > captionEvery {
		t.Errorf("the clock is set to %v", due)
	}
	s.look.Silent = true
	if at(2*time.Second) != 0 {
		t.Error("a voice that is off is followed")
	}
}

func TestTheCountIsTheLastTwentySecondsAndEndsInIdle(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := state{rules: rules{name: "店", patience: time.Minute}}.fresh()
	s, _ = step(s, now, entered{kiosk.Attract{}})
	s, _ = step(s, now, entered{kiosk.Consenting{}})
	var counts []int
	for range 100 {
		due := s.due()
		if due.IsZero() {
			break
		}
		if !due.After(now) && s.left() > 1 {
			t.Fatalf("the clock stands still at %v", due)
		}
		now = due
		var effects []effect
		s, effects = step(s, now, ticked{})
		if len(effects) > 0 {
			if sent := effects[0].(send); len(effects) > 1 || sent.events[0] != (kiosk.Idle{}) {
				t.Errorf("%+v", effects)
			}
			continue
		}
		if v, _ := s.view(); len(counts) == 0 || counts[len(counts)-1] != v.Left {
			counts = append(counts, v.Left)
		}
	}
	if len(counts) != countFrom || counts[0] != countFrom || counts[len(counts)-1] != 1 {
		t.Errorf("the count is %v", counts)
	}
	if s.now.Sub(time.Unix(1e9, 0)) != time.Minute {
		t.Errorf("it ends after %v", s.now.Sub(time.Unix(1e9, 0)))
	}
}

func TestAPlaceOnAnotherFloorIsSaidInWords(t *testing.T) {
	plan := demo.Plan()
	for place, want := range map[string][2]string{
		"6階 寝具 棚B-02":   {"この端末は1階にあります。6階へお上がりください。", "This kiosk is on 1F. Please go up to 6F."},
		"地下2階 青果 棚G-11": {"この端末は1階にあります。地下2階へお下りください。", "This kiosk is on 1F. Please go down to B2."},
		"1階 化粧品":        {"", ""},
	} {
		found, ok := plan.Find(place)
		if !ok {
			t.Fatal(place)
		}
		for i, l := range []shopper.Language{shopper.Japanese, shopper.English} {
			if m := floorMap(spot{plan, found}, l); m.Elsewhere != want[i] || m.There == (shopper.Point{}) || (m.Elsewhere == "") != (len(m.Path) > 0) {
				t.Errorf("%s: %q, %v", place, m.Elsewhere, m.Path)
			}
		}
	}
	plan.Kiosk = knowledge.Spot{}
	found, _ := plan.Find("6階 寝具")
	if m := floorMap(spot{plan, found}, shopper.Japanese); m.Elsewhere != "6階にございます。" {
		t.Errorf("without the kiosk's own place: %q", m.Elsewhere)
	}
}

func TestNotesSayWhatTheListSays(t *testing.T) {
	some, none := 15, 0
	for _, c := range []struct {
		p      knowledge.Product
		ja, en string
	}{
		{knowledge.Product{Price: 6050, Stock: &some}, "6,050円　在庫 15点", "6,050 yen, 15 in stock"},
		{knowledge.Product{Price: 1234567}, "1,234,567円", "1,234,567 yen"},
		{knowledge.Product{Stock: &none}, "品切れ", "sold out"},
		{knowledge.Product{}, "", ""},
	} {
		if ja, en := note(c.p, shopper.Japanese), note(c.p, shopper.English); ja != c.ja || en != c.en {
			t.Errorf("%q, %q", ja, en)
		}
	}
}

func TestAnIdleFirstScreenAsksForFewPictures(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := state{rules: rules{name: "店", patience: time.Minute}, shop: Shop{Examples: map[shopper.Language][]string{shopper.Japanese: {"a", "b"}}}}.fresh()
	s, _ = step(s, now, entered{kiosk.Attract{}})
	for i := range 10 {
		due := s.due()
		if due.Sub(s.now) != slideEvery {
			t.Fatalf("the next picture is due after %v", due.Sub(s.now))
		}
		s, _ = step(s, due, ticked{})
		if v, _ := s.view(); v.Screen.(shopper.Attract).Slide != (i+1)%2 {
			t.Errorf("slide %d", v.Screen.(shopper.Attract).Slide)
		}
	}
	s.look.ReducedMotion = true
	q := kiosk.Question{Talk: kiosk.Talk{Turn: 1}}
	s, _ = step(s, now, entered{kiosk.Listening{Question: q}})
	s, _ = step(s, now, entered{kiosk.Thinking{Question: q}})
	if due := s.due(); !due.IsZero() {
		t.Errorf("with reduced motion something moves at %v", due)
	}
}
