package worker

import (
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/pb"
)

// voiceServer serves a voice.
type voiceServer struct {
	pb.UnimplementedVoiceServer
	voice speech.Synthesizer
}

func (v *voiceServer) open(s Settings, engines Engines, reply *pb.OpenReply) (err error) {
	if v.voice, err = engines.Voice(s); err == nil {
		reply.Voice, err = v.voice.ID()
	}
	return err
}

// Synthesize implements pb.VoiceServer.
func (v *voiceServer) Synthesize(r *pb.SynthesizeRequest, stream pb.Voice_SynthesizeServer) error {
	o := speech.Options{Voice: string(r.GetVoice()), Speed: r.GetSpeed(), Language: string(r.GetLanguage())}
	for chunk, err := range v.voice.Synthesize(stream.Context(), string(r.GetText()), o) {
		reply := &pb.SynthesizeReply{Fault: voiceFaults.code(err)}
		if err == nil {
			reply.Samples = audio.PackSamples(chunk.Samples)
		}
		if err := stream.Send(reply); err != nil {
			return err
		}
	}
	return nil
}
