package kiosk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenin/audio"
	"tenin/llm/dialogue"
	"tenin/llm/redact"
	"tenin/storage"
)

func agreed(t *testing.T) storage.Source {
	t.Helper()
	consent, err := storage.GrantConsent(storage.Grant{Notice: "test", By: storage.ByKey, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return storage.FromMicrophone(consent)
}

func begin(t *testing.T, c *Clerk, source storage.Source) *Visit {
	t.Helper()
	visit, err := c.Begin(source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { visit.Close() })
	return visit
}

// files returns what lies under home: contents by path.
func files(t *testing.T, home string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestATypedQuestionHasItsApprovedAnswerWordForWord(t *testing.T) {
	clerk, _ := openFake(t, "", nil)
	turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), parking, nil)
	if err != nil {
		t.Fatal(err)
	}
	if turn.Reply.Kind != dialogue.Approved || turn.Reply.Text != parkingAnswer || turn.Reply.Sources[0] != "parking" {
		t.Errorf("%+v", turn.Reply)
	}
	if turn.Transcript != parking || turn.Language != "ja" || turn.Speech != 0 || turn.Timings.FirstAudio != 0 || turn.Timings.Total == 0 {
		t.Errorf("%+v", turn)
	}
}

func TestASpokenQuestionIsHeardAnsweredSpokenAndKept(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	visit := begin(t, clerk, agreed(t))
	var spoken time.Duration
	var partials []string
	turn, err := visit.Listen(t.Context(), audio.NewFileSource(room(true), false), func(words string) { partials = append(partials, words) },
		func(chunk audio.Clip) error { spoken += chunk.Duration(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if turn.Transcript != parking || turn.Reply.Text != parkingAnswer || turn.Speech < time.Second {
		t.Errorf("%+v", turn)
	}
	if spoken == 0 || turn.Timings.FirstAudio == 0 {
		t.Errorf("%v spoken, first after %v", spoken, turn.Timings.FirstAudio)
	}

	id, err := storage.ParseID(visit.Session())
	if err != nil {
		t.Fatal(err)
	}
	saved, err := clerk.Vault().Load(id)
	if err != nil {
		t.Fatal(err)
	}
	if saved.Source != storage.Microphone || saved.Consent == nil || saved.Consent.Notice != "test" {
		t.Errorf("source %v, consent %+v", saved.Source, saved.Consent)
	}
	if len(saved.Turns) != 1 || saved.Turns[0].Transcript != parking || saved.Turns[0].Answer != parkingAnswer || saved.Turns[0].Kind != "approved" {
		t.Errorf("turns %+v", saved.Turns)
	}
	voice, err := clerk.Vault().Sound(id, saved.Turns[0].Clip)
	if err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(len(voice)) * time.Second / audio.SampleRate; got != turn.Speech {
		t.Errorf("%v of voice are kept, the shopper spoke %v", got, turn.Speech)
	}
	pending, err := clerk.Vault().Outbox().Pending(10)
	if err != nil || len(pending) != 1 {
		t.Fatalf("%d summaries wait: %v", len(pending), err)
	}
	summary, err := redact.Decode(pending[0].Payload, redact.NewIDSet([]string{"parking"}))
	if err != nil {
		t.Fatal(err)
	}
	if len(summary.Sources()) != 1 || summary.Sources()[0].String() != "parking" || summary.Channel() != redact.Voice {
		t.Errorf("%+v", summary)
	}
}

func TestNothingIsLeftOfAShopperWhoDidNotAgree(t *testing.T) {
	for _, words := range []string{parking, "折りたたみ傘はどこですか", "量子力学を教えて"} {
		clerk, f := openFake(t, words, nil)
		before := files(t, clerk.options.Home)
		visit := clerk.BeginUnkept()
		turn, err := visit.Listen(t.Context(), audio.NewFileSource(room(true), false), nil, func(audio.Clip) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := visit.Close(); err != nil {
			t.Fatal(err)
		}
		if turn.Transcript != words || turn.Reply.Text == "" || len(f.voice.texts) != 1 {
			t.Fatalf("%q was not answered aloud: %+v", words, turn.Reply)
		}
		if visit.Session() != "" || turn.Clip != 0 {
			t.Errorf("session %q, clip %d", visit.Session(), turn.Clip)
		}
		after := files(t, clerk.options.Home)
		for path, content := range after {
			if !bytes.Equal(content, before[path]) {
				t.Errorf("%s (%s) was written for %q", path, turn.Reply.Kind, words)
			}
		}
	}
}

func TestNobodyHavingSpokenLeavesNoSession(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	visit := begin(t, clerk, agreed(t))
	turn, err := visit.Listen(t.Context(), audio.NewFileSource(room(false), false), nil, func(audio.Clip) error { t.Error("it speaks"); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if turn.Transcript != "" || turn.Reply.Kind != dialogue.None || visit.Session() != "" {
		t.Errorf("%+v in session %q", turn, visit.Session())
	}
	if sessions, err := clerk.Vault().Sessions(); err != nil || len(sessions) != 0 {
		t.Errorf("%d sessions, %v", len(sessions), err)
	}
}

func TestListeningGivesUpAfterTheSettingsPatience(t *testing.T) {
	clerk, _ := openFake(t, parking, func(o *Options) { o.Config.Audio.QuietSeconds = 1 })
	source := &endlessSilence{}
	turn, err := clerk.BeginUnkept().Listen(t.Context(), source, nil, nil)
	if err != nil || turn.Reply.Kind != dialogue.None {
		t.Errorf("%+v, %v", turn, err)
	}
	if want := audio.SampleRate/audio.FrameSamples + 1; source.frames != want {
		t.Errorf("it gave up after %d frames, one second has %d", source.frames, want)
	}
}

type endlessSilence struct{ frames int }

func (s *endlessSilence) Read(context.Context) ([]float32, error) {
	s.frames++
	return make([]float32, audio.FrameSamples), nil
}

func TestTheTurnsOfAVisitAreOneSession(t *testing.T) {
	clerk, _ := openFake(t, "", nil)
	visit := begin(t, clerk, storage.FromText())
	if visit.Session() != "" {
		t.Error("there is a session before there is an answer")
	}
	for _, question := range []string{parking, "", "返品できますか"} {
		if _, err := visit.AskText(t.Context(), question, nil); err != nil {
			t.Fatal(err)
		}
	}
	sessions, err := clerk.Vault().Sessions()
	if err != nil || len(sessions) != 1 || sessions[0].Turns != 2 {
		t.Errorf("%+v, %v", sessions, err)
	}
}

func TestAConsentServesOneSessionOnly(t *testing.T) {
	clerk, _ := openFake(t, "", nil)
	source := agreed(t)
	if _, err := begin(t, clerk, source).AskText(t.Context(), parking, nil); err != nil {
		t.Fatal(err)
	}
	turn, err := begin(t, clerk, source).AskText(t.Context(), parking, nil)
	if !errors.Is(err, storage.ErrNoConsent) {
		t.Errorf("the second session: %v", err)
	}
	if turn.Reply.Text != parkingAnswer {
		t.Error("the answer was lost with the session")
	}
}

func TestATurnThatIsCancelledWhileItIsSpokenIsKept(t *testing.T) {
	clerk, f := openFake(t, "", nil)
	visit := begin(t, clerk, storage.FromText())
	ctx, cancel := context.WithCancel(t.Context())
	f.voice.began = cancel
	if _, err := visit.AskText(ctx, parking, func(audio.Clip) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if visit.Session() == "" {
		t.Error("what was answered before is not kept")
	}
}

func TestATurnThatIsCancelledWhileItListensIsNotKept(t *testing.T) {
	clerk, _ := openFake(t, parking, nil)
	visit := begin(t, clerk, agreed(t))
	ctx, cancel := context.WithCancel(t.Context())
	partial := func(string) { cancel() }
	if _, err := visit.Listen(ctx, audio.NewFileSource(room(true), true), partial, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if visit.Session() != "" {
		t.Error("an unfinished question is kept")
	}
}

func TestTheVoiceIsKeptOnlyWhereTheShopWantsIt(t *testing.T) {
	clerk, _ := openFake(t, parking, func(o *Options) { o.Config.Retention.Audio = false })
	turn, err := begin(t, clerk, agreed(t)).ListenRecording(t.Context(), room(true), nil)
	if err != nil || turn.Transcript == "" {
		t.Fatalf("%+v, %v", turn, err)
	}
	sessions, err := clerk.Vault().Sessions()
	if err != nil || len(sessions) != 1 || sessions[0].Clips != 0 || sessions[0].Turns != 1 {
		t.Errorf("%+v, %v", sessions, err)
	}
}

func TestSessionsPastTheirRetentionAreGoneAtTheNextStart(t *testing.T) {
	clerk, _ := openFake(t, "", nil)
	if _, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), parking, nil); err != nil {
		t.Fatal(err)
	}
	days := clerk.options.Config.Retention.Days
	if err := clerk.forget(time.Now().AddDate(0, 0, days).Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if sessions, _ := clerk.Vault().Sessions(); len(sessions) != 1 {
		t.Fatalf("%d sessions in the last hour", len(sessions))
	}
	if err := clerk.forget(time.Now().AddDate(0, 0, days).Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if sessions, _ := clerk.Vault().Sessions(); len(sessions) != 0 {
		t.Errorf("%d sessions an hour after it", len(sessions))
	}
}

func TestNoWordOrSoundOfAKeptVisitIsReadableOnDisk(t *testing.T) {
	const words = "田中花子ですが駐車場はありますか"
	clerk, _ := openFake(t, words, nil)
	clip := room(true)
	if _, err := begin(t, clerk, agreed(t)).Listen(t.Context(), audio.NewFileSource(clip, false), nil, func(audio.Clip) error { return nil }); err != nil {
		t.Fatal(err)
	}
	home := clerk.options.Home
	if err := clerk.Close(); err != nil {
		t.Fatal(err)
	}
	var pcm, floats []byte
	for _, s := range clip.Samples[audio.SampleRate : audio.SampleRate+32] {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(s*32767)))
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(s))
	}
	for path, content := range files(t, home) {
		if bytes.Contains(content, []byte("田中")) || bytes.Contains(content, pcm) || bytes.Contains(content, floats) {
			t.Errorf("%s holds what the shopper said", path)
		}
	}
}
