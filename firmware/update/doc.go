// Package update puts a new version of the device's system into the slot that does not run, finds out whether it is
// healthy, and keeps it or lets the boot loader take it back. DESIGN.md has the order of writes and why power may be pulled
// between any two.
//
//	report, err := update.Apply(ctx, "tenin_4.bundle", options)   // verified, written, read back, offered to the boot loader
//	… restart: systemd-boot tries it, at most Tries times …
//	err = update.Health(ctx, kiosk, …)                            // before boot-complete.target
//	news, err := update.Settle(options)                           // kept or taken back: said in result.json; the floor rises
//
// Everything that it touches is named by a Machine and changed through a Disk, so that tests pull the power at each step.
package update
