package config

// Hub is where the summaries of kept turns go. Which hub that is, and who this kiosk is there, is settled by joining it.
type Hub struct {
	// Enabled brings summaries to the hub that this kiosk has joined; without it they wait in the outbox.
	Enabled bool `toml:"enabled"`
}

func defaultHub() Hub { return Hub{Enabled: true} }
