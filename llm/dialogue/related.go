package dialogue

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tenin/llm/knowledge"
)

// relatedScore is the least score of a question that is offered beside an answer. It is far below what is answered: a
// question that stands on a button is chosen by somebody who reads it.
const relatedScore = 0.02

// relatedDepth is how many hits are looked through.
const relatedDepth = 12

// Related returns at most n questions, in language "ja" or "en", that somebody who asked text may want to ask as well: what
// the search found besides what was said, the likeliest first. They are the shop's own words, without what may not be told
// today. said are the sources of the reply, which are left out.
func (c *Clerk) Related(ctx context.Context, text, language string, said []string, n int) ([]string, error) {
	if strings.TrimSpace(text) == "" || n <= 0 {
		return nil, nil
	}
	hits, err := c.search.Search(ctx, text, relatedDepth)
	if err != nil {
		return nil, fmt.Errorf("search of the knowledge: %w", err)
	}
	now := c.policy.Now()
	var questions []string
	for _, hit := range hits {
		if len(questions) == n || hit.Score < relatedScore {
			break
		}
		if slices.Contains(said, hit.ID) || !sayable(hit, now) || c.off(hit) {
			continue
		}
		q := questionOf(hit, language)
		if q != "" && q != text && !slices.Contains(questions, q) {
			questions = append(questions, q)
		}
	}
	return questions, nil
}

// questionOf is how the shop would ask for a hit, or "" where it has no words for that in the language.
func questionOf(hit knowledge.Hit, language string) string {
	switch {
	case hit.Product != nil && language == "en":
		return "Where can I find " + hit.Product.Name + "?"
	case hit.Product != nil:
		return hit.Product.Name + "はどこですか"
	case hit.Entry.Language == language || hit.Entry.Language == "" && language == "ja":
		return hit.Entry.Question
	}
	return ""
}
