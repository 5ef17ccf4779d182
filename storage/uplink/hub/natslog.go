package hub

import (
	"context"
	"log/slog"
	"strings"
)

// natsLog hands nats-server's log to slog without its contents: what it would put
// into a line (subjects, names and addresses that a stranger chose) is left out, and
// of a line about one connection, where they are in the format already, only that
// there was one.
type natsLog struct {
	log  *slog.Logger
	part string
}

func (l natsLog) say(level slog.Level, format string) {
	if strings.Contains(format, "cid:") || strings.Contains(format, " - ") {
		format, level = "a connection ended or was refused", slog.LevelDebug
	}
	if strings.HasPrefix(format, "Clients that are not using") {
		return // it is how it should be
	}
	l.log.Log(context.Background(), level, "nats: "+strings.TrimSpace(strings.NewReplacer("%s", "…", "%q", "…", "%v", "…", "%d", "…", "%+v", "…").Replace(format)), "part", l.part)
}

func (l natsLog) Noticef(format string, _ ...any) { l.say(slog.LevelDebug, format) }
func (l natsLog) Warnf(format string, _ ...any)   { l.say(slog.LevelWarn, format) }
func (l natsLog) Errorf(format string, _ ...any)  { l.say(slog.LevelError, format) }
func (l natsLog) Fatalf(format string, _ ...any)  { l.say(slog.LevelError, format) }
func (l natsLog) Debugf(string, ...any)           {}
func (l natsLog) Tracef(string, ...any)           {}
