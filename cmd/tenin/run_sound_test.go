//go:build engines

package main

import (
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenin/audio"
	"tenin/audio/audiotest"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// shop is a kiosk's machine: a user with a home, a room with a microphone, a loudspeaker, and a question to ask.
type shop struct {
	t        *testing.T
	sound    *audiotest.Server
	env      []string
	user     string // holds everything that the kiosk may write
	question string
	samples  audio.Clip
}

// spokenQuestion is long enough for words to be shown before it is over, on a busy machine too.
const spokenQuestion = "すみません、少しお聞きしたいのですが、こちらの営業時間を教えてください。"

// shopAnswers are few: the demo shop's would take a minute to embed in each new home.
const shopAnswers = `{"id":"hours","question":"営業時間は何時までですか","answer":"営業時間は、毎日午前10時から午後8時までです。地下の食品売り場は、午後9時まで営業しております。"}
{"id":"returns","question":"返品できますか","answer":"レシートがあれば、14日以内の返品を承ります。"}
`

// openShop sets the shop up with a question; without answers of its own the kiosk serves the demo shop.
func openShop(t *testing.T, answers, settings string) *shop {
	t.Helper()
	s := openRoom(t, answers, settings)
	s.question = filepath.Join(t.TempDir(), "question.wav")
	tenin(t, []string{"HOME=" + t.TempDir(), "TENIN_HOME=", "XDG_DATA_HOME=", weights()}, "speak", spokenQuestion, "--voice", "jf_tebukuro", "--output", s.question)
	clip, _, err := audio.ReadFile(s.question, audio.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s.samples = audio.Resample(clip, audio.SampleRate)
	return s
}

// openRoom sets up a shop to which nothing is said yet.
func openRoom(t *testing.T, answers, settings string) *shop {
	t.Helper()
	s := &shop{t: t, sound: audiotest.Start(t, "speaker", "room"), user: t.TempDir()}
	temp := filepath.Join(s.user, "tmp")
	home := filepath.Join(s.user, ".local", "share", "tenin")
	for _, dir := range []string{temp, home} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(home, "tenin.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.sound.Env("speaker", "room.monitor"), "HOME="+s.user, "TMPDIR="+temp, "TERM=xterm", "TENIN_HOME=", "XDG_DATA_HOME=", weights())
	if answers != "" {
		knowledge := filepath.Join(t.TempDir(), "answers.jsonl")
		if err := os.WriteFile(knowledge, []byte(answers), 0o600); err != nil {
			t.Fatal(err)
		}
		tenin(t, s.env, "knowledge", "import", "--no-render", knowledge)
	}
	return s
}

// through is a kiosk whose microphone hears the room, and whose answers go to the loudspeaker.
const through = `
[audio]
microphone = "pulse"
loudspeaker = "pulse"
quiet_seconds = 20
`

func (s *shop) ask() {
	s.t.Helper()
	if err := s.sound.Play(s.question, "room"); err != nil {
		s.t.Fatal(err)
	}
}

// ear hears the loudspeaker.
type ear struct {
	mu    sync.Mutex
	pcm   []byte
	loud  time.Time // when sound came last
	since time.Time // when it came first
}

func (e *ear) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pcm = append(e.pcm, p...)
	for i := 0; i+1 < len(p); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(p[i:])); v > 300 || v < -300 {
			e.loud = time.Now()
			if e.since.IsZero() {
				e.since = e.loud
			}
			break
		}
	}
	return len(p), nil
}

// waitForSound returns when the loudspeaker sounds.
func (e *ear) waitForSound(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		e.mu.Lock()
		heard := !e.since.IsZero()
		e.mu.Unlock()
		if heard {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the loudspeaker is silent")
		}
	}
}

func (e *ear) clip() audio.Clip {
	e.mu.Lock()
	defer e.mu.Unlock()
	clip := audio.Clip{Rate: audio.SampleRate}
	for i := 0; i+1 < len(e.pcm); i += 2 {
		clip.Samples = append(clip.Samples, float32(int16(binary.LittleEndian.Uint16(e.pcm[i:])))/32768)
	}
	return clip
}

func (s *shop) sessions() (list []listingJSON) {
	s.t.Helper()
	for line := range strings.Lines(tenin(s.t, s.env, "sessions", "list", "--json")) {
		var l listingJSON
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			s.t.Fatalf("%v in %q", err, line)
		}
		list = append(list, l)
	}
	return list
}

func TestAQuestionSpokenIntoTheRoomIsAnsweredFromTheLoudspeakerAndKeptAfterAYes(t *testing.T) {
	s := openShop(t, shopAnswers, through)
	kiosk := startTerminal(t, s.env, "run", "--headless")
	t.Logf("from the key to the open microphone: %v", kiosk.welcome("y"))
	answer := &ear{}
	stop := s.sound.Record(t, "speaker", "16000", answer)
	s.ask()
	spoken := time.Now()
	kiosk.waitFor("heard   ")
	if heard := kiosk.waitFor("\r\n"); !strings.Contains(heard, "営業時間") {
		t.Errorf("it heard %q", heard)
	}
	kiosk.waitFor("answer  ")
	if text := kiosk.waitFor("\r\n"); !strings.Contains(text, "午前10時から午後8時") {
		t.Errorf("it answers %q", text)
	}
	answer.waitForSound(t)
	t.Logf("from the end of paplay to sound from the loudspeaker: %v", time.Since(spoken))
	kiosk.waitFor("ask again")
	time.Sleep(200 * time.Millisecond) // what is still between the server and the recorder
	stop()
	recording := filepath.Join(t.TempDir(), "answer.wav")
	if err := audio.WriteFile(recording, answer.clip()); err != nil {
		t.Fatal(err)
	}
	if text := tenin(t, s.env, "transcribe", "--lang", "ja", recording); !strings.Contains(text, "8時") && !strings.Contains(text, "八時") {
		t.Errorf("the loudspeaker said %q", text)
	}

	// The same shopper asks again and has heard enough.
	kiosk.press(enter)
	if between := kiosk.waitFor("speak now"); strings.Contains(between, "いいえ") {
		t.Error("a shopper is asked twice for consent")
	}
	cut := &ear{}
	stop = s.sound.Record(t, "speaker", "16000", cut)
	s.ask()
	cut.waitForSound(t)
	time.Sleep(700 * time.Millisecond)
	pressed := time.Now()
	kiosk.press(enter)
	kiosk.waitFor("ask again")
	asked := time.Now()
	time.Sleep(300 * time.Millisecond)
	stop()
	t.Logf("from the key to the last sound: %v (the server's buffers counted), to the next prompt: %v", cut.loud.Sub(pressed), asked.Sub(pressed))
	if heard, whole := cut.loud.Sub(cut.since), answer.loud.Sub(answer.since); heard > whole*2/3 {
		t.Errorf("%v of %v were heard after a key stopped the answer", heard, whole)
	}

	// The next shopper does not agree.
	kiosk.press("n" + enter)
	kiosk.welcome("")
	s.ask()
	kiosk.waitFor("answer  ")
	kiosk.press("q" + enter)
	kiosk.wantExit()

	screen := kiosk.screen.String()
	if !strings.Contains(screen, "\r… ") && !strings.Contains(screen, "\n… ") || !strings.Contains(screen, "\r\x1b[K") {
		t.Errorf("no words were shown while they were spoken: %q", screen)
	}
	list := s.sessions()
	if len(list) != 1 || list[0].Source != storage.Microphone || list[0].Turns != 2 {
		t.Fatalf("%+v", list)
	}
	var saved savedJSON
	if err := json.Unmarshal([]byte(tenin(t, s.env, "sessions", "show", "--json", list[0].Session.String())), &saved); err != nil {
		t.Fatal(err)
	}
	if saved.Consent == nil || saved.Consent.Notice != consentVersion {
		t.Errorf("consent %+v", saved.Consent)
	}
	s.wantNoTrace("")
}

func TestNothingOfAShopperWhoDidNotAgreeIsOnTheDisk(t *testing.T) {
	s := openShop(t, shopAnswers, through)
	kiosk := startTerminal(t, s.env, "run", "--headless")
	kiosk.welcome("")
	s.ask()
	kiosk.waitFor("answer  ")
	kiosk.waitFor("first sound")
	kiosk.press(ctrlC)
	kiosk.wantExit()
	if list := s.sessions(); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	s.wantNoTrace("教えて")

	// The search would have found it.
	planted := filepath.Join(s.user, "planted")
	pcm := []byte{1} // at an odd place
	for _, v := range s.samples.Samples {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(v*12000)))
	}
	if err := os.WriteFile(planted, pcm, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := s.trace(""); len(found) != 1 || found[0] != planted {
		t.Errorf("the search found %q", found)
	}
}

func (s *shop) wantNoTrace(words string) {
	s.t.Helper()
	if found := s.trace(words); len(found) > 0 {
		s.t.Errorf("the question is in %q", found)
	}
}

// trace returns the files of the user that hold words, or sound like the question in one of the forms that the program
// handles sound in: 16-bit and float samples at audio.SampleRate.
func (s *shop) trace(words string) (found []string) {
	s.t.Helper()
	// A tenth of a second from the middle, where it is loudest.
	const length = audio.SampleRate / 10
	loudest, at := 0.0, 0
	for i := 0; i+length < len(s.samples.Samples); i += length {
		power := 0.0
		for _, v := range s.samples.Samples[i : i+length] {
			power += float64(v) * float64(v)
		}
		if power > loudest {
			loudest, at = power, i
		}
	}
	template := s.samples.Samples[at : at+length]
	err := filepath.WalkDir(s.user, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if words != "" && strings.Contains(string(content), words) || holds(content, template) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// holds looks for a stretch that correlates with the template, at every place and in every form.
func holds(content []byte, template []float32) bool {
	for shift := range 4 {
		if shift >= len(content) {
			break
		}
		body := content[shift:]
		floats := make([]float32, len(body)/4)
		for i := range floats {
			v := math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
			if v > 2 || v < -2 || v != v {
				v = 0
			}
			floats[i] = v
		}
		if correlates(floats, template) {
			return true
		}
		if shift > 1 {
			continue
		}
		shorts := make([]float32, len(body)/2)
		for i := range shorts {
			shorts[i] = float32(int16(binary.LittleEndian.Uint16(body[2*i:]))) / 32768
		}
		if correlates(shorts, template) {
			return true
		}
	}
	return false
}

// correlates finds the template at any place, louder or softer, resampled on its way through a sound server or not.
func correlates(samples, template []float32) bool {
	own := 0.0
	for _, v := range template {
		own += float64(v) * float64(v)
	}
	power := 0.0
	for i := 0; i < len(samples); i++ {
		power += float64(samples[i]) * float64(samples[i])
		begin := i - len(template) + 1
		if begin < 0 {
			continue
		}
		if begin > 0 {
			power -= float64(samples[begin-1]) * float64(samples[begin-1])
		}
		if power < own*1e-3 {
			continue
		}
		var product float32
		for j, v := range template {
			product += v * samples[begin+j]
		}
		if math.Abs(float64(product)) > 0.8*math.Sqrt(own*power) {
			return true
		}
	}
	return false
}

func TestCtrlCLeavesTheLiveKioskInEveryState(t *testing.T) {
	s := openShop(t, shopAnswers, through)
	for _, state := range []struct {
		name  string
		reach func(*terminal)
	}{
		{"waiting", func(k *terminal) { k.waitFor("leave\r\n"); time.Sleep(time.Second) }}, // answers are being rendered
		{"listening", func(k *terminal) { k.welcome("") }},
		{"hearing", func(k *terminal) { k.welcome(""); go s.sound.Play(s.question, "room"); time.Sleep(time.Second) }},
		{"synthesis", func(k *terminal) { k.welcome(""); s.ask(); k.waitFor("answer  ") }},
		{"playback", func(k *terminal) { k.welcome(""); s.ask(); k.waitFor("first sound") }},
	} {
		t.Run(state.name, func(t *testing.T) {
			k := startTerminal(t, s.env, "run", "--headless")
			state.reach(k)
			begin := time.Now()
			k.press(ctrlC)
			k.wantExit()
			t.Logf("it ended after %v", time.Since(begin))
		})
	}
	t.Run("Ctrl-D", func(t *testing.T) {
		k := startTerminal(t, s.env, "run", "--headless")
		k.welcome("")
		k.press(ctrlD)
		k.wantExit()
	})
}

func TestTheKioskOutlivesItsSoundServer(t *testing.T) {
	s := openShop(t, shopAnswers, through)
	k := startTerminal(t, s.env, "run", "--headless")
	k.welcome("")
	s.sound.Kill()
	k.waitFor("please try again: ")
	k.waitFor("ask again")
	k.press(enter)
	k.waitFor("please try again: ") // there is no microphone yet
	k.waitFor("ask again")
	s.sound.Restart(t)
	k.press(enter)
	k.waitFor("speak now")
	s.ask()
	if heard := k.waitFor("answer  "); !strings.Contains(heard, "営業時間") {
		t.Errorf("it heard %q", heard)
	}
	k.waitFor("ask again")
	k.press("q" + enter)
	k.wantExit()
}

// The process that has the sound devices may die like any other: in the middle of a question and in the middle of an
// answer the kiosk says so, and the next question is heard by a new one.
func TestTheKioskOutlivesTheProcessOfItsSound(t *testing.T) {
	s := openShop(t, shopAnswers, through)
	k := startTerminal(t, s.env, "run", "--headless")
	k.welcome("")
	s.kill("audio")
	k.waitFor("Please try once more")
	k.waitFor("ask again")
	for _, dies := range []bool{true, false} {
		// A question that meets the very end of the old process is told so, and whoever asks does it again.
		for k.press(enter); !k.screen.waitForEither(t, "speak now", "ask again"); {
			k.press(enter)
		}
		s.ask()
		if heard := k.waitFor("answer  "); !strings.Contains(heard, "営業時間") {
			t.Errorf("it heard %q", heard)
		}
		k.waitFor("first sound")
		if dies {
			s.kill("audio")
		}
		if said := k.waitFor("ask again"); dies && !strings.Contains(said, "no loudspeaker") {
			t.Errorf("after the loudspeaker was lost in the middle of an answer it says %q", said)
		}
	}
	k.press("q" + enter)
	k.wantExit()
}

// kill ends the running kiosk's worker of that role.
func (s *shop) kill(role string) {
	s.t.Helper()
	client, err := kiosk.DialKiosk(s.t.Context(), filepath.Join(s.user, ".local", "share", "tenin"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer client.Close()
	status, err := pb.NewKioskClient(client.Conn()).Status(s.t.Context(), &pb.StatusRequest{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range status.Processes {
		if p.Role == role {
			if err := syscall.Kill(int(p.Pid), syscall.SIGKILL); err != nil {
				s.t.Fatal(err)
			}
			return
		}
	}
	s.t.Fatalf("the kiosk has no %s process", role)
}

func TestAMonitorIsNoMicrophoneUnlessTheSettingsNameIt(t *testing.T) {
	s := openShop(t, "", "")
	k := startTerminal(t, s.env, "run", "--headless")
	if line := k.waitFor("the demo shop answers recorded questions"); !strings.Contains(line, audio.ErrNoMicrophone.Error()) {
		t.Errorf("it says %q", line)
	}
}
