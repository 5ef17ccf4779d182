package uplink

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of updates.
const (
	// MaxBundle is the largest bundle in bytes that a device takes or a hub keeps.
	MaxBundle = 2 << 30
	// MaxChunk is the most bytes of a bundle in one answer.
	MaxChunk = 64 << 10
	// MaxMessage is the longest message between a device and its hub.
	MaxMessage = MaxChunk + 4<<10

	maxReport = 512
	maxReply  = 1 << 10
)

// ErrUpdate means that a message about updates is not of the closed schema.
var ErrUpdate = errors.New("not a message about updates")

// The subjects of a device beside that of its summaries; its public NKey is the last
// token of each.
const (
	reports = "tenin.update."
	reads   = "tenin.read."
	attests = "tenin.attest."
)

// The subjects by which a hub hears every device about updates and its TPM.
const (
	AllReports = reports + "*"
	AllReads   = reads + "*"
	AllAttests = attests + "*"
)

// ReportSubject is where the device with this public NKey reports and asks what to run.
func ReportSubject(key string) string { return reports + key }

// ReadSubject is where it reads the bundle that it was offered.
func ReadSubject(key string) string { return reads + key }

// AttestSubject is where it speaks for its TPM.
func AttestSubject(key string) string { return attests + key }

// SubjectsOf are all that a device may publish.
func SubjectsOf(key string) []string {
	return []string{Subject(key), ReportSubject(key), ReadSubject(key), AttestSubject(key)}
}

// SenderOf returns the public NKey of the device that published on one of its
// subjects.
func SenderOf(subject string) (key string, ok bool) {
	for _, prefix := range []string{summaries, reports, reads, attests} {
		if key, ok = strings.CutPrefix(subject, prefix); ok {
			return key, key != ""
		}
	}
	return "", false
}

// The words of a report. They are what the updater's result says, and no others.
var (
	states   = []string{"", "blessed", "trial", "floor"}
	outcomes = []string{"", "waiting", "installed", "blessed", "taken-back", "refused"}
	reasons  = []string{
		"", "signature", "damaged", "product", "arch", "test", "version", "floor", "vault", "models", "space", "size", "kind", "disk",
		"trial", "superseded", "again", "internal", "boot", "kiosk", "question", "time", "hand", "watchdog",
	}
)

// Outcome is what became of the newest bundle that a device was given.
type Outcome struct {
	Version int64  `json:"version"`
	Outcome string `json:"outcome"` // waiting, installed, blessed, taken-back, refused
	Reason  string `json:"reason"`  // a code of the updater's; empty for none
	At      int64  `json:"at"`      // Unix seconds by the device's clock
}

// Report is what a device says of its system when it asks what to run: numbers and
// words of a closed list, nothing of a shopper or of the shop.
type Report struct {
	Running int64   `json:"running"` // version; 0 for one that has none
	State   string  `json:"state"`   // blessed, trial, floor
	Floor   int64   `json:"floor"`
	Last    Outcome `json:"last"` // all zero for none
}

// Known returns reason, or "internal" where a newer updater says what this program
// does not know.
func Known(reason string) string {
	if slices.Contains(reasons, reason) {
		return reason
	}
	return "internal"
}

func (r Report) check() error {
	if r.Running < 0 || r.Floor < 0 || r.Last.Version < 0 || r.Last.At < 0 ||
		!slices.Contains(states, r.State) || !slices.Contains(outcomes, r.Last.Outcome) || !slices.Contains(reasons, r.Last.Reason) {
		return ErrUpdate
	}
	return nil
}

// Encode returns the report's bytes. The error wraps ErrUpdate.
func (r Report) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// DecodeReport takes only what Encode writes. The error wraps ErrUpdate.
func DecodeReport(b []byte) (r Report, err error) {
	if err := decodeExact(b, maxReport, &r); err != nil {
		return Report{}, err
	}
	return r, r.check()
}

// Offer is a bundle that a device may fetch.
type Offer struct {
	Version int64  `json:"version"`
	Size    int64  `json:"size"`
	SHA256  []byte `json:"sha256"`
	Again   bool   `json:"again,omitempty"` // although it was refused here before
}

// Reply is the hub's answer to a report.
type Reply struct {
	Offer     *Offer `json:"offer,omitempty"`
	Withdrawn int64  `json:"withdrawn,omitempty"` // what was fetched of this version is to be thrown away
	Nonce     []byte `json:"nonce,omitempty"`     // the hub wants a fresh quote over it
}

func (r Reply) check() error {
	if o := r.Offer; o != nil && (o.Version < 1 || o.Size < 1 || o.Size > MaxBundle || len(o.SHA256) != 32) {
		return fmt.Errorf("%w: the offer is impossible", ErrUpdate)
	}
	if r.Withdrawn < 0 || r.Nonce != nil && len(r.Nonce) != 32 {
		return ErrUpdate
	}
	return nil
}

// Encode returns the reply's bytes. The error wraps ErrUpdate.
func (r Reply) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// DecodeReply takes only what Encode writes. The error wraps ErrUpdate.
func DecodeReply(b []byte) (r Reply, err error) {
	if err := decodeExact(b, maxReply, &r); err != nil {
		return Reply{}, err
	}
	return r, r.check()
}

// decodeExact reads one JSON value that is written just as encoding/json writes it.
func decodeExact(b []byte, limit int, into any) error {
	if len(b) > limit || json.Unmarshal(b, into) != nil {
		return ErrUpdate
	}
	if again, err := json.Marshal(into); err != nil || !bytes.Equal(again, b) {
		return ErrUpdate
	}
	return nil
}

// Read asks for a part of the bundle that was offered.
type Read struct {
	Version, Offset int64
	Length          int // at most MaxChunk
}

const readSize = 8 + 8 + 4

// Encode returns the question's bytes: version, offset and length, big-endian.
func (r Read) Encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(r.Version))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Offset))
	return binary.BigEndian.AppendUint32(b, uint32(r.Length))
}

// DecodeRead takes only what Encode writes of a possible question.
func DecodeRead(b []byte) (Read, error) {
	if len(b) != readSize {
		return Read{}, ErrUpdate
	}
	r := Read{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])), int(binary.BigEndian.Uint32(b[16:]))}
	if r.Version < 1 || r.Offset < 0 || r.Offset >= MaxBundle || r.Length < 1 || r.Length > MaxChunk {
		return Read{}, ErrUpdate
	}
	return r, nil
}

// Chunk is the first byte of the answer to a Read; after ChunkData comes what was
// asked for.
type Chunk byte

// The answers.
const (
	ChunkData  Chunk = 'c'
	ChunkLater Chunk = 'l' // too fast, or the hub cannot read it now
	ChunkNo    Chunk = 'n' // it is not offered to this device, or no longer
)
