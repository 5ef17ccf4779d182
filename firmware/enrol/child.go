package enrol

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
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

// The units in which this program runs as the kiosk's user, tenin-enrol-join.service with the network and
// tenin-enrol-step.service without. Both read what to do from a file that only root reads, and leave what was said in two others.
const (
	joinUnit = "tenin-enrol-join.service"
	stepUnit = "tenin-enrol-step.service"

	stepFile = "run/tenin-enrol/step"
	outFile  = "run/tenin-enrol/out"
	errFile  = "run/tenin-enrol/err"
)

// step is what a child is to do.
type step struct {
	Args  []string `json:"args"`
	Input []byte   `json:"input,omitempty"`
}

// maxSaid bounds what is read of what a child has said, in bytes.
const maxSaid = 64 << 10

// asKiosk runs this program as the kiosk's user, with the network or without. input is its standard input. systemd starts it:
// what this process may do, no child of it may do more of, and the join needs what it has not.
func (s *Server) asKiosk(ctx context.Context, network bool, input seal.Secret, args ...string) ([]byte, error) {
	unit := stepUnit
	if network {
		unit = joinUnit
	}
	text, err := json.Marshal(step{append([]string{"--home", s.Data.Place.In(Home)}, args...), input.Bytes()})
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, name := range []string{stepFile, outFile, errFile} {
			_ = os.Remove(s.Data.Place.In(name))
		}
	}()
	err = s.Data.Place.write(stepFile, text, 0o600)
	clear(text)
	if err != nil {
		return nil, err
	}
	failed := run(ctx, s.Data.Machine, "systemctl", "start", unit)
	out := s.Data.Place.said(outFile)
	if failed == nil {
		return out, nil
	}
	said := lastLine(string(s.Data.Place.said(errFile)))
	code, err := s.Data.Machine.Run(context.WithoutCancel(ctx), Command{Name: "systemctl", Args: []string{"show", "--property=ExecMainStatus", "--value", unit}})
	if err != nil || said == "" {
		return out, failed
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(code)))
	if err != nil || n == 0 {
		return out, failed
	}
	return out, &ExitError{unit, n, said}
}

// said is what a child has said into a file.
func (p Place) said(name string) []byte {
	f, err := os.Open(p.In(name))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSaid))
	if err != nil {
		return nil
	}
	return b
}

// Step is the life of such a child: it reads from in what to do, and runs this program so. It returns the program's exit code.
func Step(ctx context.Context, in io.Reader, out, complaints io.Writer) (int, error) {
	var do step
	decoder := json.NewDecoder(io.LimitReader(in, maxCall))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&do); err != nil {
		return 0, errors.New("a step of the enrolment is one object that is known here")
	}
	defer clear(do.Input)
	c := exec.CommandContext(ctx, "/proc/self/exe", do.Args...)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(do.Input), out, complaints
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
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
