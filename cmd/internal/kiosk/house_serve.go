package kiosk

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
)

// houseService serves the house at the control socket. Who may make a call is checked before it comes here.
type houseService struct {
	pb.UnimplementedHouseServer
	served
}

type houseStream = grpc.ServerStreamingServer[pb.HousePart]

// asker is who makes a call; empty where the shop has no accounts, or the call needs no PIN and none was given.
func asker(ctx context.Context) string {
	m, _ := control.MemberFrom(ctx)
	return m.Name
}

// answer reads what was asked, and sends what call gives.
func answer[In, Out any](r *pb.HouseRequest, stream houseStream, call func(ctx context.Context, who string, in In) (Out, error)) error {
	var in In
	if err := readAsked(r.Asked, &in); err != nil {
		return err
	}
	ctx := stream.Context()
	out, err := call(ctx, asker(ctx), in)
	if err != nil {
		return err
	}
	return sendAnswerOf(stream, out, nil)
}

func (s houseService) room() *Backroom { return s.clerk.backroom }

func (s houseService) Situation(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(context.Context, string, nothing) (Situation, error) { return s.room().Situation(), nil })
}

func (s houseService) Watch(r *pb.HouseRequest, stream houseStream) error {
	var none nothing
	if err := readAsked(r.Asked, &none); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	// The socket is closed before the clerk is, and the clerk's backroom with it.
	defer context.AfterFunc(s.life, cancel)()
	var failed error
	err := inside{s.room()}.Watch(ctx, func(situation Situation) {
		if failed = sendAnswerOf(stream, situation, nil); failed != nil {
			cancel()
		}
	})
	switch {
	case failed != nil:
		return failed
	case s.life.Err() != nil:
		return nil
	}
	return err
}

func (s houseService) Take(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, who string, in askCall) (nothing, error) {
		return nothing{}, s.room().take(in.Call, who)
	})
}

func (s houseService) Handled(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, who string, in askCall) (nothing, error) {
		return nothing{}, s.room().handled(in.Call, who)
	})
}

func (s houseService) Today(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(_ context.Context, _ string, in askDays) (any, error) { return s.room().today(in.Days) })
}

func (s houseService) Unanswered(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, who string, in askDays) ([]Gap, error) {
		gaps, err := s.room().unanswered(ctx, who, in.Days)
		if err == nil {
			s.log(ctx, "the questions without an answer were read")
		}
		return gaps, err
	})
}

func (s houseService) Similar(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, _ string, in askSimilar) ([]Approved, error) {
		return s.room().similar(ctx, in.Question, in.Most)
	})
}

func (s houseService) Try(r *pb.HouseRequest, stream houseStream) error {
	var trial Trial
	if err := readAsked(r.Asked, &trial); err != nil {
		return err
	}
	tried, err := s.room().try(stream.Context(), trial)
	if err != nil {
		return err
	}
	return sendAnswerOf(stream, wireTried{tried.Kana, tried.Words, tried.Sound.Rate}, tried.Sound.Samples)
}

func (s houseService) Readings(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(context.Context, string, nothing) ([]Reading, error) { return s.room().readings() })
}

func (s houseService) FixReading(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, _ string, in Reading) (nothing, error) {
		err := s.room().fixReading(in)
		if err == nil {
			s.log(ctx, "a reading was fixed")
		}
		return nothing{}, err
	})
}

func (s houseService) Publish(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, who string, in askPublish) (any, error) {
		diff, err := s.room().publish(who, in.Draft, in.Preview)
		if err == nil && !in.Preview {
			s.log(ctx, "an answer was published")
		}
		return diff, err
	})
}

func (s houseService) TakeBack(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, _ string, _ nothing) (any, error) {
		diff, err := s.room().takeBack()
		if err == nil {
			s.log(ctx, "the last change of the knowledge was undone")
		}
		return diff, err
	})
}

func (s houseService) Conversations(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, _ string, in Filter) ([]wireTalk, error) {
		list, err := s.room().conversations(ctx, in)
		talks := make([]wireTalk, len(list))
		for i, c := range list {
			listing, err := proto.Marshal(listingToWire(c.Listing))
			if err != nil {
				return nil, err
			}
			talks[i] = wireTalk{listing, c.Topics, c.Handed}
		}
		return talks, err
	})
}

func (s houseService) Read(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, who string, in askTalk) (any, error) {
		saved, err := s.room().read(who, in.ID, in.Reason)
		if err == nil {
			s.log(ctx, "a session was read", "session", in.ID.String())
		}
		return saved, err
	})
}

func (s houseService) Sound(r *pb.HouseRequest, stream houseStream) error {
	var in askTalk
	if err := readAsked(r.Asked, &in); err != nil {
		return err
	}
	clip, err := s.room().clipOf(asker(stream.Context()), in.ID, in.Clip, in.Reason)
	if err != nil {
		return err
	}
	defer clear(clip.Samples)
	s.log(stream.Context(), "the sound of a session was heard", "session", in.ID.String())
	return sendAnswerOf(stream, wireSound{clip.Rate}, clip.Samples)
}

func (s houseService) Accesses(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(_ context.Context, _ string, in askMost) (any, error) { return s.room().accesses(in.Most) })
}

func (s houseService) Settings(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(context.Context, string, nothing) (Settings, error) { return s.room().Settings(), nil })
}

func (s houseService) Change(r *pb.HouseRequest, stream houseStream) error {
	return answer(r, stream, func(ctx context.Context, _ string, in Change) (Settings, error) {
		settings, err := s.room().change(in)
		if err == nil {
			s.log(ctx, "the shop's switches were changed")
		}
		return settings, err
	})
}
