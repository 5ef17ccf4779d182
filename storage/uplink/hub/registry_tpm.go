package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"tenin/storage/uplink"
)

// TPM is what the hub knows of the TPM that a device is bound to.
type TPM struct {
	Endorsement string    // SHA-256 of its endorsement key's SubjectPublicKeyInfo, in hex
	Verified    bool      // a maker's certificate vouched for it; else it was trusted at first use
	Name        string    // of its attestation key, in hex
	PCR7, PCR11 string    // at enrolment, in hex
	Seen7       string    // PCR 7 at the last quote, in hex
	Seen11      string    // PCR 11 at the last quote, in hex
	Bound       time.Time // when it was enrolled
	Quoted      time.Time // when the last quote came
}

// Changed reports whether the state or the keys of Secure Boot are not those of the
// enrolment.
func (t *TPM) Changed() bool { return t != nil && t.Seen7 != t.PCR7 }

// Binding returns how it came to be trusted.
func (t *TPM) Binding() uplink.Binding {
	switch {
	case t == nil:
		return uplink.BindingNone
	case t.Verified:
		return uplink.BindingEndorsed
	}
	return uplink.BindingFirstUse
}

// tpmJSON is a TPM in the registry's file.
type tpmJSON struct {
	Endorsement []byte    `json:"endorsement"`
	Verified    bool      `json:"verified,omitempty"`
	Name        []byte    `json:"name"`
	Keys        []byte    `json:"keys"` // for Attestation.CheckQuote
	PCR7        []byte    `json:"pcr7"`
	PCR11       []byte    `json:"pcr11"`
	Seen7       []byte    `json:"seen7"`
	Seen11      []byte    `json:"seen11"`
	Bound       time.Time `json:"bound"`
	Quoted      time.Time `json:"quoted"`
}

func (t *tpmJSON) check() error {
	if t == nil {
		return nil
	}
	for _, b := range [][]byte{t.Endorsement, t.PCR7, t.PCR11, t.Seen7, t.Seen11} {
		if len(b) != sha256.Size {
			return ErrDamaged
		}
	}
	if len(t.Keys) == 0 {
		return ErrDamaged
	}
	return nil
}

func (t *tpmJSON) told() *TPM {
	if t == nil {
		return nil
	}
	h := hex.EncodeToString
	return &TPM{h(t.Endorsement), t.Verified, h(t.Name), h(t.PCR7), h(t.PCR11), h(t.Seen7), h(t.Seen11), t.Bound, t.Quoted}
}

// guest returns the name of a device that may be bound to its TPM now, and the file
// of makers' certificates that its code asks for.
func (r *registry) guest(key string) (name, roots string, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.byKey[key]
	if !ok {
		return "", "", false
	}
	d := r.file.Devices[i]
	if d.Revoked != nil || d.Bind == nil || d.Bind.over(r.now()) {
		return "", "", false
	}
	return d.Name, d.Bind.Roots, true
}

// bind makes a guest a device with this TPM, and returns the keys of the devices
// whose place it takes: that of its name, and any other of the same machine.
func (r *registry) bind(key string, t tpmJSON) (replaced []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	return replaced, r.change(func(f *registryJSON) error {
		i := slices.IndexFunc(f.Devices, func(d deviceJSON) bool { return d.Key == key })
		if i < 0 || f.Devices[i].Revoked != nil || f.Devices[i].Bind == nil {
			return fmt.Errorf("%w: it used no code just now", uplink.ErrRefused)
		}
		d := &f.Devices[i]
		for n := range f.Devices {
			o := &f.Devices[n]
			if n == i || !o.let() {
				continue
			}
			same := o.TPM != nil && string(o.TPM.Endorsement) == string(t.Endorsement)
			if o.Name == d.Name && d.Bind.Required {
				if !d.Bind.Replace {
					return fmt.Errorf("%w: a device has its name by now", uplink.ErrRefused)
				}
				same = true
			}
			if same {
				o.Revoked = &now
				replaced = append(replaced, o.Key)
			}
		}
		d.Bind, d.TPM = nil, &t
		return nil
	})
}

// unbelieved takes a guest away whose TPM is not believed.
func (r *registry) unbelieved(key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	return r.change(func(f *registryJSON) error {
		i := slices.IndexFunc(f.Devices, func(d deviceJSON) bool { return d.Key == key && d.Bind != nil })
		switch {
		case i < 0:
		case f.Devices[i].Bind.Required:
			f.Devices = slices.Delete(f.Devices, i, i+1)
		default:
			f.Devices[i].Revoked, f.Devices[i].Bind = &now, nil
		}
		return nil
	})
}

// keysOf returns what quotes of a device are checked with, and when the last came.
func (r *registry) keysOf(key string) (keys []byte, quoted time.Time, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.byKey[key]
	if !ok || !r.file.Devices[i].let() || r.file.Devices[i].TPM == nil {
		return nil, time.Time{}, false
	}
	t := r.file.Devices[i].TPM
	return t.Keys, t.Quoted, true
}

// quoted notes what a device's TPM said, and reports whether PCR 7 differs from what
// it was at enrolment.
func (r *registry) quoted(key string, m Measured) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	return changed, r.change(func(f *registryJSON) error {
		i := slices.IndexFunc(f.Devices, func(d deviceJSON) bool { return d.Key == key && d.let() && d.TPM != nil })
		if i < 0 {
			return ErrNoDevice
		}
		t := *f.Devices[i].TPM
		t.Seen7, t.Seen11, t.Quoted = m.PCR7[:], m.PCR11[:], now
		f.Devices[i].TPM = &t
		changed = string(t.Seen7) != string(t.PCR7)
		return nil
	})
}

// accept takes PCR 7 as it is now for what a device should have.
func (r *registry) accept(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.change(func(f *registryJSON) error {
		i := f.active(name)
		if i < 0 {
			return fmt.Errorf("%s: %w", name, ErrNoDevice)
		}
		if f.Devices[i].TPM == nil {
			return fmt.Errorf("%s is not bound to a TPM: there is nothing to accept", name)
		}
		t := *f.Devices[i].TPM
		t.PCR7 = t.Seen7
		f.Devices[i].TPM = &t
		return nil
	})
}
