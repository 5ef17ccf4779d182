package setup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"tenin/cmd/internal/clock"
	"tenin/storage/uplink"
)

// Joined is what is known of the hub that this kiosk has joined.
type Joined struct {
	Finding
	// Name is the kiosk's there, Address the hub's, Key the public half of the kiosk's key; empty where none was joined.
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Key     string `json:"key,omitempty"`
}

// CheckHub says whether a hub was joined. That none was is no fault: the summaries wait.
func (s *Setup) CheckHub() Joined {
	c, err := uplink.ReadCredentials(s.credentials(), nil)
	switch {
	case errors.Is(err, uplink.ErrNotEnrolled):
		return Joined{Finding: found(Hub, Fair, HubNone, "this kiosk has joined no hub; summaries wait on this machine", "join one with a code that it made, or leave it so")}
	case err != nil:
		return Joined{Finding: failedTest(Hub, err, "join the hub anew")}
	}
	return joined(c)
}

// Join joins the hub at address with a code that it made. It is refused while the clock is not trusted. replace allows to
// join another hub than before.
func (s *Setup) Join(ctx context.Context, code, address string, replace bool) Joined {
	bad := func(code Code, err error, do string) Joined {
		return Joined{Finding: found(Hub, Bad, code, err.Error(), do)}
	}
	trust, finding := s.CheckClock()
	if err := trust.Allows(clock.Enrolment); err != nil {
		return bad(ClockUntrusted, err, finding.Do)
	}
	parsed, err := uplink.ParseCode(code)
	if err != nil {
		return bad(HubBadCode, err, "compare the code with the hub's, group by group")
	}
	c, err := s.join(ctx, parsed, address, replace)
	switch {
	case errors.Is(err, uplink.ErrRefused):
		return bad(HubRefused, err, "make a new code on the hub: `tenin hub enrol NAME`")
	case errors.Is(err, uplink.ErrOtherHub):
		return bad(HubOther, err, "the code is another hub's: look at the address and the code")
	case errors.Is(err, uplink.ErrEnrolled):
		return bad(HubJoined, errors.New("this kiosk has joined a hub already"), "join the other one in its place, if that is meant")
	case err != nil:
		return bad(HubUnreachable, err, "look at the address, the cable and the hub")
	}
	return joined(c)
}

func (s *Setup) join(ctx context.Context, code uplink.Code, address string, replace bool) (uplink.Credentials, error) {
	if s.options.Join == nil {
		return uplink.Join(ctx, uplink.JoinOptions{Code: code, Address: address, Path: s.credentials(), Replace: replace})
	}
	if _, err := uplink.ReadCredentials(s.credentials(), nil); err == nil && !replace {
		return uplink.Credentials{}, uplink.ErrEnrolled
	}
	if err := s.options.Join(ctx, address, code); err != nil {
		return uplink.Credentials{}, err
	}
	return uplink.ReadCredentials(s.credentials(), nil)
}

func joined(c uplink.Credentials) Joined {
	defer c.Seed.Destroy()
	key, err := c.Key()
	if err != nil {
		return Joined{Finding: failedTest(Hub, err, "join the hub anew")}
	}
	return Joined{
		Finding: found(Hub, Good, Fine, fmt.Sprintf("this kiosk is %s at the hub %s", c.Device, c.Address), ""),
		Name:    c.Device, Address: c.Address, Key: key,
	}
}

func (s *Setup) credentials() string {
	return filepath.Join(s.options.Home, uplink.CredentialsFile)
}
