// Package egress shows that a running kiosk cannot tell anybody what it hears.
//
// It looks at each process of the kiosk from outside, as /proc shows it, and has each try from inside what it should not
// be able to do: open a connection, reach another process, a file, a socket, run a program. What fails proves something
// only when it would succeed without the walls; so the same is tried by control processes without any, and a failure that
// they share reads "not proven". [Examine] does all that, and [Report.Print] is the table that a technician reads.
//
// What each process may do is written down in one place, with the reason: expected.go.
package egress
