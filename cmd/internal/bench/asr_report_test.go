package bench

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestMistakesAreWeighedByTheLettersOfTheirRecording(t *testing.T) {
	r := newASRReport([]sample{
		{set: setTest, file: "a.wav", language: "ja", text: "あいうえおかきく。", terms: []string{"うえ"}, duration: 4 * time.Second, with: heard{"あいうえおかきく", 400 * ms}, peer: &heard{"", 4 * time.Second}},
		{set: setTest, file: "b.wav", language: "ja", text: "あい", duration: time.Second, with: heard{"かき", 100 * ms}},
		{set: setTune, file: "c.wav", language: "ja", text: "あい", duration: time.Second, with: heard{"", 100 * ms}},
	}, asWritten{})
	if r.CER != 0.2 || r.RTF != 0.1 || r.Clips != 2 || r.Terms != (Terms{1, 1, 1}) {
		t.Errorf("%+v", r.Accuracy)
	}
	if r.Without.CER != 1 || r.Tune.CER != 1 || r.Tune.Clips != 1 {
		t.Errorf("without words %+v, tuning %+v", r.Without, r.Tune)
	}
	if r.Peer.CER != 1 || r.Peer.Clips != 1 || r.Ours.CER != 0 || r.Ratio != 10 || r.RatioCER != 0 {
		t.Errorf("peer %+v, ours %+v, ratios %v and %v", r.Peer, r.Ours, r.Ratio, r.RatioCER)
	}
}

func TestLettersWrittenForNoSpeechAreCountedApart(t *testing.T) {
	r := newASRReport([]sample{
		{set: setClips, file: "a.wav", language: "ja", text: "あい", duration: time.Second, with: heard{"あい", 100 * ms}},
		{set: setClips, file: "b.wav", language: "en", text: "a b", duration: time.Second, with: heard{"a c", 100 * ms}, peer: &heard{"a b", time.Second}},
		{set: setClips, file: "c.wav", language: "none", duration: time.Second, with: heard{"", 100 * ms}, without: heard{"(音楽)", 100 * ms}, peer: &heard{"音", time.Second}},
	}, asWritten{})
	if n := r.NonSpeech; n.Clips != 1 || n.Letters != 0 || n.Without != 2 || n.PeerClips != 1 || n.Peer != 1 {
		t.Errorf("%+v", n)
	}
	if len(r.Languages) != 2 || r.Languages["ja"].CER != 0 || r.Languages["en"].CER != 0.5 || r.Languages["en"].Peer == nil {
		t.Errorf("%+v", r.Languages)
	}
	if r.Clips != 2 {
		t.Errorf("%d clips with speech", r.Clips)
	}
	var out bytes.Buffer
	r.Print(&out)
	for _, want := range []string{"en, no words expected", "letters written for 1 clips without speech: 0 (must be 0)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
}

func TestTheRecognisersJSONHasItsStableFields(t *testing.T) {
	fields := fieldsOf(t, newASRReport(nil, asWritten{}))
	for _, name := range []string{"cpus", "threads", "clips", "cer", "terms", "rtf", "ms", "without_vocabulary", "tune", "languages", "non_speech", "peer",
		"ours_on_peer_clips", "ratio", "ratio_cer", "recordings"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %s in %v", name, fields)
		}
	}
}

func TestAManifestNamesClipsInItsOwnFolder(t *testing.T) {
	got, err := parseManifest(strings.NewReader(`{"file":"a.wav","lang":"ja","text":"あ","dur":1.5}` + "\n\n" + `{"file":"b.wav","lang":"none","text":""}`))
	if err != nil || len(got) != 2 || got[0] != (clipLine{"a.wav", "ja", "あ"}) || got[1].Text != "" {
		t.Errorf("%+v, error %v", got, err)
	}
	for text, want := range map[string]string{
		"":                              "no clip",
		"a.wav":                         "line 1",
		`{"lang":"ja"}`:                 "no file",
		`{"file":"../a.wav"}`:           "not in the folder",
		`{"file":"/a.wav"}`:             "not in the folder",
		`{"file":"a.wav"}` + "\n" + `{`: "line 2",
	} {
		if _, err := parseManifest(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", text, err, want)
		}
	}
}

func FuzzAManifestNeverLeavesItsFolder(f *testing.F) {
	f.Add(`{"file":"a.wav","lang":"ja","text":"あ"}`)
	f.Add(`{"file":"a/../../b.wav"}`)
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseManifest(strings.NewReader(text))
		if err == nil && len(lines) == 0 {
			t.Fatal("neither a clip nor an error")
		}
		for _, c := range lines {
			if strings.HasPrefix(c.File, "/") || strings.HasPrefix(c.File, "..") && (c.File == ".." || c.File[2] == '/') {
				t.Fatalf("%q leaves the folder", c.File)
			}
		}
	})
}

func TestWhisperCLIsTimesAreNotItsWords(t *testing.T) {
	got := plainTranscript("\n[00:00:00.000 --> 00:00:02.000]  営業時間を\n[00:00:02.000 --> 00:00:03.500]   教えてください。\n\n")
	if got != "営業時間を 教えてください。" {
		t.Errorf("got %q", got)
	}
}

func TestSpokenQuestionsAreWholeAndHaveTerms(t *testing.T) {
	for name, read := range map[string]func() ([]Question, error){"test": TurnQuestions, "tune": TuneQuestions} {
		questions, err := read()
		if err != nil || len(questions) < 12 {
			t.Fatalf("%s: %d questions, error %v", name, len(questions), err)
		}
		for _, q := range questions {
			if q.ID == "" || len(q.Expect) == 0 || len(q.Terms) == 0 {
				t.Errorf("%s: %+v", name, q)
			}
			for _, term := range q.Terms {
				if !strings.Contains(q.Text, term) {
					t.Errorf("%s: %q does not hold %q", q.ID, q.Text, term)
				}
			}
		}
	}
}
