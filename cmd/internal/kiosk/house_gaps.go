package kiosk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tenin/llm/dialogue"
	"tenin/llm/reading"
	"tenin/storage"
)

const (
	// mostGaps and mostGapQuestions bound a list of questions without an answer, mostGapDays how far back it goes.
	mostGaps         = 100
	mostGapQuestions = 2000
	mostGapDays      = 365
	mostGapOthers    = 20
	// Two questions are one when they sound the same (sameSound: 返品 and 返金 in one question are 0.03 apart), or nearly the
	// same and about the same things (sameThings: 株価の見通しを教えて with and without ください are 0.24 apart, 免税手続きはどこですか and
	// 免税の手続きはどこ 0.29). By sound alone a question about a locker and one about a laundry, 0.20 apart, would be one.
	// Where the words of one cannot be told apart, since it is written in kana, 0.06 was found between two spellings.
	sameSound  = 0.02
	sameKana   = 0.1
	sameThings = 0.35
)

// unansweredTurn is a question that went to a person.
type unansweredTurn struct {
	text, language string
	kana           string // how it sounds
	things         string // what it is about: its nouns as they sound, in order
	at             time.Time
}

// unanswered groups the questions of kept conversations that had no answer. What it returns holds shoppers' words.
func (b *Backroom) unanswered(ctx context.Context, who string, days int) ([]Gap, error) {
	if days < 1 || days > mostGapDays {
		return nil, fmt.Errorf("name 1 to %d days", mostGapDays)
	}
	now := b.now()
	if err := b.vault.LogAccess(storage.Access{At: now, Who: who, What: "unanswered"}); err != nil {
		return nil, err
	}
	questions, err := b.withoutAnswer(ctx, now.AddDate(0, 0, -days))
	if err != nil {
		return nil, err
	}
	groups, err := groupAlike(ctx, questions)
	if err != nil {
		return nil, err
	}
	gaps := []Gap{}
	for _, group := range groups {
		gap, open, err := b.gap(ctx, group)
		if err != nil {
			return nil, err
		}
		if open {
			if gaps = append(gaps, gap); len(gaps) == mostGaps {
				break
			}
		}
	}
	return gaps, nil
}

// withoutAnswer returns the latest questions since from that went to a person, the latest first.
func (b *Backroom) withoutAnswer(ctx context.Context, from time.Time) (list []unansweredTurn, err error) {
	sessions, err := b.vault.Sessions()
	if err != nil {
		return nil, err
	}
	slices.Reverse(sessions)
	for _, s := range sessions {
		if s.Err != nil || s.Started.Before(from) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		turns, err := b.vault.Turns(s.ID)
		if err != nil {
			continue // it was erased meanwhile, or is damaged, which the list of conversations shows
		}
		for _, t := range slices.Backward(turns) {
			kind := dialogue.Kind(t.Kind)
			text := strings.TrimSpace(t.Transcript)
			if kind != dialogue.HandOff && kind != refused || text == "" {
				continue
			}
			q := newUnanswered(text, t.Language, b.sound)
			q.at = t.At
			if list = append(list, q); len(list) == mostGapQuestions {
				return list, nil
			}
		}
	}
	return list, nil
}

// newUnanswered takes a question apart.
func newUnanswered(text, language string, sound func(string) string) unansweredTurn {
	q := unansweredTurn{text: text, language: language}
	var things []string
	if language == "ja" {
		q.kana = sound(text)
		for _, t := range reading.Default().Analyze(reading.Normalize(text)) {
			if t.POS == "名詞" && strings.ContainsFunc(t.Surface, unicode.IsLetter) && !slices.Contains([]string{"代名詞", "非自立", "接尾"}, t.Sub) {
				things = append(things, sound(t.Surface))
			}
		}
	} else {
		q.kana = reading.Normalize(strings.ToLower(text))
		for _, word := range strings.FieldsFunc(q.kana, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			// Shorter words are the grammar's.
			if utf8.RuneCountInString(word) > 3 {
				things = append(things, word)
			}
		}
	}
	slices.Sort(things)
	q.things = strings.Join(slices.Compact(things), " ")
	return q
}

// sound is how a text sounds.
func (b *Backroom) sound(text string) string {
	if b.clerk != nil {
		return b.clerk.spelled.Load().katakana(text)
	}
	return reading.Default().Katakana(text)
}

// groupAlike puts each question to the first group whose first one sounds like it. The largest group comes first, and of
// groups of one size the latest.
func groupAlike(ctx context.Context, questions []unansweredTurn) ([][]unansweredTurn, error) {
	var groups [][]unansweredTurn
	for _, q := range questions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(groups, func(g []unansweredTurn) bool { return g[0].soundsLike(q) })
		if at < 0 {
			groups = append(groups, []unansweredTurn{q})
		} else {
			groups[at] = append(groups[at], q)
		}
	}
	slices.SortStableFunc(groups, func(a, b []unansweredTurn) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), b[0].at.Compare(a[0].at))
	})
	return groups, nil
}

func (q unansweredTurn) soundsLike(o unansweredTurn) bool {
	if q.language != o.language {
		return false
	}
	// The distance is at least the share by which the longer one is longer.
	long, short := max(len(q.kana), len(o.kana)), min(len(q.kana), len(o.kana))
	if long-short > long/2 {
		return false
	}
	d := reading.Distance(q.kana, o.kana)
	switch {
	case q.things == o.things && q.things != "":
		return d <= sameThings
	case q.things == "" || o.things == "":
		return d <= sameKana
	}
	return d <= sameSound
}

// gap is a group as staff see it; open is false when the kiosk would answer it by now, or was told not to.
func (b *Backroom) gap(ctx context.Context, group []unansweredTurn) (g Gap, open bool, err error) {
	nearest, least := 0, 0.0
	some := group[:min(len(group), mostGapOthers)]
	for i, q := range some {
		sum := 0.0
		for _, o := range some {
			sum += reading.Distance(q.kana, o.kana)
		}
		if i == 0 || sum < least {
			nearest, least = i, sum
		}
	}
	q := some[nearest]
	name := sha256.Sum256([]byte(q.language + "\x00" + q.text))
	g = Gap{
		ID: hex.EncodeToString(name[:8]), Question: q.text, Others: []string{}, Language: q.language,
		Count: len(group), First: group[0].at, Last: group[0].at,
	}
	for _, o := range group {
		if o.text != g.Question && len(g.Others) < mostGapOthers && !slices.Contains(g.Others, o.text) {
			g.Others = append(g.Others, o.text)
		}
		if o.at.Before(g.First) {
			g.First = o.at
		}
		if o.at.After(g.Last) {
			g.Last = o.at
		}
	}
	if b.clerk == nil || b.clerk.shop.Load() == nil {
		return g, true, nil
	}
	reply, err := b.reply(ctx, g.Question, g.Language)
	if err != nil {
		return g, false, err
	}
	g.Topic = reply.About
	// A hand-off with a score that would do is a topic that is off.
	return g, reply.Kind == dialogue.HandOff && reply.Score < b.config.Answers.Threshold, nil
}

// reply finds what the kiosk would say now, after whoever stands at the counter.
func (b *Backroom) reply(ctx context.Context, text, language string) (reply dialogue.Reply, err error) {
	err = b.clerk.permit.during(attended(ctx), true, func() error {
		reply, err = b.clerk.shop.Load().dialogue.Respond(ctx, text, language)
		return err
	})
	return reply, err
}
