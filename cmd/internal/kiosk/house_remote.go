package kiosk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// OpenHouse returns the house of home: the kiosk that runs there, or, when none does, this process with the vault open.
// Without a kiosk there is no PIN to ask for, and what needs one fails with ErrNotRunning. It is closed by the caller.
func OpenHouse(ctx context.Context, home string, how ...Unlock) (House, error) {
	client, err := control.Dial(ctx, home, sentinelOf)
	if err == nil {
		return &farHouse{client: client}, nil
	}
	if !errors.Is(err, control.ErrNotRunning) {
		return nil, err
	}
	if !HasVault(home) {
		return nil, fmt.Errorf("%w, and there is no vault yet that could be opened", err)
	}
	settings, err := config.Load("", home)
	if err != nil {
		return nil, err
	}
	vault, err := OpenVault(home, how...)
	if err != nil {
		return nil, err
	}
	room, err := openBackroom(vault, settings, home, nil, time.Now)
	if err != nil {
		return nil, errors.Join(err, vault.Close())
	}
	return openedHouse{inside{room}}, nil
}

// HouseRuns says whether a kiosk answers at the other end of h, or works in this process.
func HouseRuns(h House) bool {
	opened, ok := h.(openedHouse)
	return !ok || opened.room.clerk != nil
}

// openedHouse is the house of a vault that was opened for it.
type openedHouse struct{ inside }

func (o openedHouse) Close() error {
	err := o.room.close()
	return errors.Join(err, o.room.vault.Close())
}

// HouseAt is the house of the kiosk at the other end of c; closing it closes c.
func HouseAt(c *control.Client) House { return &farHouse{client: c} }

// farHouse is the house of a kiosk in another process.
type farHouse struct{ client *control.Client }

// houseCall is a call of the protocol.
type houseCall func(context.Context, *pb.HouseRequest, ...grpc.CallOption) (grpc.ServerStreamingClient[pb.HousePart], error)

func (h *farHouse) rpc() pb.HouseClient { return pb.NewHouseClient(h.client.Conn()) }

// ask makes a call and reads its answer into out; the sound that came with it is returned.
func (h *farHouse) ask(ctx context.Context, call houseCall, asked, out any) (*houseAnswer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	text, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	stream, err := call(ctx, &pb.HouseRequest{Asked: text})
	var got houseAnswer
	whole := false
	err = receive(stream, err, func(p *pb.HousePart) (err error) {
		whole, err = got.add(p)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case !whole:
		return nil, errors.New("the kiosk sent half an answer: use the same tenin on both sides")
	}
	return &got, fromPieces(got.text, out)
}

// tell is ask for what has no answer.
func (h *farHouse) tell(ctx context.Context, call houseCall, asked any) error {
	_, err := h.ask(ctx, call, asked, &nothing{})
	return err
}

func (h *farHouse) Close() error { return h.client.Close() }

func (h *farHouse) Staff(ctx context.Context) ([]storage.StaffMember, error) {
	return (&remote{client: h.client}).Staff(ctx)
}

func (h *farHouse) Login(ctx context.Context, name string, pin seal.Secret) (control.Member, error) {
	return h.client.Login(ctx, name, pin.Bytes())
}

func (h *farHouse) Lock(ctx context.Context) error {
	_, err := pb.NewAccessClient(h.client.Conn()).Logout(ctx, &pb.LogoutRequest{})
	return err
}

func (h *farHouse) Situation(ctx context.Context) (s Situation, err error) {
	_, err = h.ask(ctx, h.rpc().Situation, nothing{}, &s)
	return s, err
}

func (h *farHouse) Watch(ctx context.Context, f func(Situation)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := h.rpc().Watch(ctx, &pb.HouseRequest{})
	var got houseAnswer
	return receive(stream, err, func(p *pb.HousePart) error {
		whole, err := got.add(p)
		if err != nil || !whole {
			return err
		}
		var s Situation
		if err := fromPieces(got.text, &s); err != nil {
			return err
		}
		got = houseAnswer{}
		f(s)
		return nil
	})
}

func (h *farHouse) Take(ctx context.Context, call string) error {
	return h.tell(ctx, h.rpc().Take, askCall{call})
}

func (h *farHouse) Handled(ctx context.Context, call string) error {
	return h.tell(ctx, h.rpc().Handled, askCall{call})
}

func (h *farHouse) Today(ctx context.Context, days int) (list []storage.Tally, err error) {
	_, err = h.ask(ctx, h.rpc().Today, askDays{days}, &list)
	return list, err
}

func (h *farHouse) Unanswered(ctx context.Context, days int) (list []Gap, err error) {
	_, err = h.ask(ctx, h.rpc().Unanswered, askDays{days}, &list)
	return list, err
}

func (h *farHouse) Similar(ctx context.Context, question string, n int) (list []Approved, err error) {
	_, err = h.ask(ctx, h.rpc().Similar, askSimilar{question, n}, &list)
	return list, err
}

func (h *farHouse) Try(ctx context.Context, t Trial) (Tried, error) {
	var w wireTried
	got, err := h.ask(ctx, h.rpc().Try, t, &w)
	if err != nil {
		return Tried{}, err
	}
	clip, err := got.clip(w.Rate)
	return Tried{Kana: w.Kana, Words: w.Words, Sound: clip}, err
}

func (h *farHouse) Readings(ctx context.Context) (list []Reading, err error) {
	_, err = h.ask(ctx, h.rpc().Readings, nothing{}, &list)
	return list, err
}

func (h *farHouse) FixReading(ctx context.Context, r Reading) error {
	return h.tell(ctx, h.rpc().FixReading, r)
}

func (h *farHouse) Publish(ctx context.Context, d Draft, preview bool) (diff knowledge.Diff, err error) {
	_, err = h.ask(ctx, h.rpc().Publish, askPublish{d, preview}, &diff)
	return diff, err
}

func (h *farHouse) TakeBack(ctx context.Context) (diff knowledge.Diff, err error) {
	_, err = h.ask(ctx, h.rpc().TakeBack, nothing{}, &diff)
	return diff, err
}

func (h *farHouse) Conversations(ctx context.Context, f Filter) ([]Conversation, error) {
	var talks []wireTalk
	if _, err := h.ask(ctx, h.rpc().Conversations, f, &talks); err != nil {
		return nil, err
	}
	list := make([]Conversation, len(talks))
	for i, t := range talks {
		var w pb.Listing
		if err := proto.Unmarshal(t.Listing, &w); err != nil {
			return nil, errors.New("a conversation does not read: use the same tenin on both sides")
		}
		l, err := listingFromWire(&w)
		if err != nil {
			return nil, err
		}
		list[i] = Conversation{Listing: l, Topics: t.Topics, Handed: t.Handed}
	}
	return list, nil
}

func (h *farHouse) Read(ctx context.Context, id storage.ID, reason string) (*storage.Saved, error) {
	var saved storage.Saved
	if _, err := h.ask(ctx, h.rpc().Read, askTalk{ID: id, Reason: reason}, &saved); err != nil {
		return nil, err
	}
	return &saved, nil
}

func (h *farHouse) Sound(ctx context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	var w wireSound
	got, err := h.ask(ctx, h.rpc().Sound, askTalk{id, clip, reason}, &w)
	if err != nil {
		return audio.Clip{}, err
	}
	return got.clip(w.Rate)
}

func (h *farHouse) Accesses(ctx context.Context, n int) (list []storage.Access, err error) {
	_, err = h.ask(ctx, h.rpc().Accesses, askMost{n}, &list)
	return list, err
}

func (h *farHouse) Settings(ctx context.Context) (s Settings, err error) {
	_, err = h.ask(ctx, h.rpc().Settings, nothing{}, &s)
	return s, err
}

func (h *farHouse) Change(ctx context.Context, c Change) (s Settings, err error) {
	_, err = h.ask(ctx, h.rpc().Change, c, &s)
	return s, err
}
