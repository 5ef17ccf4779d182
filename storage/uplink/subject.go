package uplink

import (
	"encoding/hex"
	"fmt"
	"strings"

	"tenin/llm/redact"
)

// ServerName is the name in every hub's certificate. A hub is known by its
// authority's key and not by where it is reached, so the name is the same for all
// and the address may change.
const ServerName = "hub.tenin"

// DefaultPort is where a hub listens when nobody says otherwise.
const DefaultPort = "4222"

// MaxName is the most bytes in a device's name.
const MaxName = 32

// summaries and inboxes are the two subjects of a device; its public NKey is the
// last token of the first and the third of the second.
const (
	summaries = "tenin.summary."
	inboxes   = "tenin.inbox."
)

// AllSummaries is the subject by which a hub hears every device.
const AllSummaries = summaries + "*"

// Subject is the one subject that the device with this public NKey may publish.
func Subject(key string) string { return summaries + key }

// DeviceOf returns the public NKey of the device that published on subject.
func DeviceOf(subject string) (key string, ok bool) {
	key, ok = strings.CutPrefix(subject, summaries)
	return key, ok && key != ""
}

// Inbox is the prefix of every subject that this device may subscribe to. The hub
// answers to nothing else: NATS does not check a reply subject against the sender's
// permissions, so a device could else make the hub write to another one's inbox.
func Inbox(key string) string { return inboxes + key }

// IsReply reports whether a hub may answer the device with this public NKey on
// subject.
func IsReply(key, subject string) bool {
	rest, ok := strings.CutPrefix(subject, Inbox(key)+".")
	return ok && rest != "" && len(rest) <= 96 && !strings.ContainsAny(rest, "*> \t\r\n") &&
		!strings.HasPrefix(rest, ".") && !strings.HasSuffix(rest, ".") && !strings.Contains(rest, "..")
}

// replyTo is where the answer about one message is expected.
func replyTo(session string, id redact.SummaryID) string {
	return session + "." + hex.EncodeToString(id[:])
}

// repliedTo is the inverse of replyTo.
func repliedTo(session, subject string) (id redact.SummaryID, ok bool) {
	text, ok := strings.CutPrefix(subject, session+".")
	if !ok || len(text) != 2*len(id) {
		return id, false
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return id, false
	}
	return redact.SummaryID(b), true
}

// CheckName returns an error that wraps ErrName unless name is 1 to MaxName
// characters a-z 0-9 and -, with no - at either end.
func CheckName(name string) error {
	ok := len(name) >= 1 && len(name) <= MaxName && name[0] != '-' && name[len(name)-1] != '-'
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-'
	}
	if !ok {
		return fmt.Errorf("%w: use 1 to %d of a-z, 0-9 and -, as in ginza-1", ErrName, MaxName)
	}
	return nil
}
