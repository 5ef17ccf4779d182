// Package uplink brings summaries from a kiosk to its hub, and nothing else.
//
// A [Sender] takes what waits in an [Outbox], checks each message again against
// the closed schema of [redact.Summary], its size and its rate, publishes it over
// NATS, and acknowledges it to the outbox only when the hub has said that it is on
// its disk. So a message is sent at least once; the hub knows its random id and
// keeps it once.
//
//	box := uplink.NewClient(conn)            // the kiosk's HOME/uplink.sock, inherited
//	settings, err := box.Settings(ctx)       // from HOME/hub
//	sender, err := uplink.NewSender(settings, uplink.SenderOptions{Log: log})
//	err = sender.Run(ctx, box)
//
// A device that is not a PC of somebody's also fetches its updates: [Fetch] reports
// what it runs, and brings the bundle that the hub offers into a folder, from where a
// process without a network takes and verifies it.
//
// The kiosk's side of that socket is [Serve]. A device is enrolled by [Join] with a
// one-time [Code] that the hub made, and bound to its TPM if it has an [Attestor]. The hub itself is package hub, in the folder
// below; both halves share the subjects, codes and statuses of this one.
//
// # What is promised
//
// The connection is TLS 1.3 to the one authority whose fingerprint stood in the
// code; the device proves itself with an NKey (Ed25519) whose seed never leaves it.
// No message that is not exactly what [redact.Summary.Encode] writes is given to
// the uplink process, sent by it, or stored by the hub. No error and no log line
// repeats a message.
package uplink
