package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

func TestAnotherPCR7IsRefusedAndTheOldOneOpensAgain(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	secret := Random(32)
	blob := mustSeal(t, s, secret)
	e.extend(7, 1)
	if err := mustRefuse(t, s, blob, ErrPCR); !strings.Contains(err.Error(), "PCR 7") || errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	e.restart()
	mustOpen(t, cheapTPM(TPMOptions{Device: e.path}), blob, secret)
}

func TestAnotherPCRThanThoseThatAreBoundMayChange(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	secret := Random(32)
	blob := mustSeal(t, s, secret)
	e.extend(4, 1)
	e.extend(11, 1)
	mustOpen(t, s, blob, secret)
}

func TestANewBlobIsBoundToWhatOpenedTheLastOne(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	secret := Random(32)
	mustOpen(t, s, mustSeal(t, s, secret), secret)
	// Somebody extends PCR 7 while the kiosk runs, and a session is erased.
	e.extend(7, 9)
	blob := mustSeal(t, s, secret)
	e.restart()
	mustOpen(t, cheapTPM(TPMOptions{Device: e.path}), blob, secret)
}

func TestAClearedTPMIsRefused(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	blob := mustSeal(t, s, Random(32))
	e.clear()
	if err := mustRefuse(t, s, blob, ErrWrongKey); !strings.Contains(err.Error(), "cleared") {
		t.Fatal(err)
	}
}

func TestAnotherTPMIsRefused(t *testing.T) {
	mine, other := newEmulator(t), newEmulator(t)
	blob := mustSeal(t, cheapTPM(TPMOptions{Device: mine.path}), Random(32))
	mustRefuse(t, cheapTPM(TPMOptions{Device: other.path}), blob, ErrWrongKey)
	// Nor does a sealer go on with a TPM that was put in the place of its own.
	s := cheapTPM(TPMOptions{Device: mine.path})
	if _, err := s.Unseal(blob); err != nil {
		t.Fatal(err)
	}
	s.options.Device = other.path
	if _, err := s.Seal(Random(32)); !errors.Is(err, ErrWrongKey) {
		t.Fatal(err)
	}
}

func TestAWrongPINCostsATryAndTheLastOneLocks(t *testing.T) {
	e := newEmulator(t)
	secret := Random(32)
	right := TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")}
	wrong := right
	wrong.PIN = pinOf("024680")
	blob := mustSeal(t, cheapTPM(right), secret)
	mustOpen(t, cheapTPM(right), blob, secret)
	before, err := ReadTPM(e.path)
	if err != nil {
		t.Fatal(err)
	}
	if before.Failures != 0 || before.LockedOut || before.MaxFailures < 1 {
		t.Fatalf("%+v", before)
	}
	if err := mustRefuse(t, cheapTPM(wrong), blob, ErrWrongKey); !strings.Contains(err.Error(), "tries are left") {
		t.Fatal(err)
	}
	if after, err := ReadTPM(e.path); err != nil || after.Failures != 1 {
		t.Fatalf("a wrong PIN is not counted: %+v, %v", after, err)
	}
	mustOpen(t, cheapTPM(right), blob, secret)
	for range before.MaxFailures {
		if _, err := cheapTPM(wrong).Unseal(blob); err == nil {
			t.Fatal("a wrong PIN opened it")
		}
	}
	err = mustRefuse(t, cheapTPM(right), blob, ErrLockedOut)
	if !strings.Contains(err.Error(), "a try comes back every") || !strings.Contains(err.Error(), "--clear-lockout") {
		t.Fatalf("it does not say what to do: %v", err)
	}
	if s, err := ReadTPM(e.path); err != nil || !s.LockedOut {
		t.Fatalf("%+v, %v", s, err)
	}
	// A blob without a PIN is exempt: there is nothing to guess.
	open := cheapTPM(TPMOptions{Device: e.path})
	mustOpen(t, open, mustSeal(t, open, secret), secret)
}

func TestAMissingEmptyOrShortPINCostsNoTry(t *testing.T) {
	e := newEmulator(t)
	with := TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")}
	blob := mustSeal(t, cheapTPM(with), Random(32))
	mustRefuse(t, cheapTPM(TPMOptions{Device: e.path}), blob, ErrNoKey)
	mustRefuse(t, cheapTPM(TPMOptions{Device: e.path, PIN: pinOf("")}), blob, ErrNoKey)
	with.PIN = pinOf("1234")
	if _, err := cheapTPM(with).Seal(Random(32)); !errors.Is(err, ErrUnsafe) {
		t.Fatal(err)
	}
	if s, err := ReadTPM(e.path); err != nil || s.Failures != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestADamagedBlobCostsNoTry(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")})
	blob := mustSeal(t, s, Random(32))
	for i := range blob {
		bad := bytes.Clone(blob)
		bad[i] ^= 1
		mustRefuse(t, s, bad, ErrDamaged)
	}
	if s, err := ReadTPM(e.path); err != nil || s.Failures != 0 {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestABlobThatWasChangedOnPurposeDoesNotOpen(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	blob := mustSeal(t, s, Random(32))
	for i := kindSize; i < len(blob)-4; i++ {
		bad := bytes.Clone(blob)
		bad[i] ^= 1 << (i % 8)
		// The checksum is no secret: whoever changes the rest on purpose mends it.
		binary.LittleEndian.PutUint32(bad[len(bad)-4:], crc32.ChecksumIEEE(bad[:len(bad)-4]))
		got, err := s.Unseal(bad)
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) && !errors.Is(err, ErrPCR) && !errors.Is(err, ErrNoKey) {
			t.Fatalf("byte %d: %v, %v", i, got, err)
		}
	}
	if n := e.transients(); n != 0 {
		t.Fatalf("%d objects and sessions were left in the TPM", n)
	}
}

func TestNothingIsLeftInTheTPM(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")})
	blob := mustSeal(t, s, Random(32))
	for range 5 {
		mustOpen(t, s, blob, func() Secret { x, _ := s.Unseal(blob); return x }())
	}
	s.options.PIN = pinOf("wrong one")
	mustRefuse(t, s, blob, ErrWrongKey)
	e.extend(7, 1)
	mustRefuse(t, s, blob, ErrPCR)
	if n := e.transients(); n != 0 {
		t.Fatalf("%d objects and sessions were left", n)
	}
}

func TestNoTPMSaysSo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "none"), file} {
		s := cheapTPM(TPMOptions{Device: path})
		if _, err := s.Seal(Random(32)); !errors.Is(err, ErrNoTPM) || strings.Contains(err.Error(), "\n") {
			t.Fatal(err)
		}
		if _, err := ReadTPM(path); !errors.Is(err, ErrNoTPM) {
			t.Fatal(err)
		}
	}
}

// between sits on the wires between the sealer and the TPM.
type between struct {
	transport.TPMCloser
	sent func(n int, command []byte) error
	got  func(n int, answer []byte) []byte
	n    int
}

func (b *between) Send(command []byte) ([]byte, error) {
	b.n++
	if b.sent != nil {
		if err := b.sent(b.n, command); err != nil {
			return nil, err
		}
	}
	answer, err := b.TPMCloser.Send(command)
	if err == nil && b.got != nil {
		answer = b.got(b.n, answer)
	}
	return answer, err
}

// listen puts b on the wires until the test ends.
func listen(t *testing.T, b *between) {
	t.Helper()
	old := wrapTransport
	wrapTransport = func(inner transport.TPMCloser) transport.TPMCloser {
		b.TPMCloser = inner
		return b
	}
	t.Cleanup(func() { wrapTransport = old })
}

func TestATPMThatGoesAwayAtAnyCommandSaysSo(t *testing.T) {
	e := newEmulator(t)
	// Without a PIN: a TPM counts each power cut after one was tried as a wrong try.
	s := cheapTPM(TPMOptions{Device: e.path})
	secret := Random(32)
	blob := mustSeal(t, s, secret)
	b := &between{}
	listen(t, b)
	mustOpen(t, s, blob, secret)
	commands := b.n
	if commands < 8 {
		t.Fatalf("only %d commands", commands)
	}
	for last := range commands - 3 { // the last three flush what the TPM forgets anyway
		b.n = 0
		b.sent = func(n int, _ []byte) error {
			if n == last+1 {
				e.stop()
			}
			return nil
		}
		mustRefuse(t, s, blob, ErrNoTPM)
		b.sent = nil
		e.start()
		mustOpen(t, cheapTPM(s.options), blob, secret)
	}
}

func TestWhoListensOnTheWiresLearnsNothing(t *testing.T) {
	e := newEmulator(t)
	var heard bytes.Buffer
	listen(t, &between{
		sent: func(_ int, c []byte) error { heard.Write(c); return nil },
		got:  func(_ int, a []byte) []byte { heard.Write(a); return a },
	})
	pin := "a rather long PIN"
	s := cheapTPM(TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf(pin)})
	secret := Random(32)
	blob := mustSeal(t, s, secret)
	mustOpen(t, s, blob, secret)
	h, err := parseTPMBlob(blob)
	if err != nil {
		t.Fatal(err)
	}
	auth, extra := h.cost.stretch(NewSecret([]byte(pin)))
	d, err := openDevice(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	primary, err := d.primary()
	if err != nil {
		t.Fatal(err)
	}
	defer primary.flush()
	key, err := s.release(d, primary, h, auth)
	if err != nil {
		t.Fatal(err)
	}
	if heard.Len() < 1000 {
		t.Fatal("nothing was heard")
	}
	for name, hidden := range map[string][]byte{"secret": secret.Bytes(), "PIN": []byte(pin), "authorisation": auth.Bytes(), "PIN's key": extra.Bytes(), "sealed key": key.Bytes()} {
		for i := range len(hidden) - 7 {
			if bytes.Contains(heard.Bytes(), hidden[i:i+8]) {
				t.Fatalf("the %s went over the wires in clear", name)
			}
		}
	}
}

func TestEverySessionIsSaltedToTheStorageKey(t *testing.T) {
	e := newEmulator(t)
	started, unsalted := 0, 0
	listen(t, &between{sent: func(_ int, c []byte) error {
		if tpm2.TPMCC(binary.BigEndian.Uint32(c[6:])) == tpm2.TPMCCStartAuthSession {
			started++
			if tpm2.TPMHandle(binary.BigEndian.Uint32(c[10:])) == tpm2.TPMRHNull {
				unsalted++
			}
		}
		return nil
	}})
	s := cheapTPM(TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")})
	blob := mustSeal(t, s, Random(32))
	if _, err := s.Unseal(blob); err != nil {
		t.Fatal(err)
	}
	c, secret := NewCounter(e.path), Random(32)
	id, _, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Increment(id, secret); err != nil {
		t.Fatal(err)
	}
	if started < 8 || unsalted != 0 {
		t.Fatalf("%d of %d sessions have keys that a listener knows", unsalted, started)
	}
}

func TestNoPasswordGoesOverTheWires(t *testing.T) {
	e := newEmulator(t)
	var heard bytes.Buffer
	listen(t, &between{sent: func(_ int, c []byte) error { heard.Write(c); return nil }})
	c, secret := NewCounter(e.path), Random(32)
	id, _, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Increment(id, secret); err != nil {
		t.Fatal(err)
	}
	_ = c.with(secret, func(_ *device, _ *primaryKey, auth []byte) error {
		if bytes.Contains(heard.Bytes(), auth[:8]) || bytes.Contains(heard.Bytes(), secret.Bytes()[:8]) {
			t.Error("what opens the counter went over the wires in clear")
		}
		return nil
	})
}

func TestWhoChangesAnswersOnTheWiresIsFoundOut(t *testing.T) {
	e := newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path})
	secret := Random(32)
	blob := mustSeal(t, s, secret)
	b := &between{}
	listen(t, b)
	mustOpen(t, s, blob, secret)
	commands := b.n
	for target := 1; target <= commands; target++ {
		for at := 10; ; at += 7 {
			b.n = 0
			inside := false
			b.got = func(n int, answer []byte) []byte {
				if n != target || at >= len(answer) {
					return answer
				}
				inside = true
				answer = bytes.Clone(answer)
				answer[at] ^= 0x40
				return answer
			}
			got, err := s.Unseal(blob)
			if err == nil && !got.Equal(secret) {
				t.Fatalf("answer %d, byte %d: another secret", target, at)
			}
			b.got = nil
			if !inside {
				break
			}
		}
		// Handles that were read wrongly stay behind.
		e.restart()
	}
}

func TestAFalseStorageKeyIsRefusedBeforeAnythingIsTold(t *testing.T) {
	e, impostor := newEmulator(t), newEmulator(t)
	s := cheapTPM(TPMOptions{Device: e.path, RequirePIN: true, PIN: pinOf("135790")})
	blob := mustSeal(t, s, Random(32))
	// The interposer answers for the TPM with one whose keys it knows.
	b := &between{}
	listen(t, b)
	s.options.Device = impostor.path
	mustRefuse(t, s, blob, ErrWrongKey)
	if b.n > 2 {
		t.Fatalf("%d commands went to a TPM that is not the right one", b.n)
	}
}

func FuzzATPMBlobIsReadOnlyInTheFormThatIsWritten(f *testing.F) {
	signer, err := readSigner("testdata/tpm2-pcr-public-key.pem")
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range []tpmBinding{{}, {pin: true}, {signer: signer}, {signer: signer, pin: true}} {
		b.primary[1] = 0x0b
		h := tpmBlob{tpmBinding: b, cost: pinCost{passes: 3, memory: 64 << 10, lanes: 4}, private: make([]byte, 126)}
		blob, err := h.encode(Random(32), Random(32), Secret{})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob[:len(blob)-4])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		blob := binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.ChecksumIEEE(b))
		h, err := parseTPMBlob(blob)
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) {
				t.Fatalf("error wraps neither: %v", err)
			}
			return
		}
		if _, err := Inspect(blob); err != nil {
			t.Fatal(err)
		}
		if _, err := h.template(); err != nil {
			t.Fatal(err)
		}
		again, err := h.encode(Random(32), Random(32), Secret{})
		if err != nil || !bytes.Equal(again[:len(h.header)], h.header) {
			t.Fatalf("it reads %x and writes %x, %v", h.header, again, err)
		}
		if _, err := h.open(Random(32), Secret{}); !errors.Is(err, ErrDamaged) {
			t.Fatal("another key opened it")
		}
	})
}
