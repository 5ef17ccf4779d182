package egress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// ControlRole is the role of a control process: the program's main function calls [Control] in it.
const ControlRole = "egress control"

// controlTime is how long a control process may take; each attempt takes two seconds at most.
const controlTime = 2 * time.Minute

// Control is the whole life of a control process, which no wall surrounds: it tries the targets that it reads from in,
// writes the results to out, and returns its exit code.
func Control(in io.Reader, out io.Writer) int {
	targets, err := io.ReadAll(in)
	if err != nil {
		return 1
	}
	if _, err := out.Write(worker.ProbeItself(context.Background(), targets)); err != nil {
		return 1
	}
	return 0
}

// controls returns what processes without walls can do: one as this user is, and one that has every right over a network
// of its own, which an ordinary user's process has not. problem says why the latter could not be had.
func controls(ctx context.Context, targets sandbox.Targets) (results []sandbox.Result, problem, err error) {
	ctx, cancel := context.WithTimeout(ctx, controlTime)
	defer cancel()
	policy := sandbox.Policy{Role: ControlRole}
	ordinary, err := sandbox.Command(policy, sandbox.Off)
	if err == nil {
		results, err = try(ctx, ordinary, targets)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the control process: %w", err)
	}
	empowered, err := sandbox.Empowered(policy)
	if err != nil {
		return results, err, nil
	}
	more, err := try(ctx, empowered, targets)
	if err != nil {
		return results, fmt.Errorf("the control process with every right: %w", err), nil
	}
	return sandbox.Merge(results, more), nil, nil
}

// try has a control process try the targets.
func try(ctx context.Context, cmd *exec.Cmd, targets sandbox.Targets) (results []sandbox.Result, err error) {
	input, err := json.Marshal(targets)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, os.Stderr
	starter := sandbox.NewStarter()
	defer starter.Close()
	if err := starter.Start(cmd); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return nil, err
	}
	if json.Unmarshal(out.Bytes(), &results) != nil || len(results) == 0 {
		return nil, errors.New("it gave no results")
	}
	return results, nil
}
