package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

// DefaultTPM is the kernel's TPM with its resource manager, which keeps the
// objects of several programs apart.
const DefaultTPM = "/dev/tpmrm0"

// device is an open TPM that remembers whether it stopped answering.
type device struct {
	transport.TPMCloser
	path string
	lost error
}

// wrapTransport lets tests sit between the sealer and the TPM.
var wrapTransport = func(t transport.TPMCloser) transport.TPMCloser { return t }

// openDevice opens a character device or an emulator's socket.
func openDevice(path string) (*device, error) {
	info, err := os.Stat(path)
	var t transport.TPMCloser
	switch {
	case err != nil:
	case info.Mode()&os.ModeSocket != 0:
		t, err = linuxudstpm.Open(path)
	default:
		t, err = linuxtpm.Open(path)
	}
	switch {
	case err == nil:
		return &device{TPMCloser: wrapTransport(t), path: path}, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("TPM %s: %w: %w; let this user use it (group tss)", path, ErrNoTPM, fs.ErrPermission)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("TPM %s: %w: there is none; switch it on in the firmware's settings, or name another with seal.device", path, ErrNoTPM)
	default:
		return nil, fmt.Errorf("TPM %s: %w: it cannot be opened: %w", path, ErrNoTPM, err)
	}
}

const (
	busyTries = 40
	busyPause = 25 * time.Millisecond
)

// Send implements transport.TPM. It asks again when the TPM is busy with itself,
// which it says before it has looked at the command.
func (d *device) Send(command []byte) ([]byte, error) {
	for try := 1; ; try++ {
		answer, err := d.TPMCloser.Send(command)
		if err != nil {
			d.lost = err
			return nil, err
		}
		if len(answer) < 10 {
			d.lost = errors.New("its answer is cut")
			return nil, d.lost
		}
		switch tpm2.TPMRC(binary.BigEndian.Uint32(answer[6:])) {
		case tpm2.TPMRCRetry, tpm2.TPMRCYielded, tpm2.TPMRCTesting, tpm2.TPMRCNVRate:
			if try < busyTries {
				time.Sleep(busyPause)
				continue
			}
		}
		return answer, nil
	}
}

// flush takes an object out of the TPM. That it fails is no news: the TPM is gone.
func (d *device) flush(handle tpm2.TPMHandle) {
	_, _ = tpm2.FlushContext{FlushHandle: handle}.Execute(d)
}

// isRC reports whether err is what the TPM answered, not what became of the answer.
func isRC(err error) bool {
	var code tpm2.TPMRC
	return errors.As(err, &code)
}

// explain says what a failed command means.
func (d *device) explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case d.lost != nil:
		return fmt.Errorf("TPM %s: %w: it stopped answering: %w; start again, and look for it in the firmware's settings if it stays away", d.path, ErrNoTPM, d.lost)
	case errors.Is(err, tpm2.TPMRCLockout):
		return d.lockedOut()
	case errors.Is(err, tpm2.TPMRCInitialize):
		return fmt.Errorf("TPM %s: %w: it was not started; restart the machine", d.path, ErrNoTPM)
	case isRC(err):
		return fmt.Errorf("TPM %s: cannot %s: %w", d.path, what, err)
	default:
		return fmt.Errorf("TPM %s: %w: its answer does not carry its proof (%w); something on the way to it changes answers", d.path, ErrUnsafe, err)
	}
}
