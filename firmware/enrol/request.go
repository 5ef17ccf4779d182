package enrol

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"tenin/storage/seal"
	"tenin/storage/tomlkeys"
)

// RequestFile is the name of the file on a stick or on the ESP.
const RequestFile = "tenin-enrol.toml"

// maxRequest is the longest file in bytes.
const maxRequest = 64 << 10

// ErrRequest means that a file does not say what it should.
var ErrRequest = errors.New(RequestFile)

// Request is what a technician wants of a device.
type Request struct {
	// Code is the hub's one-time code, Hub the hub's host or host:port. Both or none.
	Code SecretText `toml:"code"`
	Hub  string     `toml:"hub"`
	// Shop is the shop's name; Brand, Language ("ja", "en", "auto") and Floor as in tenin.toml. Empty ones stay as they are.
	Shop     string `toml:"shop"`
	Brand    string `toml:"brand"`
	Language string `toml:"language"`
	Floor    string `toml:"floor"`
	// Recovery is the recovery key of a data partition that the TPM does not open any more.
	Recovery SecretText `toml:"recovery"`
	// Keep leaves the file on the stick, with every secret in it.
	Keep bool `toml:"keep"`

	// TimeZone and Rotation are those of Settings.
	TimeZone string `toml:"timezone"`
	Rotation int    `toml:"rotation"`
	// Network and WiFi may be absent: then a cable and DHCP are all that is needed.
	Network Network `toml:"network"`
	WiFi    WiFi    `toml:"wifi"`
}

// SecretText is a text that does not print. It can be read from a file and is written to none.
type SecretText struct{ seal.Secret }

// UnmarshalText takes the text, without the spaces around it.
func (t *SecretText) UnmarshalText(text []byte) error {
	t.Secret = seal.NewSecret([]byte(strings.TrimSpace(string(text))))
	return nil
}

// Destroy wipes every secret of the request.
func (r *Request) Destroy() {
	r.Code.Destroy()
	r.Recovery.Destroy()
	r.WiFi.Passphrase.Destroy()
}

// Settings are those of the request.
func (r *Request) Settings() Settings {
	return Settings{TimeZone: r.TimeZone, Rotation: r.Rotation, Network: r.Network, WiFi: r.WiFi}
}

// ReadRequest reads a file. It is strict: a key that nobody knows is an error that names the nearest known one, since a
// technician who mistypes `ssdi` would look for the fault elsewhere. Errors wrap ErrRequest and repeat no secret.
func ReadRequest(from io.Reader) (Request, error) {
	b, err := io.ReadAll(io.LimitReader(from, maxRequest+1))
	defer clear(b)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	r, err := parseRequest(b)
	if err != nil {
		r.Destroy()
		return Request{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return r, nil
}

func parseRequest(b []byte) (Request, error) {
	var r Request
	switch {
	case len(b) > maxRequest:
		return r, fmt.Errorf("it is longer than %d bytes", maxRequest)
	case !utf8.Valid(b):
		return r, errors.New("it is not written in UTF-8: save it so in the editor")
	}
	// Editors of one system put a mark before the text.
	text := strings.TrimPrefix(string(b), "\ufeff")
	meta, err := toml.Decode(text, &r)
	if err != nil {
		return r, plainTOML(err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		key := unknown[0].String()
		if near := nearest(key, requestKeys()); near != "" {
			return r, fmt.Errorf("unknown key %q: did you mean %q?", printable(key), near)
		}
		return r, fmt.Errorf("unknown key %q: the known ones are %s", printable(key), strings.Join(requestKeys(), ", "))
	}
	return r, r.check()
}

// plainTOML says where a file is wrong, without its values.
func plainTOML(err error) error {
	var bad toml.ParseError
	if errors.As(err, &bad) {
		where := fmt.Sprintf("line %d", bad.Position.Line)
		if bad.LastKey != "" {
			where += fmt.Sprintf(", near the key %q", printable(bad.LastKey))
		}
		return fmt.Errorf("%s: it is not TOML: write key = \"value\", and each key once", where)
	}
	// The decoder names the key and the types.
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("the key %q has a value of the wrong type", m[1])
	}
	return errors.New("a value has the wrong type")
}

var wrongType = regexp.MustCompile(`last key "([A-Za-z0-9_.-]{1,40})"`)

// printable is a key as it can be shown.
func printable(key string) string {
	if len(key) > 40 {
		key = strings.ToValidUTF8(key[:40], "") + "…"
	}
	return key
}

func (r *Request) check() error {
	switch {
	case (r.Code.Len() > 0) != (r.Hub != ""):
		return errors.New("code and hub belong together: give both, or neither for a shop without a hub")
	case r.Code.Len() > 0 && !codeText.Match(r.Code.Bytes()):
		return errors.New("code is not an enrolment code: copy it from the hub as it stands there")
	case r.Hub != "" && !hostText.MatchString(r.Hub):
		return errors.New("hub is not an address: write host or host:port")
	case r.Language != "" && !slices.Contains([]string{"ja", "en", "auto"}, r.Language):
		return errors.New(`language: use "ja", "en" or "auto"`)
	}
	for name, text := range map[string]string{"shop": r.Shop, "brand": r.Brand, "floor": r.Floor} {
		if utf8.RuneCountInString(text) > 60 || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fmt.Errorf("%s: write at most 60 characters on one line", name)
		}
	}
	if r.Recovery.Len() > 0 {
		key, err := seal.ParseRecoveryKey(string(r.Recovery.Bytes()))
		if err != nil {
			return fmt.Errorf("recovery: %w", err)
		}
		key.Destroy()
	}
	s := r.Settings()
	return s.Check()
}

var (
	codeText = regexp.MustCompile(`^[0-9A-Za-z -]{10,100}$`)
	hostText = regexp.MustCompile(`^[0-9A-Za-z.:\[\]_-]{1,260}$`)
)

// requestKeys lists the keys as they are written, sorted.
func requestKeys() []string {
	var keys []string
	var walk func(reflect.Type, string)
	walk = func(t reflect.Type, prefix string) {
		for f := range t.Fields() {
			name := prefix + f.Tag.Get("toml")
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[SecretText]() {
				walk(f.Type, name+".")
				continue
			}
			keys = append(keys, name)
		}
	}
	walk(reflect.TypeFor[Request](), "")
	slices.Sort(keys)
	return keys
}

// nearest returns the known key that was probably meant, or "": first one of the same last name in another table, then the
// one with the fewest changes.
func nearest(key string, known []string) string {
	if len(key) > 60 {
		return ""
	}
	best, least := "", 3
	for _, k := range known {
		if tomlkeys.Last(k) == tomlkeys.Last(key) {
			return k
		}
		if n := min(tomlkeys.Distance(key, k), tomlkeys.Distance(tomlkeys.Last(key), tomlkeys.Last(k))); n < least {
			best, least = k, n
		}
	}
	return best
}
