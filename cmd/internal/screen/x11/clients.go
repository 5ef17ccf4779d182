package x11

import "errors"

// Client is one who uses the display.
type Client struct {
	// PID is its process as the server sees it; 0 where it cannot tell.
	PID int
	// Own says that it is this connection.
	Own bool
}

// Clients are all who are connected, this connection among them. The error says that the server does not tell (it has no
// X-Resource extension).
func (c *Conn) Clients() ([]Client, error) {
	opcode, ok, err := c.Extension("X-Resource")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errors.New("the X server does not tell who is connected: it has no X-Resource")
	}
	const queryVersion, queryClients, queryClientIDs, pidMask = 0, 1, 4, 2
	// Without the question for its version the server takes this client for an old one.
	if _, err := c.ask(opcode, queryVersion, []byte{1, 2, 0, 0}); err != nil {
		return nil, err
	}
	b, err := c.ask(opcode, queryClients, nil)
	if err != nil {
		return nil, err
	}
	n := int(le.Uint32(b[8:]))
	if len(b) < 32+8*n {
		return nil, errReply
	}
	var list []Client
	at := map[uint32]int{}
	for i := range n {
		// The server is its own first client.
		if base := le.Uint32(b[32+8*i:]); base != 0 {
			at[base] = len(list)
			list = append(list, Client{Own: base == c.idBase})
		}
	}
	// One question for all: client 0 stands for every one.
	b, err = c.ask(opcode, queryClientIDs, le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 1), 0), pidMask))
	if err != nil {
		// An old server does not know the question.
		return list, nil
	}
	b = b[32:]
	for len(b) >= 12 {
		client, mask, size := le.Uint32(b), le.Uint32(b[4:]), int(le.Uint32(b[8:]))
		if size > len(b)-12 {
			return nil, errReply
		}
		if i, known := at[client&^c.idMask]; known && mask == pidMask && size >= 4 {
			list[i].PID = int(le.Uint32(b[12:]))
		}
		b = b[12+size:]
	}
	return list, nil
}

// Managed says whether a window manager runs: somebody asked to be told before any window is shown.
func (c *Conn) Managed() (bool, error) {
	const getWindowAttributes, substructureRedirect = 3, 1 << 20
	b, err := c.ask(getWindowAttributes, 0, le.AppendUint32(nil, c.root))
	if err != nil {
		return false, err
	}
	if len(b) < 44 {
		return false, errReply
	}
	return le.Uint32(b[32:])&substructureRedirect != 0, nil
}
