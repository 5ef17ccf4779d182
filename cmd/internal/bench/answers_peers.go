package bench

import (
	"context"
	"slices"

	"tenin/llm/knowledge"
)

// measurePeers runs the textbook methods on the same index and queries.
func (r *AnswersReport) measurePeers(ctx context.Context, index *knowledge.Index, queries []Query) error {
	tune, err := TuneQueries()
	if err != nil {
		return err
	}
	r.Peers, r.Ratios = map[string]AnswersFigures{}, map[string]AnswersRatio{}
	for _, m := range []knowledge.PlainMethod{knowledge.PlainCharacters, knowledge.PlainReadings, knowledge.PlainVectors} {
		if m == knowledge.PlainVectors && !index.HasVectors() {
			continue
		}
		search := func(ctx context.Context, query string, n int) ([]knowledge.Hit, error) {
			return index.PlainSearch(ctx, m, query, n)
		}
		fit, err := retrieve(ctx, tune, search, nil)
		if err != nil {
			return err
		}
		found, err := retrieve(ctx, queries, search, nil)
		if err != nil {
			return err
		}
		f := figuresOf(found, bestThreshold(fit))
		name := string(m)
		r.Peers[name], r.Ratios[name] = f, ratioOf(r.Ours, f)
		if r.Peer == nil || f.FirstHit > r.Peer.FirstHit {
			best, ratio := f, r.Ratios[name]
			r.PeerName, r.Peer, r.Ratio = name, &best, &ratio
		}
	}
	return nil
}

// bestThreshold is the one with the most queries handled rightly: answered rightly in scope, refused out of it.
func bestThreshold(found []retrieval) float64 {
	scores := make([]float64, len(found))
	for i, r := range found {
		scores[i] = r.score
	}
	slices.Sort(scores)
	best, most := 0.0, -1
	for _, t := range scores {
		good := 0
		for _, r := range found {
			if r.score >= t && r.first || r.score < t && len(r.query.Expect) == 0 {
				good++
			}
		}
		if good > most {
			best, most = t, good
		}
	}
	return best
}

// ratioOf divides by at least one query in a thousand, so that a peer or we without fault give a finite figure.
func ratioOf(ours, peer AnswersFigures) AnswersRatio {
	const least = 0.001
	return AnswersRatio{
		FirstHit: ours.FirstHit / max(least, peer.FirstHit),
		Refused:  ours.Refused / max(least, peer.Refused),
		Wrong:    max(least, peer.Wrong) / max(least, ours.Wrong),
	}
}
