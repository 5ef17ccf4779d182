package bell

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"tenin/cmd/internal/config"
)

// sender brings messages to one address.
type sender interface {
	send(Message, Names) error
	close()
}

func newSender(a config.CallAddress) sender {
	switch a.Scheme {
	case "http":
		return post{a}
	case "serial":
		return serial{a.Device}
	case "gpio":
		return &lamp{chip: a.Device, line: a.Line}
	}
	return packet{a}
}

// line is a message as a line of text: kiosk 3, topic 返品, called.
func line(m Message, n Names) string {
	if topic := n.topic(m.Topic); topic != "" {
		return fmt.Sprintf("kiosk %d, topic %s, %s\n", m.Kiosk, topic, m.Kind)
	}
	return fmt.Sprintf("kiosk %d, %s\n", m.Kiosk, m.Kind)
}

// packet sends the line as a UDP packet or over a TCP connection of its own.
type packet struct{ to config.CallAddress }

func (p packet) send(m Message, n Names) error {
	conn, err := dial(p.to)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = io.WriteString(conn, line(m, n))
	return err
}

func (packet) close() {}

// dial connects on this goroutine's own thread, which the wall is around.
func dial(a config.CallAddress) (net.Conn, error) {
	network := "tcp"
	if a.Scheme == "udp" {
		network = "udp"
	}
	conn, err := (&net.Dialer{Timeout: sending}).Dial(network, a.Peer.String())
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(sending)); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// post sends a message as JSON. The request is written here and not by http.Client, which would connect on a thread of its
// choice, follow a redirection elsewhere, and ask a proxy.
type post struct{ to config.CallAddress }

// posted is the body of the request.
type posted struct {
	Kiosk int    `json:"kiosk"`
	Topic string `json:"topic,omitempty"`
	Kind  string `json:"kind"`
}

func (p post) send(m Message, n Names) error {
	body, err := json.Marshal(posted{int(m.Kiosk), n.topic(m.Topic), m.Kind.String()})
	if err != nil {
		return err
	}
	conn, err := dial(p.to)
	if err != nil {
		return err
	}
	defer conn.Close()
	path := p.to.Path
	if path == "" {
		path = "/"
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		path, p.to.Peer, len(body), body)
	if err != nil {
		return err
	}
	// What is answered is not read beyond its first lines: nothing of it matters but the number.
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 16<<10)), nil)
	if err != nil {
		return errors.New("what answers at the address speaks no HTTP")
	}
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the address answers with %d", answer.StatusCode)
	}
	return nil
}

func (post) close() {}
