// Package control is the socket at which a running kiosk answers the owner of its home: HOME/control.sock.
//
// [Listen] makes the socket, [Serve] answers at it, [Dial] asks it. This package knows who may ask (the kernel says which
// user and process is at the other end), who of the shop's staff has given a PIN on which connection, and which call needs
// that; what is asked for, the vault's sessions among it, is served by the room that has it, through the services of
// package pb. DESIGN.md has the reasons.
package control
