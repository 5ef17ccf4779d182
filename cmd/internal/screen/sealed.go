package screen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// sealed are the types of a sealed interface by their names. JSON tells no type, so each value travels beside its name.
type sealed[I any] map[string]reflect.Type

// seal makes the list from a value of each type.
func seal[I any](values ...I) sealed[I] {
	types := sealed[I]{}
	for _, v := range values {
		types[reflect.TypeOf(v).Name()] = reflect.TypeOf(v)
	}
	return types
}

// tagged is a value of a sealed interface on the wire. An empty Type is a nil interface.
type tagged struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value,omitempty"`
}

func (s sealed[I]) encode(v I) (tagged, error) {
	t := reflect.TypeOf(v)
	if t == nil {
		return tagged{}, nil
	}
	if s[t.Name()] != t {
		return tagged{}, fmt.Errorf("screen: type %v is not on the list of what can be sent: add it", t)
	}
	value, err := json.Marshal(v)
	return tagged{t.Name(), value}, err
}

func (s sealed[I]) decode(m tagged) (v I, err error) {
	if m.Type == "" {
		if len(m.Value) > 0 {
			return v, errors.New("screen: a value without a type")
		}
		return v, nil
	}
	t, ok := s[m.Type]
	if !ok {
		// The name is the sender's and may hold anything.
		return v, errors.New("screen: a value of an unknown type")
	}
	into := reflect.New(t)
	if err := strict(m.Value, into.Interface()); err != nil {
		return v, err
	}
	v, _ = into.Elem().Interface().(I)
	return v, nil
}

var errForm = errors.New("screen: a message is not in the form that was agreed on")

// strict decodes one JSON value, with nothing behind it and no field that is not known.
func strict(b []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		// The decoder quotes what it was given.
		return errForm
	}
	if decoder.More() || decoder.InputOffset() != int64(len(bytes.TrimRight(b, " \t\r\n"))) {
		return errForm
	}
	return nil
}
