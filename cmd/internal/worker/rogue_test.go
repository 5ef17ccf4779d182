package worker

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/pb"
)

// RogueVariable makes the test binary a hostile worker of that kind.
const RogueVariable = "TENIN_ROGUE"

// rogues answer an engine's call with what no honest worker sends.
var rogues = map[string]func(send func(proto.Message) error){
	"a vector of 5 MB": func(send func(proto.Message) error) { send(&pb.EmbedReply{Vector: make([]byte, 5<<20)}) },
	"a vector that is no numbers": func(send func(proto.Message) error) {
		send(&pb.EmbedReply{Vector: audio.PackSamples([]float32{float32(math.NaN()), 1})})
	},
	"a short vector":          func(send func(proto.Message) error) { send(&pb.EmbedReply{Vector: audio.PackSamples([]float32{1})}) },
	"an unknown fault":        func(send func(proto.Message) error) { send(&pb.EmbedReply{Fault: 9999}) },
	"a fault of another room": func(send func(proto.Message) error) { send(&pb.EmbedReply{Fault: pb.Fault_FAULT_NO_SPEAKER}) },
	"nothing":                 func(func(proto.Message) error) {},
	// Field 2 is text in both messages, but in this one it may hold any bytes.
	"text that is not UTF-8": func(send func(proto.Message) error) { send(&pb.SoundedWord{Kana: []byte("\xff\xfe")}) },
	"bytes that are no message": func(send func(proto.Message) error) {
		send(&pb.EmbedRequest{Text: []byte("\xff\xff\xff\xff")})
	},
	"speech without end": func(send func(proto.Message) error) {
		for send(&pb.SynthesizeReply{}) == nil {
		}
	},
	"a chunk of a minute": func(send func(proto.Message) error) {
		send(&pb.SynthesizeReply{Samples: make([]byte, 40*4*speech.Rate)})
	},
	"a broken sample": func(send func(proto.Message) error) { send(&pb.SynthesizeReply{Samples: make([]byte, 7)}) },
	"half a frame": func(send func(proto.Message) error) {
		send(&pb.ListenReply{Device: &pb.Device{}})
		send(&pb.ListenReply{Frame: make([]byte, 1024)})
		hold()
	},
	"a device with a novel": func(send func(proto.Message) error) {
		send(&pb.ListenReply{Device: &pb.Device{Name: strings.Repeat("x", 1<<20)}})
	},
	"answers that nobody asked for": func(send func(proto.Message) error) {
		for send(&pb.PlayReply{Device: &pb.Device{}}) == nil {
		}
	},
	"a probability of 2":             func(send func(proto.Message) error) { send(&pb.DetectReply{Probabilities: []float32{2}}) },
	"two probabilities of one frame": func(send func(proto.Message) error) { send(&pb.DetectReply{Probabilities: []float32{0.5, 0.5}}) },
}

func hold() { time.Sleep(time.Minute) }

// Rogue is the hostile worker's main.
func Rogue(kind string) {
	conn, err := inherited()
	if err != nil {
		return
	}
	switch kind {
	case "noise":
		b := []byte(strings.Repeat("\x00\xff\x01PRI", 1<<12))
		for {
			if _, err := conn.Write(b); err != nil {
				return
			}
		}
	case "silence":
		io.Copy(io.Discard, conn)
		return
	}
	g := grpc.NewServer(grpc.MaxSendMsgSize(64<<20), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		if err := stream.RecvMsg(&pb.PingRequest{}); err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(method, "/Open"):
			return stream.SendMsg(&pb.OpenReply{Dim: 2, Voice: "rogue"})
		case strings.HasPrefix(method, "/tenin.worker.Worker/"):
			return stream.SendMsg(&pb.PingReply{})
		}
		rogues[kind](func(m proto.Message) error { return stream.SendMsg(m) })
		return nil
	}))
	_ = g.Serve(newSingle(conn))
}

func rogue(kind string) spawner {
	return func(_ Role, socket *os.File) (*exec.Cmd, error) {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{RogueVariable + "=" + kind}
		cmd.ExtraFiles = []*os.File{socket}
		return cmd, nil
	}
}

func TestAHostileWorkerIsLostAndCannotHarmTheKiosk(t *testing.T) {
	for kind := range rogues {
		t.Run(kind, func(t *testing.T) {
			p := start(t, func(o *Options) { o.spawn, o.limits.chunk = rogue(kind), time.Second }, Roles()...)
			ctx := bounded(t)
			calls := map[string]func() error{
				"embed": func() error { _, err := p.Embedder().Embed(ctx, "query: 傘"); return err },
				"transcribe": func() error {
					_, err := p.Recognizer().Transcribe(ctx, tone(time.Second), asr.Options{})
					return err
				},
				"speak": func() error {
					_, err := speech.Whole(p.Voice().Synthesize(ctx, "はい", speech.Options{}))
					return err
				},
				"detect": func() error {
					_, err := p.VAD().Probabilities(make([]float32, audio.FrameSamples))
					return err
				},
				"listen": func() error {
					m, err := p.OpenMicrophone(ctx, audio.DeviceOptions{})
					if err != nil {
						return err
					}
					defer m.Close()
					_, err = m.Read(ctx)
					return err
				},
				"play": func() error {
					s, err := p.OpenSpeaker(ctx, audio.DeviceOptions{})
					if err != nil {
						return err
					}
					defer s.Close()
					_, err = s.Play(ctx, audio.Clip{Samples: tone(time.Second), Rate: 16000})
					return err
				},
			}
			harmless := 0
			for name, call := range calls {
				switch err := call(); {
				case errors.Is(err, ErrLost), errors.Is(err, audio.ErrNoSpeaker):
				case err == nil:
					harmless++
				default:
					t.Errorf("%s: %v", name, err)
				}
			}
			// A message of another kind may mean something: an empty speech, a VAD's zero.
			if harmless == len(calls) {
				t.Error("nobody noticed")
			}
		})
	}
}

func TestAWorkerThatNeverSpeaksTheProtocolDoesNotStart(t *testing.T) {
	for _, kind := range []string{"noise", "silence"} {
		o := Options{spawn: rogue(kind), limits: quick()}
		o.limits.load = 500 * time.Millisecond
		if _, err := Start(bounded(t), o, LLM); !errors.Is(err, ErrStart) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestNoErrorOfALostCallHoldsItsWords(t *testing.T) {
	p := start(t, nil, LLM)
	_, err := p.Embedder().Embed(context.Background(), "山田太郎 "+panicked)
	if !errors.Is(err, ErrLost) || strings.Contains(err.Error(), "山田") {
		t.Error(err)
	}
}
