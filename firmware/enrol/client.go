package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"

	"tenin/storage/seal"
)

// ErrNoDevice means that this machine was not flashed with Tenin's image: nobody answers at the enrolment's socket.
var ErrNoDevice = errors.New("this machine is no device that was flashed with Tenin's image")

// Client asks the half that is root. It runs as the kiosk's user, or as root.
type Client struct{ path string }

// NewClient asks at the socket of this place. It connects for each call.
func NewClient(p Place) *Client { return &Client{p.In(Socket)} }

// There says whether somebody may answer.
func (c *Client) There() bool {
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func (c *Client) ask(ctx context.Context, q call) (answer, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return answer{}, ErrNoDevice
	} else if err != nil {
		return answer{}, fmt.Errorf("the enrolment's service does not answer: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	text, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	_, err = conn.Write(text)
	clear(text)
	if err != nil {
		return answer{}, err
	}
	a, err := readAnswer(conn)
	if ctx.Err() != nil {
		return a, ctx.Err()
	}
	if err == nil {
		err = a.err()
	}
	return a, err
}

// Status says how the enrolment stands.
func (c *Client) Status(ctx context.Context) (Status, error) {
	a, err := c.ask(ctx, call{Op: opStatus})
	return a.Status, err
}

// Set keeps settings and applies them.
func (c *Client) Set(ctx context.Context, s Settings) error {
	_, err := c.ask(ctx, call{Op: opSettings, Settings: s, Secrets: secrets{Passphrase: s.WiFi.Passphrase.Bytes()}})
	return err
}

// Turn turns the picture, clockwise, by 0, 90, 180 or 270 degrees. It is not kept: unless Set keeps it, the picture is as
// before after TurnHolds, or after the next start. The display starts anew, and each window on it with it.
func (c *Client) Turn(ctx context.Context, rotation int) error {
	_, err := c.ask(ctx, call{Op: opTurn, Settings: Settings{Rotation: rotation}})
	return err
}

// Links are the network cards of this device as they are now, which a process without a network cannot see.
func (c *Client) Links(ctx context.Context) ([]Link, error) {
	a, err := c.ask(ctx, call{Op: opLinks})
	return a.Links, err
}

// Join joins the hub at address with a one-time code. The error wraps ErrRefused.
func (c *Client) Join(ctx context.Context, address string, code seal.Secret) (Joined, error) {
	a, err := c.ask(ctx, call{Op: opJoin, Address: address, Secrets: secrets{Code: code.Bytes()}})
	return a.Joined, err
}

// Keep makes a recovery key open the disk, in the place of the one before. The error wraps ErrNoSetupKey at a start that
// cannot.
func (c *Client) Keep(ctx context.Context, recovery seal.Secret) error {
	_, err := c.ask(ctx, call{Op: opKeep, Secrets: secrets{Recovery: recovery.Bytes()}})
	return err
}

// File does what the text of a RequestFile says.
func (c *Client) File(ctx context.Context, from io.Reader) (Joined, error) {
	b, err := io.ReadAll(io.LimitReader(from, maxRequest+1))
	defer clear(b)
	if err != nil {
		return Joined{}, err
	}
	if len(b) > maxRequest {
		return Joined{}, fmt.Errorf("%w: it is longer than %d bytes", ErrRequest, maxRequest)
	}
	a, err := c.ask(ctx, call{Op: opFile, Secrets: secrets{File: b}})
	return a.Joined, err
}

// Finish ends the enrolment and starts the kiosk.
func (c *Client) Finish(ctx context.Context, withoutHub bool) error {
	_, err := c.ask(ctx, call{Op: opFinish, WithoutHub: withoutHub})
	return err
}

// Recover opens the disk and the vault with the recovery key and gives both to this machine's TPM. pin, if there is one,
// becomes the technician's. The error wraps seal.ErrRecoveryKey or ErrLocked where the key is none, or another disk's.
func (c *Client) Recover(ctx context.Context, recovery, pin seal.Secret) error {
	_, err := c.ask(ctx, call{Op: opRecover, Secrets: secrets{Recovery: recovery.Bytes(), PIN: pin.Bytes()}})
	return err
}

// Reopen has the next start begin with the enrolment.
func (c *Client) Reopen(ctx context.Context) error {
	_, err := c.ask(ctx, call{Op: opReopen})
	return err
}

// Erase makes the data partition unreadable for good; the next start makes it anew.
func (c *Client) Erase(ctx context.Context) error {
	_, err := c.ask(ctx, call{Op: opErase})
	return err
}

// Reboot starts the machine anew, PowerOff shuts it down.
func (c *Client) Reboot(ctx context.Context) error {
	_, err := c.ask(ctx, call{Op: opPower, Power: "reboot"})
	return err
}

// PowerOff shuts the machine down.
func (c *Client) PowerOff(ctx context.Context) error {
	_, err := c.ask(ctx, call{Op: opPower, Power: "poweroff"})
	return err
}
