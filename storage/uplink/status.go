package uplink

// Status is the hub's answer about one message: a byte, and for StatusHello the
// device's name after it.
type Status byte

// The statuses.
const (
	// StatusStored: the hub has the summary on its disk.
	StatusStored Status = 's'
	// StatusHad: the hub had the summary already.
	StatusHad Status = 'd'
	// StatusLater: not now, because of the rate, a full disk or a store that is
	// away. The device keeps the message and tries again.
	StatusLater Status = 'l'
	// StatusRefused: it is no summary for this hub. The device keeps the message
	// but sends it no more in this run.
	StatusRefused Status = 'r'
	// StatusHello answers an empty message with the device's name.
	StatusHello Status = 'h'
)

// Encode returns the answer's bytes.
func (s Status) Encode() []byte { return []byte{byte(s)} }

// EncodeHello returns the answer to an empty message.
func EncodeHello(name string) []byte { return append([]byte{byte(StatusHello)}, name...) }

// DecodeStatus returns the status of an answer, and the name for StatusHello. It
// takes nothing that Encode or EncodeHello does not write.
func DecodeStatus(b []byte) (s Status, name string, ok bool) {
	if len(b) == 0 || len(b) > 1+MaxName {
		return 0, "", false
	}
	s = Status(b[0])
	switch s {
	case StatusHello:
		name = string(b[1:])
		return s, name, CheckName(name) == nil
	case StatusStored, StatusHad, StatusLater, StatusRefused:
		return s, "", len(b) == 1
	}
	return 0, "", false
}
