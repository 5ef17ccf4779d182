// Package redact decides what may leave the shop about a talk.
//
// A [Summary] is all of it: a value of a closed schema whose every field is a
// number, an enumeration, a random id or the id of something that the shop itself
// wrote down ([KnowledgeID]). No field is a string, so no word of a shopper can
// be put in one, by mistake or by a broken engine; a test walks the type and
// fails on any field that could hold text. Times are no finer than an hour, and
// durations and scores are buckets, so that a summary does not point at a person
// who was seen at the kiosk at twelve past three.
//
//	ids := redact.NewIDSet(knowledgeIDs)
//	topic, err := ids.ID("hours-food")
//	summary, err := redact.NewSummary(redact.Facts{
//		At: now, Kind: redact.KindApproved, Topic: topic, Language: redact.Japanese,
//		Score: 0.93, Channel: redact.Voice, FirstAudio: 800 * time.Millisecond,
//	})
//	wire := summary.Encode()
//
// [Decode] takes only bytes that [Summary.Encode] writes: one form for one value,
// fields in a fixed order, at most [MaxSize] bytes. Whoever receives a Summary
// from another process decodes it again and so checks it again.
package redact
