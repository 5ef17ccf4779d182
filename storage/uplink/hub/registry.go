package hub

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nkeys"

	"tenin/storage/uplink"
)

// Limits of enrolment.
const (
	// DefaultValidity is how long a code can be used.
	DefaultValidity = 30 * time.Minute
	// MaxValidity is the longest that a code can be made for.
	MaxValidity = 7 * 24 * time.Hour
	// MaxCodes is how many codes may be open at once; each is a chance to guess one.
	MaxCodes   = 1000
	maxDevices = 50_000
	// clockSlack is how far this machine's clock may have been set back since a code
	// was made; more, and the code counts as expired.
	clockSlack = 10 * time.Minute
	// bindWithin is how long after it used a code a device may be bound to its TPM.
	bindWithin = 10 * time.Minute
)

// Device is a kiosk that has joined.
type Device struct {
	Name      string
	Key       string // its public NKey
	Joined    time.Time
	Revoked   time.Time // zero for never
	Connected bool
	TPM       *TPM // nil: not bound
}

// registryJSON is the registry's file.
type registryJSON struct {
	Version int          `json:"version"`
	Devices []deviceJSON `json:"devices"`
	Codes   []codeJSON   `json:"codes"`
}

type deviceJSON struct {
	Name    string     `json:"name"`
	Key     string     `json:"key"`
	Joined  time.Time  `json:"joined"`
	Revoked *time.Time `json:"revoked,omitempty"`
	Bind    *bindJSON  `json:"bind,omitempty"`
	TPM     *tpmJSON   `json:"tpm,omitempty"`
}

// bindJSON is a device that has just joined and may be bound to its TPM.
type bindJSON struct {
	Until    time.Time `json:"until"`
	Required bool      `json:"required,omitempty"` // it is no device before
	Replace  bool      `json:"replace,omitempty"`  // of its code, where Required
	Roots    string    `json:"roots,omitempty"`    // of its code
}

// codeJSON is a code that was not used: what is used or expired is removed.
type codeJSON struct {
	Name    string    `json:"name"`
	Hash    []byte    `json:"hash"` // uplink.HashSecret
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	Replace bool      `json:"replace,omitempty"`
	TPM     bool      `json:"tpm,omitempty"`   // only for a machine that is bound to its TPM
	Roots   string    `json:"roots,omitempty"` // file of makers' certificates, of which one must vouch
}

// registry is the devices and open codes of a hub, in memory and in one file that
// is replaced as a whole, so that a code is used up in the same step in which its
// device is let in.
type registry struct {
	path string
	now  func() time.Time

	mu    sync.RWMutex
	file  registryJSON
	byKey map[string]int // index into file.Devices
}

func openRegistry(dir string, now func() time.Time) (r *registry, fresh bool, err error) {
	r = &registry{path: filepath.Join(dir, registryFile), now: now, file: registryJSON{Version: 1}}
	b, err := readPrivate(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fresh = true
	case err != nil:
		return nil, false, err
	default:
		if r.file, err = decodeRegistry(b); err != nil {
			return nil, false, fmt.Errorf("%s: %w: restore the folder from a backup", r.path, err)
		}
	}
	r.index()
	return r, fresh, nil
}

func decodeRegistry(b []byte) (registryJSON, error) {
	var f registryJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || d.More() || f.Version != 1 {
		return registryJSON{}, ErrDamaged
	}
	keys := map[string]bool{}
	for _, v := range f.Devices {
		if uplink.CheckName(v.Name) != nil || !nkeys.IsValidPublicUserKey(v.Key) || keys[v.Key] || v.TPM.check() != nil {
			return registryJSON{}, ErrDamaged
		}
		keys[v.Key] = true
	}
	for _, c := range f.Codes {
		if uplink.CheckName(c.Name) != nil || len(c.Hash) != sha256.Size {
			return registryJSON{}, ErrDamaged
		}
	}
	return f, nil
}

func (r *registry) index() {
	r.byKey = make(map[string]int, len(r.file.Devices))
	for i, d := range r.file.Devices {
		r.byKey[d.Key] = i
	}
}

// change applies a change to a copy of the file, writes it, and only then makes it
// true. The lock is held.
func (r *registry) change(f func(*registryJSON) error) error {
	next := registryJSON{r.file.Version, slices.Clone(r.file.Devices), slices.Clone(r.file.Codes)}
	now := r.now()
	next.Codes = slices.DeleteFunc(next.Codes, func(c codeJSON) bool { return !c.open(now) })
	// Who did not prove its TPM in time never was a device, or is one without.
	next.Devices = slices.DeleteFunc(next.Devices, func(d deviceJSON) bool { return d.Bind.over(now) && d.Bind.Required })
	for i := range next.Devices {
		if next.Devices[i].Bind.over(now) {
			next.Devices[i].Bind = nil
		}
	}
	if err := f(&next); err != nil {
		return err
	}
	b, err := json.MarshalIndent(next, "", " ")
	if err != nil {
		return err
	}
	if err := uplink.ReplaceFile(r.path, append(b, '\n')); err != nil {
		return fmt.Errorf("registry %s cannot be written: %w", r.path, err)
	}
	r.file = next
	r.index()
	return nil
}

func (b *bindJSON) over(now time.Time) bool {
	return b != nil && (now.After(b.Until) || now.Before(b.Until.Add(-bindWithin-clockSlack)))
}

// let reports whether a device may do what devices do.
func (d deviceJSON) let() bool { return d.Revoked == nil && (d.Bind == nil || !d.Bind.Required) }

func (c codeJSON) open(now time.Time) bool {
	return now.Before(c.Expires) && now.After(c.Made.Add(-clockSlack))
}

// create writes a registry that was never written.
func (r *registry) create() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.change(func(*registryJSON) error { return nil })
}

// allow keeps the hash of a code for a device of that name. roots names the file of
// makers' certificates that its TPM is checked against.
func (r *registry) allow(code uplink.Code, o EnrolOptions, roots string) (time.Time, error) {
	name, valid, replace := o.Name, o.Valid, o.Replace
	if err := uplink.CheckName(name); err != nil {
		return time.Time{}, err
	}
	if valid <= 0 || valid > MaxValidity {
		return time.Time{}, fmt.Errorf("a code cannot be valid for %v: choose up to %v", valid, MaxValidity)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	hash := uplink.HashSecret(code.Secret())
	expires := now.Add(valid)
	return expires, r.change(func(f *registryJSON) error {
		if !replace && f.active(name) >= 0 {
			return fmt.Errorf("%s: %w: --replace lets another machine take its place", name, ErrTaken)
		}
		// The newest code for a name is the one that counts.
		f.Codes = slices.DeleteFunc(f.Codes, func(c codeJSON) bool { return c.Name == name })
		if len(f.Codes) >= MaxCodes {
			return fmt.Errorf("%w codes are open: %d; wait until some are used or expired", ErrTooMany, MaxCodes)
		}
		f.Codes = append(f.Codes, codeJSON{name, hash[:], now, expires, replace, o.TPM || roots != "", roots})
		return nil
	})
}

// active returns the index of the device of that name that is not revoked, or -1.
func (f *registryJSON) active(name string) int {
	return slices.IndexFunc(f.Devices, func(d deviceJSON) bool { return d.Name == name && d.let() })
}

// join uses up the code with this secret for the device with this key. It returns
// the keys of devices that it replaces. Where the code asks for a TPM the device is
// none yet, and replaces nobody, before bind. A wrong, used and expired code are the same.
func (r *registry) join(secret, key string) (replaced []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hash := uplink.HashSecret(secret)
	now := r.now().UTC()
	return replaced, r.change(func(f *registryJSON) error {
		found := -1
		for i := range f.Codes {
			// All are compared, so that the time tells nothing.
			if subtle.ConstantTimeCompare(f.Codes[i].Hash, hash[:]) == 1 {
				found = i
			}
		}
		if found < 0 {
			return uplink.ErrRefused
		}
		if slices.ContainsFunc(f.Devices, func(d deviceJSON) bool { return d.Key == key }) || len(f.Devices) >= maxDevices {
			return uplink.ErrRefused
		}
		c := f.Codes[found]
		f.Codes = slices.Delete(f.Codes, found, found+1)
		if i := f.active(c.Name); i >= 0 {
			if !c.Replace {
				return uplink.ErrRefused
			}
			if !c.TPM {
				f.Devices[i].Revoked = &now
				replaced = append(replaced, f.Devices[i].Key)
			}
		}
		f.Devices = append(f.Devices, deviceJSON{Name: c.Name, Key: key, Joined: now,
			Bind: &bindJSON{Until: now.Add(bindWithin), Required: c.TPM, Replace: c.Replace, Roots: c.Roots}})
		return nil
	})
}

// revoke locks out the device of that name and returns its key.
func (r *registry) revoke(name string) (key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now().UTC()
	return key, r.change(func(f *registryJSON) error {
		// A code for the name would bring it back.
		f.Codes = slices.DeleteFunc(f.Codes, func(c codeJSON) bool { return c.Name == name })
		i := f.active(name)
		if i < 0 {
			return fmt.Errorf("%s: %w", name, ErrNoDevice)
		}
		f.Devices[i].Revoked = &now
		key = f.Devices[i].Key
		return nil
	})
}

// device returns the name of the device with this key, if it may come in.
func (r *registry) device(key string) (name string, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.byKey[key]
	if !ok || !r.file.Devices[i].let() {
		return "", false
	}
	return r.file.Devices[i].Name, true
}

// list returns every device by name, the revoked ones after the others.
func (r *registry) list() []Device {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]Device, 0, len(r.file.Devices))
	for _, d := range r.file.Devices {
		if d.Revoked == nil && !d.let() {
			continue
		}
		v := Device{Name: d.Name, Key: d.Key, Joined: d.Joined, TPM: d.TPM.told()}
		if d.Revoked != nil {
			v.Revoked = *d.Revoked
		}
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b Device) int {
		if a.Revoked.IsZero() != b.Revoked.IsZero() {
			if a.Revoked.IsZero() {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}
