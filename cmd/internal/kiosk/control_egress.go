package kiosk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/worker/sandbox"
)

// HarmlessPrograms are what a probe may run: the kiosk executes nothing else for whoever asks.
var HarmlessPrograms = []string{"/usr/bin/true", "/bin/true"}

// probeTime is how long one process may take over its probes, of which each ends within two seconds.
const probeTime = 2 * time.Minute

// maxTargets bounds the targets of one kind.
const maxTargets = 64

type egressService struct {
	pb.UnimplementedEgressServer
	served
}

func (s egressService) Probe(ctx context.Context, r *pb.ProbeRequest) (*pb.ProbeReply, error) {
	var t sandbox.Targets
	if err := json.Unmarshal(r.Targets, &t); err != nil {
		return nil, errors.New("the targets of the probes are not understood: use the same tenin on both sides")
	}
	if err := checkTargets(t); err != nil {
		return nil, err
	}
	if s.options.Probe == nil {
		return nil, fmt.Errorf("no %s process can be probed", r.Role)
	}
	s.log(ctx, "a process is probed", "role", r.Role)
	results, err := s.options.Probe(ctx, r.Role, t)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(results)
	if err != nil {
		return nil, err
	}
	return &pb.ProbeReply{Results: encoded}, nil
}

// checkTargets refuses what would have the kiosk do more than look.
func checkTargets(t sandbox.Targets) error {
	if t.Program != "" && !slices.Contains(HarmlessPrograms, t.Program) {
		return errors.New("a probe may run nothing but a program that does nothing: name one of those that the kiosk knows")
	}
	for _, n := range []int{len(t.Abstract), len(t.Sockets), len(t.Files), len(t.Folders), len(t.Others)} {
		if n > maxTargets {
			return fmt.Errorf("%d targets of one kind are too many: name at most %d", n, maxTargets)
		}
	}
	return nil
}

// OwnerAt is the kiosk at the other end of c as the owner; closing it closes c.
func OwnerAt(c *control.Client) Owner { return &remote{client: c} }

// Probe has the kiosk at the other end of c try targets inside its process of that role. Where the shop has staff the
// connection must have been given the PIN of a technician or a manager: control.ErrPINNeeded, control.ErrNotAllowed.
func Probe(ctx context.Context, c *control.Client, role string, t sandbox.Targets) ([]sandbox.Result, error) {
	encoded, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	reply, err := pb.NewEgressClient(c.Conn()).Probe(ctx, &pb.ProbeRequest{Role: role, Targets: encoded})
	if err != nil {
		return nil, err
	}
	var results []sandbox.Result
	if err := json.Unmarshal(reply.Results, &results); err != nil {
		return nil, errors.New("the kiosk's results of the probes are not understood: use the same tenin on both sides")
	}
	return results, nil
}
