package worker

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// soundServer serves the devices.
type soundServer struct {
	pb.UnimplementedSoundServer
	devices Devices
}

func (s *soundServer) open(settings Settings, engines Engines) (err error) {
	s.devices, err = engines.Devices(settings)
	return err
}

// Devices implements pb.SoundServer.
func (s *soundServer) Devices(_ context.Context, r *pb.DevicesRequest) (*pb.DevicesReply, error) {
	var list []audio.Device
	var err error
	if r.GetDefaultMicrophone() {
		list = make([]audio.Device, 1)
		list[0], err = s.devices.DefaultMicrophone()
	} else {
		list, err = s.devices.Devices()
	}
	if err != nil {
		return &pb.DevicesReply{Fault: soundFaults.code(err)}, nil
	}
	reply := &pb.DevicesReply{}
	for _, d := range list {
		reply.Devices = append(reply.Devices, packDevice(d))
	}
	return reply, nil
}

// Listen implements pb.SoundServer.
func (s *soundServer) Listen(r *pb.ListenRequest, stream pb.Sound_ListenServer) error {
	ctx := stream.Context()
	m, err := s.devices.OpenMicrophone(ctx, audio.DeviceOptions{Name: string(r.GetName()), Buffer: time.Duration(r.GetBufferNs())})
	if err != nil {
		return stream.Send(&pb.ListenReply{Fault: soundFaults.code(err)})
	}
	// The library's opinion of the end changes nothing.
	defer func() { _ = m.Close() }()
	if err := stream.Send(&pb.ListenReply{Device: packDevice(m.Device())}); err != nil {
		return err
	}
	for {
		frame, err := m.Read(ctx)
		if err != nil {
			return stream.Send(&pb.ListenReply{Fault: soundFaults.code(err)})
		}
		if err := stream.Send(&pb.ListenReply{Frame: audio.PackSamples(frame), OverrunNs: int64(m.Overrun())}); err != nil {
			return err
		}
	}
}

// Play implements pb.SoundServer.
func (s *soundServer) Play(stream pb.Sound_PlayServer) error {
	ctx := stream.Context()
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	speaker, err := s.devices.OpenSpeaker(ctx, audio.DeviceOptions{Name: string(first.GetName())})
	if err != nil {
		return stream.Send(&pb.PlayReply{Fault: soundFaults.code(err)})
	}
	defer func() { _ = speaker.Close() }()
	if err := stream.Send(&pb.PlayReply{Device: packDevice(speaker.Device())}); err != nil {
		return err
	}
	requests := make(chan *pb.PlayRequest)
	go func() {
		defer close(requests)
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			select {
			case requests <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	var clip audio.Clip
	for m := range requests {
		samples, whole := audio.UnpackSamples(m.GetSamples())
		rate := int(m.GetRate())
		switch {
		case m.GetStop():
			continue // it came after the end of what it was meant for
		case !whole, rate < audio.MinRate, rate > audio.MaxRate, len(clip.Samples)+len(samples) > longestClip:
			return status.Error(codes.InvalidArgument, "")
		}
		clip.Samples, clip.Rate = append(clip.Samples, samples...), rate
		if !m.GetLast() {
			continue
		}
		played, err := playUntil(ctx, speaker, clip, requests)
		clear(clip.Samples)
		clip.Samples = clip.Samples[:0]
		if err := stream.Send(&pb.PlayReply{Fault: soundFaults.code(err), PlayedNs: int64(played)}); err != nil {
			return err
		}
	}
	return nil
}

// playUntil plays the clip to its end, or until a request to stop or the end of the requests.
func playUntil(ctx context.Context, speaker *audio.Speaker, clip audio.Clip, requests <-chan *pb.PlayRequest) (time.Duration, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		played time.Duration
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		played, err := speaker.Play(ctx, clip)
		done <- outcome{played, err}
	}()
	for {
		select {
		case o := <-done:
			return o.played, o.err
		case m, more := <-requests:
			if !more || m.GetStop() {
				stop()
			}
			if !more {
				requests = nil
			}
		}
	}
}
