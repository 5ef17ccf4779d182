package kiosk

import (
	"encoding/json"
	"errors"

	"google.golang.org/grpc"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/storage"
)

// How the house crosses the control socket: each question and each answer is one of these types as JSON, read strictly.
// Sound follows as samples.

type (
	askCall struct {
		Call string `json:"call"`
	}
	askDays struct {
		Days int `json:"days"`
	}
	askSimilar struct {
		Question string `json:"question"`
		Most     int    `json:"most"`
	}
	askPublish struct {
		Draft
		Preview bool `json:"preview"`
	}
	askTalk struct {
		ID     storage.ID `json:"id"`
		Clip   int        `json:"clip"`
		Reason string     `json:"reason"`
	}
	askMost struct {
		Most int `json:"most"`
	}
	nothing struct{}

	// wireTried is a Tried whose sound follows.
	wireTried struct {
		Kana  string     `json:"kana"`
		Words []Spelling `json:"words"`
		Rate  int        `json:"rate"`
	}
	// wireSound is a sound that follows.
	wireSound struct {
		Rate int `json:"rate"`
	}
	// wireTalk is a Conversation whose error has its name.
	wireTalk struct {
		Listing []byte   `json:"listing"`
		Topics  []string `json:"topics"`
		Handed  bool     `json:"handed"`
	}
)

// maxHouseQuestion is the most bytes of a question: a draft with its detail, and a margin.
const maxHouseQuestion = 128 << 10

// maxHouseAnswer is the most bytes of an answer without its sound.
const maxHouseAnswer = 64 << 20

// readAsked reads a question.
func readAsked(asked []byte, into any) error {
	if len(asked) > maxHouseQuestion {
		return errors.New("what was asked is too long")
	}
	if len(asked) == 0 {
		asked = []byte("{}")
	}
	return fromPieces(asked, into)
}

// sendAnswerOf sends an answer and its sound, in pieces.
func sendAnswerOf(stream grpc.ServerStreamingServer[pb.HousePart], answer any, sound []float32) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	for len(text) > control.Piece {
		if err := stream.Send(&pb.HousePart{Answer: text[:control.Piece]}); err != nil {
			return err
		}
		text = text[control.Piece:]
	}
	if err := stream.Send(&pb.HousePart{Answer: text, Whole: len(sound) == 0}); err != nil || len(sound) == 0 {
		return err
	}
	if err := soundInPieces(sound, func(piece []byte) error { return stream.Send(&pb.HousePart{Sound: piece}) }); err != nil {
		return err
	}
	return stream.Send(&pb.HousePart{Whole: true})
}

// houseAnswer gathers the parts of an answer.
type houseAnswer struct {
	text  []byte
	sound []float32
}

// add takes a part; whole says that it was the last one.
func (a *houseAnswer) add(p *pb.HousePart) (whole bool, err error) {
	if a.text = append(a.text, p.Answer...); len(a.text) > maxHouseAnswer {
		return false, errors.New("the kiosk's answer is too long: use the same tenin on both sides")
	}
	samples, err := samplesFromWire(p.Sound)
	if err != nil {
		return false, err
	}
	a.sound = append(a.sound, samples...)
	return p.Whole, nil
}

// clip is the sound at a rate that was told; none without sound.
func (a *houseAnswer) clip(rate int) (audio.Clip, error) {
	if len(a.sound) == 0 {
		return audio.Clip{}, nil
	}
	if rate < 8000 || rate > 192000 {
		return audio.Clip{}, errors.New("the kiosk's sound has no rate: use the same tenin on both sides")
	}
	return audio.Clip{Rate: rate, Samples: a.sound}, nil
}
