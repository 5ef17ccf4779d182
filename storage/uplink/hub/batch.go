package hub

import (
	"bytes"
	"encoding/json"
	"fmt"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// Limits of one message of the stream.
const (
	maxBatch      = 1024
	maxBatchBytes = maxBatch * (redact.MaxSize + uplink.MaxName + 64)
)

// entry is a summary as the stream keeps it.
type entry struct {
	device  string
	id      redact.SummaryID
	payload []byte // what Summary.Encode wrote
}

// lineJSON is a line of a message of the stream.
type lineJSON struct {
	Device  string          `json:"device"`
	Summary json.RawMessage `json:"summary"`
}

// encodeBatch returns a message of the stream: a line of JSON for each entry.
func encodeBatch(batch []entry) []byte {
	var b bytes.Buffer
	for _, e := range batch {
		// A name is a-z 0-9 and -, a payload is one line of JSON: nothing to escape.
		fmt.Fprintf(&b, `{"device":"%s","summary":%s}`, e.device, e.payload)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// decodeBatch returns the summaries of a message of the stream, and takes only
// what encodeBatch writes. The error wraps ErrDamaged.
func decodeBatch(b []byte, each func(device string, s redact.Summary)) error {
	damaged := fmt.Errorf("a message of the stream: %w", ErrDamaged)
	if len(b) == 0 || len(b) > maxBatchBytes {
		return damaged
	}
	var all []entry
	var list []redact.Summary
	for len(b) > 0 {
		line, rest, ok := bytes.Cut(b, []byte{'\n'})
		if !ok || len(list) == maxBatch {
			return damaged
		}
		b = rest
		var l lineJSON
		if json.Unmarshal(line, &l) != nil || uplink.CheckName(l.Device) != nil {
			return damaged
		}
		s, err := redact.Decode(l.Summary, redact.AnyID())
		if err != nil {
			return damaged
		}
		e := entry{l.Device, s.ID(), l.Summary}
		// The last word, as in redact: it must be what encodeBatch writes.
		if !bytes.Equal(encodeBatch([]entry{e}), append(line[:len(line):len(line)], '\n')) {
			return damaged
		}
		all, list = append(all, e), append(list, s)
	}
	for i, s := range list {
		each(all[i].device, s)
	}
	return nil
}
