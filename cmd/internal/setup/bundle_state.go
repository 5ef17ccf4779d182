package setup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
)

// statusOf asks the running kiosk. Its greeting, which has the shop's words, is left out.
func statusOf(ctx context.Context, home string) any {
	client, err := kiosk.DialKiosk(ctx, home)
	if errors.Is(err, control.ErrNotRunning) {
		return map[string]any{"running": false}
	} else if err != nil {
		return map[string]any{"error": ours(err.Error())}
	}
	defer client.Close()
	s := client.Status()
	processes, alerts := []any{}, []any{}
	for _, p := range s.GetProcesses() {
		processes = append(processes, map[string]any{"role": p.GetRole(), "pid": p.GetPid(), "since": control.Time(p.GetSinceNs()), "restarts": p.GetRestarts()})
	}
	for _, a := range s.GetAlerts() {
		alerts = append(alerts, map[string]any{
			"at": control.Time(a.GetAtNs()), "role": a.GetRole(), "reason": a.GetReason(), "crashes": a.GetCrashes(),
			"pause_seconds": time.Duration(a.GetPauseNs()).Seconds(),
		})
	}
	return map[string]any{
		"running": true, "version": s.GetVersion(), "pid": s.GetPid(), "started": control.Time(s.GetStartedNs()), "state": s.GetState(),
		"state_since": control.Time(s.GetStateSinceNs()), "answers": s.GetAnswers(), "products": s.GetProducts(), "demo": s.GetDemo(),
		"staffed": s.GetStaffed(), "waiting": s.GetWaiting(), "processes": processes, "alerts": alerts,
	}
}

// countersOf counts what lies in the home, by the names that are the kiosk's own.
func countersOf(ctx context.Context, o BundleOptions) any {
	files := map[string]int64{}
	for _, name := range []string{"vault.db", "keyring", "knowledge.db", "floors.json", "tenin.toml", "hub", "key"} {
		if info, err := os.Stat(filepath.Join(o.Home, name)); err == nil {
			files[name] = info.Size()
		}
	}
	n := map[string]any{"file_bytes": files}
	cached, bytes := 0, int64(0)
	_ = filepath.WalkDir(filepath.Join(o.Home, "cache"), func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				cached, bytes = cached+1, bytes+info.Size()
			}
		}
		return nil
	})
	n["cache_files"], n["cache_bytes"] = cached, bytes
	var disk unix.Statfs_t
	if err := unix.Statfs(o.Home, &disk); err == nil {
		n["disk_free_bytes"], n["disk_bytes"] = disk.Bavail*uint64(disk.Bsize), disk.Blocks*uint64(disk.Bsize)
	}
	var system unix.Sysinfo_t
	if err := unix.Sysinfo(&system); err == nil {
		unit := uint64(system.Unit)
		n["memory_bytes"], n["memory_free_bytes"] = uint64(system.Totalram)*unit, uint64(system.Freeram)*unit
		n["load_1_5_15"] = []float64{load(system.Loads[0]), load(system.Loads[1]), load(system.Loads[2])}
		n["processes"] = system.Procs
	}
	count(ctx, o, n)
	return n
}

// load is what the kernel gives as a fixed-point number (sysinfo(2)).
func load[T uint32 | uint64](l T) float64 { return float64(l) / (1 << 16) }

// count asks whoever has the vault and the knowledge for numbers.
func count(ctx context.Context, o BundleOptions, n map[string]any) {
	owner, err := kiosk.OpenOwner(ctx, o.Home, kiosk.Unlock{Seal: o.Settings.Seal, PIN: nobody})
	if err != nil {
		n["error"] = ours(err.Error())
		return
	}
	defer owner.Close()
	if keys, err := owner.Keys(ctx); err != nil {
		n["error"] = ours(err.Error())
	} else {
		n["sessions"] = keys.Sessions
	}
	if staff, err := owner.Staff(ctx); err == nil {
		roles := map[string]int{}
		for _, m := range staff {
			if !m.Disabled {
				roles[string(m.Role)]++
			}
		}
		n["staff"] = roles
	}
	if batch, isDemo, err := owner.Knowledge(ctx); err == nil {
		n["answers"], n["products"], n["demo"] = len(batch.Entries), len(batch.Products), isDemo
	}
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// ours keeps of a text what the program itself can have written: its own messages are in ASCII, but for a few signs. What
// stands in quotation marks is quoted from a file or a device, and is left out.
func ours(text string) string {
	var b strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			if quoted = !quoted; quoted {
				b.WriteString(`"…`)
			} else {
				b.WriteByte('"')
			}
		case quoted:
		case r <= unicode.MaxASCII || strings.ContainsRune("…→×、。", r):
			b.WriteRune(r)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}
