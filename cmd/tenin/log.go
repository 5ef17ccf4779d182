package main

import (
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/logging"
)

// openLog begins the log that the settings ask for, and makes it everybody's.
func openLog(home string, settings config.Config) (*logging.Log, error) {
	log, err := logging.Open(logging.Options{Level: settings.Log.Level, Format: settings.Log.Format, File: settings.Log.Path(home), FileBytes: int64(settings.Log.FileMB) << 20})
	if err != nil {
		return nil, err
	}
	logging.Install(log.Logger)
	return log, nil
}
