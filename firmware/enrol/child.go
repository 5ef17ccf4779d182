package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"tenin/storage/seal"
)

// ErrRefused means that the hub did not take this device.
var ErrRefused = errors.New("the hub refuses this device")

// Joined is who this device is at its hub.
type Joined struct {
	// Name is the hub's for this device, Hub its address, Key the public half of the device's key.
	Name string `json:"name,omitempty"`
	Hub  string `json:"hub,omitempty"`
	Key  string `json:"key,omitempty"`
	// Binding says how far the hub believes the device's TPM.
	Binding string `json:"binding,omitempty"`
}

// walls are the properties of a child's unit (systemd.exec(5)): it is the kiosk's user, and of the disk it changes the home
// alone.
func (s *Server) walls(network bool) []string {
	list := []string{
		"--quiet", "--wait", "--pipe", "--collect", "--service-type=exec",
		"--property=User=" + s.User, "--property=Group=" + s.User, "--property=SupplementaryGroups=tss",
		"--property=EnvironmentFile=-" + s.Data.Place.In(Environment),
		"--property=NoNewPrivileges=yes", "--property=CapabilityBoundingSet=", "--property=ProtectSystem=strict", "--property=ProtectHome=yes",
		"--property=PrivateTmp=yes", "--property=ReadWritePaths=" + s.Data.Place.In(Home), "--property=DevicePolicy=closed",
		"--property=DeviceAllow=/dev/tpmrm0 rw", "--property=RestrictSUIDSGID=yes", "--property=RestrictNamespaces=yes", "--property=LockPersonality=yes",
		"--property=SystemCallArchitectures=native", "--property=UMask=0077", "--property=LimitCORE=0", "--property=MemorySwapMax=0",
		"--property=RuntimeMaxSec=150", "--property=ProtectProc=invisible", "--property=ProtectKernelModules=yes", "--property=ProtectClock=yes",
	}
	if network {
		return append(list, "--property=RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6")
	}
	return append(list, "--property=PrivateNetwork=yes", "--property=RestrictAddressFamilies=AF_UNIX")
}

// asKiosk runs this program as the kiosk's user, in a unit of its own, with network or without. input is its standard input.
func (s *Server) asKiosk(ctx context.Context, network bool, input seal.Secret, args ...string) ([]byte, error) {
	all := append(s.walls(network), s.Program, "--home", s.Data.Place.In(Home))
	return s.Data.Machine.Run(ctx, Command{Name: "systemd-run", Args: append(all, args...), Input: input})
}

// refusedCode is what this program ends with where a hub says no; see `tenin help`.
const refusedCode = 3

// join takes the network for as long as the hub is joined, and for nothing else. The code goes by standard input, where no other
// process sees it. The error wraps ErrRefused.
func (s *Server) join(ctx context.Context, address string, code seal.Secret) (Joined, error) {
	if !hostText.MatchString(address) {
		return Joined{}, errors.New("the hub's address is not one: write host or host:port")
	}
	if !codeText.Match(code.Bytes()) {
		return Joined{}, errors.New("the code is not one: compare it with the hub's, group by group")
	}
	out, err := s.asKiosk(ctx, true, code, "hub", "join", "--quiet", "--json", "--replace", "--tpm", "yes", "--hub", address, "-")
	var exit *ExitError
	switch {
	case errors.As(err, &exit) && exit.Code == refusedCode:
		return Joined{}, fmt.Errorf("%w: %s", ErrRefused, strings.TrimPrefix(exit.Said, "tenin: "))
	case errors.As(err, &exit):
		return Joined{}, errors.New(strings.TrimPrefix(exit.Said, "tenin: "))
	case err != nil:
		return Joined{}, err
	}
	var j Joined
	if err := json.Unmarshal(out, &j); err != nil || j.Name == "" {
		return Joined{}, errors.New("the hub was asked, but its answer is not understood")
	}
	s.say("this device is " + j.Name + " at the hub " + j.Hub + ", " + j.Binding)
	return j, nil
}

// shop sets what the request says of the shop.
func (s *Server) shop(ctx context.Context, r *Request) error {
	args := []string{"setup", "shop", "--quiet"}
	for _, flag := range [][2]string{{"--name", r.Shop}, {"--brand", r.Brand}, {"--language", r.Language}, {"--floor", r.Floor}} {
		if flag[1] != "" {
			// One word, so that a name that begins with a dash is no flag.
			args = append(args, flag[0]+"="+flag[1])
		}
	}
	if len(args) == 3 {
		return nil
	}
	_, err := s.asKiosk(ctx, false, seal.Secret{}, args...)
	return err
}
