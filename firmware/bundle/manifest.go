package bundle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"tenin/firmware/verity"
)

// The names of the files, in their order.
const (
	FileManifest  = "manifest.json"
	FileSignature = "manifest.sig"
	FileUKI       = "tenin.efi"
	FileRoot      = "root.img"
	FileModels    = "models.img"
)

// Format is the only format of a manifest.
const Format = 1

const (
	maxManifest = 64 << 10
	// MaxUKI and MaxImage bound a kernel image and the image of a slot, in bytes. A tar's header holds no more than 8 GiB.
	MaxUKI   = 256 << 20
	MaxImage = 8<<30 - 1
)

// Manifest says what a bundle is.
type Manifest struct {
	Format int `json:"format"`
	// Product and Arch are the kind of device: "tenin-kiosk", "amd64".
	Product string `json:"product"`
	// Version only grows, from 1. Name is what people call it: "1.4.0".
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// Created is in Unix seconds.
	Created int64 `json:"created"`
	// Test says that the image has a console for tests, and belongs on no counter.
	Test bool   `json:"test"`
	Arch string `json:"arch"`
	// Key is the fingerprint of the key that signs, so that a reader with another one can say so.
	Key   string `json:"key"`
	Vault Vault  `json:"vault"`
	Root  Slot   `json:"root"`
	// Models is nil where the bundle brings no weights; ModelsUUID are those that it then needs, and empty where its
	// kernel image starts without any.
	Models     *Slot  `json:"models,omitempty"`
	ModelsUUID string `json:"models_uuid,omitempty"`
	UKI        File   `json:"uki"`
	// Downgrade is nil but for a bundle that may be installed over a higher version.
	Downgrade *Downgrade `json:"downgrade,omitempty"`
}

// Vault is about the format of the vault.
type Vault struct {
	// Writes is the format that this version writes, ReadsFrom the oldest that it reads.
	Writes    int `json:"writes"`
	ReadsFrom int `json:"reads_from"`
}

// File is one file of the bundle.
type File struct {
	File string `json:"file"`
	// Size is in bytes, SHA256 in hex.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Slot is an image for a slot.
type Slot struct {
	File string `json:"file"`
	// Size is in bytes, SHA256 of them in hex.
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Hash is the root hash of dm-verity in hex, UUID that of its superblock, DataSize where that is.
	Hash     string `json:"hash"`
	UUID     string `json:"uuid"`
	DataSize int64  `json:"data_size"`
}

// Image returns what the kernel's command line says of it.
func (s Slot) Image() verity.Image {
	i, err := s.image()
	if err != nil {
		return verity.Image{}
	}
	return i
}

func (s Slot) image() (verity.Image, error) {
	return verity.Parse(s.Hash + "," + s.UUID + "," + strconv.FormatInt(s.DataSize, 10))
}

// Encode returns the one form of the manifest: indented JSON and a final newline.
func (m Manifest) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Parse reads what Encode wrote and checks each field. Errors wrap ErrDamaged.
func Parse(b []byte) (m Manifest, err error) {
	if len(b) > maxManifest {
		return m, damaged("its manifest is longer than %d bytes", maxManifest)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Manifest{}, damaged("its manifest: %v", err)
	}
	if err := m.check(); err != nil {
		return Manifest{}, damaged("its manifest: %v", err)
	}
	// Doubled fields, fields in other case, bytes behind: whatever differs from the one form is seen here.
	if again, err := m.Encode(); err != nil || !bytes.Equal(again, b) {
		return Manifest{}, damaged("its manifest is not in the form that is signed")
	}
	return m, nil
}

var (
	wordForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+~-]{0,39}$`)
	hexForm  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func (m Manifest) check() error {
	switch {
	case m.Format != Format:
		return fmt.Errorf("its format is %d, and this program reads %d", m.Format, Format)
	case !wordForm.MatchString(m.Product) || !wordForm.MatchString(m.Arch):
		return fmt.Errorf("product %.40q, architecture %.40q", m.Product, m.Arch)
	case m.Version < 1:
		return fmt.Errorf("its version is %d", m.Version)
	case !nameForm.MatchString(m.Name):
		return fmt.Errorf("its name is %.60q: use up to 40 letters, digits and . + ~ -", m.Name)
	case m.Created < 0:
		return fmt.Errorf("it was made at %d", m.Created)
	case !hexForm.MatchString(m.Key):
		return fmt.Errorf("it names no key")
	case m.Vault.Writes < 1 || m.Vault.ReadsFrom < 1 || m.Vault.ReadsFrom > m.Vault.Writes:
		return fmt.Errorf("it writes vaults of format %d and reads them from %d", m.Vault.Writes, m.Vault.ReadsFrom)
	case m.UKI.File != FileUKI || m.UKI.Size < 1 || m.UKI.Size > MaxUKI || !hexForm.MatchString(m.UKI.SHA256):
		return fmt.Errorf("its kernel image is %+v", m.UKI)
	case m.Models != nil && m.ModelsUUID != "":
		return fmt.Errorf("it brings weights and asks for others")
	}
	if err := m.Root.check(FileRoot); err != nil {
		return err
	}
	if m.Models != nil {
		if err := m.Models.check(FileModels); err != nil {
			return err
		}
	}
	if m.ModelsUUID != "" {
		if u, err := verity.ParseUUID(m.ModelsUUID); err != nil || verity.FormatUUID(u) != m.ModelsUUID {
			return fmt.Errorf("the weights that it needs are %.60q", m.ModelsUUID)
		}
	}
	return m.Downgrade.check(m.Version)
}

func (s Slot) check(name string) error {
	i, err := s.image()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case s.File != name || !hexForm.MatchString(s.SHA256) || s.Hash != hex.EncodeToString(i.Hash[:]) || s.UUID != verity.FormatUUID(i.UUID):
		return fmt.Errorf("%s: it is %+v", name, s)
	case s.Size != i.Size() || s.Size > MaxImage:
		return fmt.Errorf("%s: it has %d bytes, and an image of its kind has %d", name, s.Size, i.Size())
	}
	return nil
}

// Downgrade lets a bundle be installed over a version that is higher than its own.
type Downgrade struct {
	// Floor is the highest floor of a device that the bundle may lower to its version.
	Floor int64 `json:"floor"`
	// Device is the one device that may, or "*" for all.
	Device string `json:"device"`
	// NotAfter is when the permission ends, in Unix seconds.
	NotAfter int64 `json:"not_after"`
}

func (d *Downgrade) check(version int64) error {
	if d != nil && (d.Floor < version || len(d.Device) < 1 || len(d.Device) > 128 || d.NotAfter < 1) {
		return fmt.Errorf("its permission to go back is %+v", *d)
	}
	return nil
}

// Allow says whether a device of that id, whose floor is floor, may install the bundle at that time. The error wraps
// ErrOther and says why not; a nil Downgrade allows nothing.
func (d *Downgrade) Allow(device string, floor int64, now time.Time) error {
	switch {
	case d == nil:
		return fmt.Errorf("%w: it has no permission to go back to an older version", ErrOther)
	case d.Device != "*" && d.Device != device:
		return fmt.Errorf("%w: its permission to go back is for the device %s", ErrOther, d.Device)
	case floor > d.Floor:
		return fmt.Errorf("%w: its permission is to go back from version %d at most, and this device has run %d", ErrOther, d.Floor, floor)
	case now.Unix() > d.NotAfter:
		return fmt.Errorf("%w: its permission to go back ended at %s", ErrOther, time.Unix(d.NotAfter, 0).UTC().Format(time.RFC3339))
	}
	return nil
}

// Device is what a bundle has to fit.
type Device struct {
	Product, Arch string
	// Test says that this is a device for tests, which alone takes test bundles.
	Test bool
}

// Fits says whether the bundle is for such a device. The error wraps ErrOther.
func (m Manifest) Fits(d Device) error {
	switch {
	case m.Product != d.Product:
		return fmt.Errorf("%w: it is for the product %s, and this is %s", ErrOther, m.Product, d.Product)
	case m.Arch != d.Arch:
		return fmt.Errorf("%w: it is for %s, and this is %s", ErrOther, m.Arch, d.Arch)
	case m.Test && !d.Test:
		return fmt.Errorf("%w: it is a TEST bundle, whose console anybody may use", ErrOther)
	}
	return nil
}

// Fingerprint names a key: SHA-256 of its 32 bytes, in hex.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}
