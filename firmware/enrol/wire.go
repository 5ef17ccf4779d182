package enrol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tenin/storage/seal"
)

// The calls.
const (
	opStatus   = "status"
	opSettings = "settings"
	opTurn     = "turn"
	opLinks    = "links"
	opJoin     = "join"
	opKeep     = "keep"
	opFile     = "file"
	opFinish   = "finish"
	opRecover  = "recover"
	opReopen   = "reopen"
	opErase    = "erase"
	opPower    = "power"
)

// call is what the half before the screen wants of the half that is root: one JSON object, a connection each.
type call struct {
	Op         string   `json:"op"`
	Settings   Settings `json:"settings,omitzero"`
	Address    string   `json:"address,omitempty"`
	WithoutHub bool     `json:"without_hub,omitempty"`
	Power      string   `json:"power,omitempty"`
	// Secrets are bytes, which can be wiped.
	Secrets secrets `json:"secrets,omitzero"`

	Passphrase, Code, Recovery, PIN, File SecretText `json:"-"`
}

type secrets struct {
	Passphrase []byte `json:"passphrase,omitempty"`
	Code       []byte `json:"code,omitempty"`
	Recovery   []byte `json:"recovery,omitempty"`
	PIN        []byte `json:"pin,omitempty"`
	File       []byte `json:"file,omitempty"`
}

func (c *call) destroy() {
	for _, s := range []SecretText{c.Passphrase, c.Code, c.Recovery, c.PIN, c.File} {
		s.Destroy()
	}
}

// maxCall is the longest call and answer in bytes: a file in base64, and the rest.
const maxCall = 2 * maxRequest

func readCall(r io.Reader) (*call, error) {
	var c call
	decoder := json.NewDecoder(io.LimitReader(r, maxCall))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return nil, errors.New("a call is one object that is known here")
	}
	take := func(b []byte) SecretText { return SecretText{seal.TakeSecret(b)} }
	c.Passphrase, c.Code, c.Recovery, c.PIN, c.File = take(c.Secrets.Passphrase), take(c.Secrets.Code), take(c.Secrets.Recovery), take(c.Secrets.PIN), take(c.Secrets.File)
	c.Secrets = secrets{}
	return &c, nil
}

// answer is what became of a call.
type answer struct {
	Status Status `json:"status,omitzero"`
	Joined Joined `json:"joined,omitzero"`
	Links  []Link `json:"links,omitempty"`
	Error  string `json:"error,omitempty"`
	// Kind is the name of a known error.
	Kind string `json:"kind,omitempty"`
}

// known are the errors that the other half tells apart.
var known = map[string]error{
	"refused": ErrRefused, "locked": ErrLocked, "enrolled": ErrEnrolled, "keyless": ErrNoSetupKey, "request": ErrRequest, "recovery": seal.ErrRecoveryKey,
}

func (a *answer) fail(err error) {
	a.Error = oneLine(err.Error())
	for kind, e := range known {
		if errors.Is(err, e) {
			a.Kind = kind
		}
	}
}

// told is an error of the other half, whose text has all that there is to say.
type told struct {
	text string
	kind error
}

func (t told) Error() string { return t.text }
func (t told) Unwrap() error { return t.kind }

func (a *answer) err() error {
	if a.Error == "" {
		return nil
	}
	return told{a.Error, known[a.Kind]}
}

func writeAnswer(w io.Writer, a answer) error { return json.NewEncoder(w).Encode(a) }

func readAnswer(r io.Reader) (a answer, err error) {
	if err := json.NewDecoder(io.LimitReader(r, maxCall)).Decode(&a); err != nil {
		return a, fmt.Errorf("the enrolment's service gave no answer: %w; see `journalctl -u tenin-enrol`", err)
	}
	return a, nil
}
