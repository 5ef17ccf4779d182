// Package hub is where the summaries of a chain's kiosks come together: a NATS
// server that devices reach over TLS, a JetStream stream that syncs every write,
// and a ledger of ids, so that a summary which comes twice is kept once.
//
//	h, err := hub.Open(ctx, hub.Options{Dir: dir, Listen: ":4222", Log: log})
//	defer h.Close()
//	err = h.Serve(ctx)
//
// [Open] takes the folder for itself. While a hub has it, the commands of the same
// machine reach the hub through DIR/hub.sock; [OpenAdmin] finds out which way.
//
// The folder holds ca.pem and ca.key (the authority that devices pin), hub.pem and
// hub.key (the server's certificate), registry (devices, and codes as hashes),
// ledger (ids; can be made anew from the stream) and stream (JetStream's files).
//
// It also holds bundles (updates for the kiosks), fleet (what they run, and the
// rollout), roots (certificates of TPMs' makers) and bundle.pub, which the command that
// publishes keeps there.
//
// Backing up the folder, best with the hub stopped, backs up everything.
package hub
