package kiosk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
)

// ErrSelfTest means that a kiosk runs and does not do its work.
var ErrSelfTest = errors.New("self-test")

// SelfTest asks a running kiosk a question of the shop's own and lets it hear its own answer. Nobody's words are in it; it is
// neither kept nor shown nor played, and none of it is in an error.
type SelfTest struct {
	client *control.Client
	entry  knowledge.Entry
	spoken audio.Clip
}

// NewSelfTest looks for a question that the kiosk knows: the one with the shortest answer, in Japanese if there is one, since
// the voices are. With the one before, which may be nil, it goes on over another connection.
func NewSelfTest(ctx context.Context, c *control.Client, before *SelfTest) (*SelfTest, error) {
	if before != nil {
		return &SelfTest{client: c, entry: before.entry, spoken: before.spoken}, nil
	}
	batch, _, err := (&remote{client: c}).Knowledge(ctx)
	if err != nil {
		return nil, err
	}
	if len(batch.Entries) == 0 {
		return &SelfTest{client: c, entry: knowledge.Entry{Question: "こんにちは", Language: "ja"}}, nil
	}
	entry := slices.MinFunc(batch.Entries, func(a, b knowledge.Entry) int {
		foreign := func(e knowledge.Entry) int {
			if strings.HasPrefix(e.Language, "ja") {
				return 0
			}
			return 1
		}
		return cmp.Or(foreign(a)-foreign(b), utf8.RuneCountInString(a.Answer)-utf8.RuneCountInString(b.Answer), strings.Compare(a.ID, b.ID))
	})
	return &SelfTest{client: c, entry: entry}, nil
}

// VaultOpens says whether the kiosk has its vault open.
func VaultOpens(ctx context.Context, c *control.Client) error {
	keys, err := pb.NewKeysClient(c.Conn()).Status(ctx, &pb.KeysRequest{})
	if err != nil {
		return err
	}
	if keys.Generation == 0 {
		return fmt.Errorf("%w: the kiosk has no vault", ErrSelfTest)
	}
	return nil
}

// Answers says whether the question is answered, and aloud where there is a voice for it.
func (s *SelfTest) Answers(ctx context.Context) error {
	turn, outcome, err := s.ask(ctx, Brief{Text: s.entry.Question})
	if err != nil {
		return err
	}
	if turn.Reply.Kind == dialogue.None || turn.Reply.Text == "" {
		return fmt.Errorf("%w: a question of the shop's own got no answer", ErrSelfTest)
	}
	if strings.HasPrefix(turn.Reply.Language, "ja") && len(outcome.Spoken.Samples) == 0 {
		return fmt.Errorf("%w: an answer in Japanese was not spoken", ErrSelfTest)
	}
	s.spoken = outcome.Spoken
	return nil
}

// heardSeconds of an answer are enough for words to be recognised in them, and the slowest device need not decode more.
const heardSeconds = 4

// Hears says whether the kiosk recognises words in the answer that it spoke. Where it spoke none there is nothing to hear.
func (s *SelfTest) Hears(ctx context.Context) error {
	if len(s.spoken.Samples) == 0 {
		return nil
	}
	clip := s.spoken
	if most := heardSeconds * clip.Rate; len(clip.Samples) > most {
		clip.Samples = clip.Samples[:most]
	}
	turn, _, err := s.ask(ctx, Brief{Clip: &clip})
	if err != nil {
		return err
	}
	if strings.TrimSpace(turn.Transcript) == "" {
		return fmt.Errorf("%w: no word was recognised in the kiosk's own voice", ErrSelfTest)
	}
	return nil
}

// ask is a visit of one question.
func (s *SelfTest) ask(ctx context.Context, b Brief) (turn Turn, outcome Outcome, err error) {
	asker, err := AskKiosk(ctx, s.client, Terms{Speak: true})
	if err != nil {
		return turn, outcome, err
	}
	turn, outcome, err = asker.Ask(ctx, b)
	return turn, outcome, errors.Join(err, asker.Close())
}
