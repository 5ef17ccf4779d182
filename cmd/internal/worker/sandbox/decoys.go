package sandbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// Decoys are targets that answer: what an unsandboxed process can reach there, a sandboxed one must not.
type Decoys struct {
	targets Targets
	closers []func() error
	serving sync.WaitGroup
}

// NewDecoys listens on a TCP and two UDP ports of the loopback, on an abstract and a path Unix socket, and makes a file
// in a new folder below dir ("": the temporary folder). The process to look into is this one. The Decoys must be closed.
func NewDecoys(dir string) (*Decoys, error) {
	d := &Decoys{}
	if err := d.prepare(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("sandbox: prepare targets for probes: %w", err), d.Close())
	}
	return d, nil
}

// longestSocket is how long the path of a Unix socket may be, unix(7).
const longestSocket = 107

// Targets returns the prepared targets, a new value each time.
func (d *Decoys) Targets() Targets {
	t := d.targets
	t.Abstract = append([]string{}, t.Abstract...)
	t.Sockets = append([]string{}, t.Sockets...)
	t.Files = append([]string{}, t.Files...)
	t.Folders = append([]string{}, t.Folders...)
	return t
}

// Close ends the listeners and removes the folder.
func (d *Decoys) Close() error {
	var failed []error
	for i := len(d.closers) - 1; i >= 0; i-- {
		failed = append(failed, d.closers[i]())
	}
	d.closers = nil
	d.serving.Wait()
	return errors.Join(failed...)
}

func (d *Decoys) prepare(dir string) error {
	folder, err := os.MkdirTemp(dir, "tenin-probe-*")
	if err != nil {
		return err
	}
	d.closers = append(d.closers, func() error { return os.RemoveAll(folder) })

	tcp, err := d.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, err := d.answer()
	if err != nil {
		return err
	}
	dns, err := d.answer()
	if err != nil {
		return err
	}
	abstract := "tenin-probe-" + rand.Text()
	if _, err := d.listen("unix", "@"+abstract); err != nil {
		return err
	}
	socket := filepath.Join(folder, "socket")
	if len(socket) > longestSocket {
		short, err := os.MkdirTemp("", "tenin-*")
		if err != nil {
			return err
		}
		d.closers = append(d.closers, func() error { return os.RemoveAll(short) })
		socket = filepath.Join(short, "socket")
	}
	if _, err := d.listen("unix", socket); err != nil {
		return err
	}
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, []byte("a decoy\n"), 0o600); err != nil {
		return err
	}
	d.targets = Targets{TCP: tcp, UDP: udp, DNS: dns, Abstract: []string{abstract}, Sockets: []string{socket},
		Files: []string{file, folder + "/"}, Folders: []string{folder}, PID: os.Getpid()}
	if exists("/dev/shm") {
		d.targets.Folders = append(d.targets.Folders, "/dev/shm")
	}
	if program, err := exec.LookPath("true"); err == nil {
		d.targets.Program = program
	}
	return nil
}

// listen accepts and closes.
func (d *Decoys) listen(network, address string) (string, error) {
	listener, err := net.Listen(network, address)
	if err != nil {
		return "", err
	}
	d.closers = append(d.closers, listener.Close)
	d.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	})
	return listener.Addr().String(), nil
}

// answer sends every datagram back, with the bit set that makes an answer of a DNS question (RFC 1035, 4.1.1).
func (d *Decoys) answer() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	d.closers = append(d.closers, conn.Close)
	d.serving.Go(func() {
		datagram := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(datagram)
			if err != nil {
				return
			}
			if n > 2 {
				datagram[2] |= 0x80
			}
			if _, err := conn.WriteTo(datagram[:n], from); err != nil {
				return
			}
		}
	})
	return conn.LocalAddr().String(), nil
}
