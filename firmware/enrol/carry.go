package enrol

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tenin/storage/seal"
)

// carryText does what the text of a RequestFile says.
func (s *Server) carryText(ctx context.Context, text seal.Secret) (Joined, error) {
	r, err := ReadRequest(bytes.NewReader(text.Bytes()))
	if err != nil {
		return Joined{}, err
	}
	defer r.Destroy()
	return s.carry(ctx, &r)
}

// carry does what a request says, in the order in which one thing needs the other: the disk, the network, the shop, the hub. It
// may be repeated.
func (s *Server) carry(ctx context.Context, r *Request) (j Joined, err error) {
	if !s.Data.Place.Has(DataOpen) {
		if r.Recovery.Len() == 0 {
			return j, errors.New("the data partition is not open, and the file has no key recovery to open it with")
		}
		if err := s.recover(ctx, r.Recovery.Secret, seal.Secret{}); err != nil {
			return j, err
		}
	}
	if err := s.set(ctx, r.Settings()); err != nil {
		return j, err
	}
	if err := s.shop(ctx, r); err != nil {
		return j, fmt.Errorf("shop: %w", err)
	}
	if r.Code.Len() == 0 {
		return j, nil
	}
	return s.join(ctx, r.Hub, r.Code.Secret)
}

// WatchSticks looks every few seconds for a stick with a RequestFile until ctx ends or the device is enrolled, and does what it
// says, once. tick gives the moments.
func (s *Server) WatchSticks(ctx context.Context, tick <-chan time.Time) {
	for {
		s.mu.Lock()
		done := s.Data.Place.Has(Enrolled)
		if !done {
			s.lookAtStick(ctx)
		}
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

func (s *Server) lookAtStick(ctx context.Context) {
	stick, err := s.Data.FindStick(ctx)
	if errors.Is(err, ErrNoRequest) {
		return
	} else if err != nil {
		s.say("sticks: " + err.Error())
		return
	}
	defer func() {
		if err := stick.Close(ctx); err != nil {
			s.say("stick: " + err.Error())
		}
	}()
	if said := s.carryStick(ctx, stick); said != "" {
		s.stick = oneLine(said)
		s.say("stick: " + s.stick)
	}
}

// carryStick returns what to say of a stick; "" where it was told already.
func (s *Server) carryStick(ctx context.Context, stick *Stick) string {
	text, err := stick.text()
	if err != nil {
		return err.Error()
	}
	defer text.Destroy()
	sum := sha256.Sum256(text.Bytes())
	if s.seen[sum] {
		return ""
	}
	see := func() {
		if s.seen == nil {
			s.seen = map[[32]byte]bool{}
		}
		s.seen[sum] = true
	}
	r, err := ReadRequest(bytes.NewReader(text.Bytes()))
	if err != nil {
		see()
		return err.Error()
	}
	defer r.Destroy()
	ctx, stop := context.WithTimeout(ctx, callTime)
	defer stop()
	j, err := s.carry(ctx, &r)
	switch {
	case errors.Is(err, ErrRefused), errors.Is(err, seal.ErrRecoveryKey), errors.Is(err, ErrLocked):
		see() // the same file would be refused again
		return err.Error()
	case err != nil:
		return err.Error() + "; it is tried again"
	}
	see()
	said := "done"
	if j.Name != "" {
		said = "this device is " + j.Name + " at the hub " + j.Hub
	}
	if r.Keep {
		return said + "; the file stays on the stick, as it asks"
	}
	if err := stick.Consume(ctx); err != nil {
		return said + "; " + err.Error()
	}
	return said + "; the file was removed from the stick"
}

// text is the file as it is.
func (s *Stick) text() (seal.Secret, error) {
	f, err := os.OpenFile(s.path(), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return seal.Secret{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRequest+1))
	if err != nil {
		clear(b)
		return seal.Secret{}, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return seal.TakeSecret(b), nil
}
