package sandbox

import (
	"syscall"
	"testing"
)

func TestClosingTheStarterKillsItsChildren(t *testing.T) {
	need(t)
	cmd, err := Command(Policy{Role: "waiting"}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	s := NewStarter()
	waiting(t, s, cmd)
	s.Close()
	s.Close() // once more does no harm
	cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the child ended with %v", cmd.ProcessState)
	}
	if err := s.Start(cmd); err == nil {
		t.Error("a closed starter started a child")
	}
}
