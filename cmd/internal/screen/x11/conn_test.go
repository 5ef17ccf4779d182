package x11

import (
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A server that is still looking for its screens takes connections and says nothing: that is no refusal, of which the words
// about cookies would be.
func TestAServerThatDoesNotAnswerDoesNotRefuse(t *testing.T) {
	defer func(d time.Duration) { patience = d }(patience)
	patience = 50 * time.Millisecond
	for _, test := range []struct {
		name   string
		closes bool
		want   error
	}{{"says nothing", false, ErrNone}, {"closes", true, ErrRefused}} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "X0")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					if test.closes {
						_, _ = c.Read(make([]byte, 12))
						c.Close()
					} else {
						defer c.Close()
					}
				}
			}()
			if _, err := Dial(path, nil); !errors.Is(err, test.want) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := Dial(filepath.Join(t.TempDir(), "X1"), nil); !errors.Is(err, ErrNone) {
		t.Errorf("no server: %v", err)
	}
}
