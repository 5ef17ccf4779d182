package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-tpm/tpm2"
	"golang.org/x/crypto/argon2"
)

// MinPIN is the shortest PIN in bytes that a new blob takes. The TPM counts the
// tries, so it may be shorter than a passphrase.
const MinPIN = 6

// TPMOptions say which TPM and what a new blob is bound to.
type TPMOptions struct {
	// Device is a character device or the Unix socket of an emulator; empty
	// means DefaultTPM.
	Device string
	// PIN gives the PIN when one is needed. The sealer destroys what it returns.
	// With no PIN function a blob that needs a PIN is refused with ErrNoKey.
	PIN func() (Secret, error)
	// RequirePIN makes new blobs need the PIN.
	RequirePIN bool
	// PublicKey is a PEM file with the RSA key that signs PCR 11; empty means that
	// new blobs are bound to PCR 7 alone.
	PublicKey string
	// Signature is the file of signatures over PCR 11 that the booted image
	// brings (tpm2-pcr-signature.json of systemd-measure). A blob that is bound
	// to signed PCR 11 does not open without.
	Signature string
}

// TPM is a Sealer whose key never leaves a TPM 2.0. What a blob is bound to:
//
//   - this TPM's owner seed, which a clear of the TPM replaces;
//   - PCR 7: the state and the keys of Secure Boot;
//   - with TPMOptions.PublicKey, a signature over the PCR 11 that was measured, so
//     that only images of that signer open it, in the boot phases they name;
//   - with a PIN, that PIN: the TPM counts wrong ones and locks itself. It counts a
//     power cut too, after a PIN was tried since the last proper shutdown.
//
// Nothing is stored in the TPM. The storage key is made anew for each call from
// the owner seed and the TCG's ECC P-256 template, which gives the same key each
// time; a persistent handle is shared with the rest of the system, which may fill
// or evict it.
//
// The blob holds that key's name, and every session is salted to the key with that
// name and encrypts parameters in both directions: who sits on the wires between
// learns nothing and changes nothing unseen. The very first Seal of a TPM has no
// name to compare and trusts the TPM it finds.
type TPM struct {
	options        TPMOptions
	passes, memory uint32
	lanes          uint8

	// bound is what the blob that was opened last is bound to. A new blob is bound
	// to the same, not to what the PCRs have become since: extending PCR 7 under a
	// running kiosk must not lock its next start out.
	bound *tpmBinding
}

// NewTPM returns a sealer. It touches nothing yet.
func NewTPM(options TPMOptions) *TPM {
	if options.Device == "" {
		options.Device = DefaultTPM
	}
	return &TPM{options: options, passes: argonPasses, memory: argonMemory, lanes: argonLanes}
}

// Device returns where the TPM is.
func (t *TPM) Device() string { return t.options.Device }

// Describe says what the TPM is good for, and what not.
func (t *TPM) Describe() string {
	i := Info{Kind: KindTPM, PIN: t.options.RequirePIN}
	if t.options.PublicKey != "" {
		i.SignedPCRs = []int{11}
	}
	if b := t.bound; b != nil {
		i.PIN, i.SignedPCRs = b.pin, nil
		if b.signer != nil {
			i.SignedPCRs = []int{11}
		}
	}
	return i.Describe(t.options.Device)
}

// Seal implements Sealer. Errors also wrap ErrNoTPM, ErrLockedOut or ErrPCR.
func (t *TPM) Seal(s Secret) (_ []byte, err error) {
	if err := checkSecret(s); err != nil {
		return nil, err
	}
	d, err := openDevice(t.options.Device)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	primary, err := d.primary()
	if err != nil {
		return nil, err
	}
	defer primary.flush()
	binding, err := t.newBinding(primary)
	if err != nil {
		return nil, err
	}
	h := tpmBlob{tpmBinding: *binding}
	auth, extra := Secret{}, Secret{}
	if h.pin {
		h.cost = pinCost{t.passes, t.memory, t.lanes, [pinSalt]byte(Random(pinSalt).Bytes())}
		pin, err := t.askPIN()
		if err != nil {
			return nil, err
		}
		if pin.Len() < MinPIN {
			pin.Destroy()
			return nil, fmt.Errorf("PIN: %w: it is shorter than %d characters; choose a longer one", ErrUnsafe, MinPIN)
		}
		auth, extra = h.cost.stretch(pin)
		defer auth.Destroy()
		defer extra.Destroy()
	}
	key := Random(32)
	defer key.Destroy()
	public, err := h.template()
	if err != nil {
		return nil, err
	}
	made, err := tpm2.Create{
		ParentHandle: primary.auth(),
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
			UserAuth: tpm2.TPM2BAuth{Buffer: auth.Bytes()},
			Data:     tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: key.Bytes()}),
		}},
		InPublic: tpm2.New2B(public),
	}.Execute(d)
	if err != nil {
		return nil, d.explain("seal", err)
	}
	got, err := made.OutPublic.Contents()
	if err != nil {
		return nil, d.explain("seal", err)
	}
	unique, err := got.Unique.KeyedHash()
	if err != nil || len(unique.Buffer) != sha256.Size {
		return nil, fmt.Errorf("TPM %s: it made an object of another kind than asked", d.path)
	}
	h.unique, h.private = [32]byte(unique.Buffer), made.OutPrivate.Buffer
	return h.encode(s, key, extra)
}

// errMeasuring means that something was measured into a PCR just then, whichever: the TPM ends every session that has looked at
// one. A machine that starts measures its phases while the first services run, so it is tried again.
var errMeasuring = errors.New("something was measured while the key was opened")

const (
	measuredTries = 5
	measuredPause = 200 * time.Millisecond
)

// Unseal implements Sealer. Errors also wrap ErrNoTPM, ErrLockedOut or ErrPCR.
func (t *TPM) Unseal(blob []byte) (_ Secret, err error) {
	h, err := parseTPMBlob(blob)
	if err != nil {
		return Secret{}, err
	}
	auth, extra := Secret{}, Secret{}
	if h.pin {
		pin, err := t.askPIN()
		if err != nil {
			return Secret{}, err
		}
		auth, extra = h.cost.stretch(pin)
		defer auth.Destroy()
		defer extra.Destroy()
	}
	d, err := openDevice(t.options.Device)
	if err != nil {
		return Secret{}, err
	}
	defer d.Close()
	primary, err := d.primary()
	if err != nil {
		return Secret{}, err
	}
	defer primary.flush()
	if primary.name != h.primary {
		return Secret{}, fmt.Errorf("TPM %s: %w: another TPM sealed this vault, or this one was cleared since; put the disk back into its machine, or restore a backup",
			d.path, ErrWrongKey)
	}
	key, err := t.release(d, primary, h, auth)
	for try := 1; errors.Is(err, errMeasuring) && try < measuredTries; try++ {
		time.Sleep(measuredPause)
		key, err = t.release(d, primary, h, auth)
	}
	if err != nil {
		return Secret{}, err
	}
	defer key.Destroy()
	secret, err := h.open(key, extra)
	if err != nil {
		return Secret{}, err
	}
	bound := h.tpmBinding
	t.bound = &bound
	return secret, nil
}

// release lets the TPM give the blob's key back.
func (t *TPM) release(d *device, primary *primaryKey, h *tpmBlob, auth Secret) (Secret, error) {
	public, err := h.template()
	if err != nil {
		return Secret{}, err
	}
	public.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgKeyedHash, &tpm2.TPM2BDigest{Buffer: h.unique[:]})
	loaded, err := tpm2.Load{
		ParentHandle: primary.auth(),
		InPrivate:    tpm2.TPM2BPrivate{Buffer: h.private},
		InPublic:     tpm2.New2B(public),
	}.Execute(d)
	if isRC(err) && !errors.Is(err, tpm2.TPMRCLockout) {
		return Secret{}, fmt.Errorf("sealed root key: %w: the TPM does not take it; restore it from a backup", ErrDamaged)
	} else if err != nil {
		return Secret{}, d.explain("load the sealed key", err)
	}
	defer d.flush(loaded.ObjectHandle)
	session, end, err := tpm2.PolicySession(d, tpm2.TPMAlgSHA256, nonceSize,
		primary.salted(), tpm2.AESEncryption(128, tpm2.EncryptOut), tpm2.Auth(auth.Bytes()))
	if err != nil {
		return Secret{}, d.explain("start a session", err)
	}
	defer func() { _ = end() }()
	if err := t.satisfy(d, session.Handle(), &h.tpmBinding); err != nil {
		return Secret{}, err
	}
	name, err := tpm2.ObjectName(&public)
	if err != nil {
		return Secret{}, err
	}
	out, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: loaded.ObjectHandle, Name: *name, Auth: session}}.Execute(d)
	switch {
	case err == nil:
	case h.pin && (errors.Is(err, tpm2.TPMRCAuthFail) || errors.Is(err, tpm2.TPMRCBadAuth)):
		return Secret{}, fmt.Errorf("PIN: %w: it does not open this vault%s", ErrWrongKey, d.triesLeft())
	case errors.Is(err, tpm2.TPMRCPCRChanged):
		return Secret{}, fmt.Errorf("TPM %s: %w: %w; start again", d.path, ErrPCR, errMeasuring)
	case errors.Is(err, tpm2.TPMRCPolicyFail):
		return Secret{}, fmt.Errorf("TPM %s: %w: the PCRs changed while the key was opened; start again", d.path, ErrPCR)
	default:
		return Secret{}, d.explain("unseal", err)
	}
	return TakeSecret(out.OutData.Buffer), nil
}

// askPIN returns the PIN.
func (t *TPM) askPIN() (Secret, error) {
	if t.options.PIN == nil {
		return Secret{}, fmt.Errorf("PIN: %w: this vault asks for a PIN and none was given", ErrNoKey)
	}
	pin, err := t.options.PIN()
	if err == nil && pin.Len() == 0 {
		// It would cost one of the tries that the TPM counts.
		err = fmt.Errorf("PIN: %w: it is empty", ErrNoKey)
	}
	return pin, err
}

// pinCost is how a PIN is stretched.
type pinCost struct {
	passes, memory uint32
	lanes          uint8
	salt           [pinSalt]byte
}

// stretch turns the PIN into what the TPM is shown and what it never sees: who
// breaks the TPM open still has to guess the PIN at Argon2id's price. It destroys
// the PIN.
func (c pinCost) stretch(pin Secret) (auth, extra Secret) {
	defer pin.Destroy()
	both := argon2.IDKey(pin.Bytes(), c.salt[:], c.passes, c.memory, c.lanes, 24+32)
	defer clear(both)
	// In letters, for a zero byte ends an authorisation value (TPM 2.0 Library,
	// Part 1, 19.6.4.3), and 32 are as many as an object with SHA-256 takes.
	letters := make([]byte, 32)
	base64.RawURLEncoding.Encode(letters, both[:24])
	return TakeSecret(letters), NewSecret(both[24:])
}

// mixKeys returns the key of a blob from the TPM's part and the PIN's.
func mixKeys(key, extra Secret) (Secret, error) {
	both := append(append(make([]byte, 0, 64), key.Bytes()...), extra.Bytes()...)
	defer clear(both)
	mixed, err := hkdf.Key(sha256.New, both, nil, "tenin seal tpm 1", 32)
	return TakeSecret(mixed), err
}
