package worker

import (
	"context"
	"syscall"
	"testing"
	"time"

	"tenin/asr"
	"tenin/asr/asrtest"
	"tenin/audio"
	"tenin/audio/audiotest/conformance"
	"tenin/audio/speech"
	"tenin/audio/speech/speechtest"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
)

func TestARemoteRecognizerConforms(t *testing.T) {
	p := start(t, nil, ASR)
	asrtest.TestRecognizer(t, func(*testing.T) asr.Recognizer { return p.Recognizer() }, tone(time.Second), "ja")
}

func TestARemoteVADConforms(t *testing.T) {
	p := start(t, nil, ASR)
	conformance.TestVAD(t, func(*testing.T) audio.VAD { return p.VAD() })
}

func TestARemoteVoiceConforms(t *testing.T) {
	speechtest.TestSynthesizer(t, start(t, nil, Voice).Voice())
}

func TestARemoteEmbedderConforms(t *testing.T) {
	llmtest.TestEmbedder(t, start(t, nil, LLM).Embedder())
}

func TestRemoteDevicesConform(t *testing.T) {
	conformance.TestDevices(t, func(t *testing.T) conformance.Devices { return devicesOf(start(t, nil, Audio), "") })
}

// devicesOf are the pool's; what kills them is the death of the worker.
func devicesOf(p *Pool, name string) conformance.Devices {
	return conformance.Devices{
		Microphone: func(ctx context.Context, o audio.DeviceOptions) (conformance.Microphone, error) {
			o.Name = name
			m, err := p.OpenMicrophone(ctx, o)
			if err != nil {
				return nil, err
			}
			return m.(*Microphone), nil
		},
		Speaker: func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
			o.Name = name
			return p.OpenSpeaker(ctx, o)
		},
		Kill: func() { syscall.Kill(p.Processes()[0].PID, syscall.SIGKILL) },
	}
}

func TestTheShopsWordsReachTheRecognizerOnceForEachProcess(t *testing.T) {
	p := start(t, nil, ASR)
	r := p.Recognizer()
	sound := reading.Default().Katakana
	for _, v := range []asr.Vocabulary{{{Text: "営業時間", Weight: 2}, {Text: "駐車場", Weight: 1}}, {{Text: "領収書", Weight: 1}}} {
		words := asr.NewLexicon(v, asr.DefaultBudget, r.Tokens, sound)
		for range 3 {
			got, err := r.Transcribe(bounded(t), tone(time.Second), asr.Options{Words: words})
			if want := heard + words.Prompt(); err != nil || got.Text != want {
				t.Fatalf("%q, want %q: %v", got.Text, want, err)
			}
			if err := p.Refresh(bounded(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// heard is workertest.Heard.
const heard = "営業時間を教えてください"

func TestALargeLexiconCrossesInPieces(t *testing.T) {
	p := start(t, nil, ASR)
	var v asr.Vocabulary
	for a := range 60 {
		for b := range 200 {
			v = append(v, asr.Word{Text: "営業" + string(rune(0x4e00+a*37)) + string(rune(0x5000+b*11)), Weight: 1})
		}
	}
	words := asr.NewLexicon(v, asr.DefaultBudget, nil, func(text string) string {
		kana := []rune("エイギョウ")
		for _, r := range text {
			kana = append(kana, 'ア'+rune(int(r)%70))
		}
		return string(kana)
	})
	if n := len(packLexicon(words).messages); n < 2 {
		t.Fatalf("%d messages", n)
	}
	if got, err := p.Recognizer().Transcribe(bounded(t), tone(time.Second), asr.Options{Words: words}); err != nil || got.Text != heard+words.Prompt() {
		t.Errorf("%q %v", got.Text, err)
	}
}

func TestADeviceThatWasLostIsOpenedAgainInANewProcess(t *testing.T) {
	p := start(t, nil, Audio)
	before := p.Processes()[0].PID
	s, err := p.OpenSpeaker(bounded(t), audio.DeviceOptions{Name: dying})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Play(bounded(t), audio.Clip{Samples: tone(5 * time.Second), Rate: asr.SampleRate}); err == nil {
		t.Error("a dead loudspeaker played")
	}
	s.Close()
	s, err = p.OpenSpeaker(bounded(t), audio.DeviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if played, err := s.Play(bounded(t), audio.Clip{Samples: tone(100 * time.Millisecond), Rate: asr.SampleRate}); err != nil || played != 100*time.Millisecond {
		t.Errorf("%v %v", played, err)
	}
	after := p.Processes()[0]
	if after.PID == before || after.Restarts != 0 {
		t.Errorf("pid %d, then %+v", before, after)
	}
}

// dying is workertest.Dying.
const dying = "dying"

func TestAVoiceThatNobodyListensToAnyMoreStops(t *testing.T) {
	p := start(t, nil, Voice)
	for range p.Voice().Synthesize(bounded(t), "はい、こちらは3階です。お手洗いの隣にございます。", speech.Options{}) {
		break
	}
	// Settle has nothing to wait for.
	p.slots[Voice].settle(p.slots[Voice].process)
	if n := p.Processes()[0].Restarts; n != 0 {
		t.Errorf("%d restarts", n)
	}
}
