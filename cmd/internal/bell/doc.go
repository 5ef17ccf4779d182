// Package bell calls staff from outside the kiosk: one message that says which kiosk, about which topic of the shop's own
// list, and that somebody waits. There is no room in it for anything else.
//
// The kiosk has no network. It pulls a [Rope], a pipe, whose other end is in the launcher, which has one and knows nothing
// of a shopper; [Ring] reads the pipe there, checks each message against the settings once more, and sends it to the
// address that the manager set in tenin.toml, or lights a lamp. A frame has six bytes, and no two frames that differ mean
// the same: whoever got hold of the kiosk could tell the shop's network a kind and a topic's number, a few times a minute.
package bell
