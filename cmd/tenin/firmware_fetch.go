package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tenin/firmware/update"
	"tenin/storage/seal"
	"tenin/storage/uplink"
)

// fetchedJSON is the result of `tenin firmware fetch --json`.
type fetchedJSON struct {
	Device  string `json:"device"`
	Running int64  `json:"running"`
	Offered int64  `json:"offered"`
	Path    string `json:"path"`
	Bytes   int64  `json:"bytes"`
	Resumed int64  `json:"resumed"`
	Why     string `json:"why"`
}

func newFirmwareFetch(f *flags) *cobra.Command {
	var credentials, drop, quotes string
	var rate float64
	c := &cobra.Command{
		Use:   "fetch",
		Short: "Tell the hub what this device runs, and fetch the update that it offers",
		Long: `Reports version and last result to the hub, in a closed form that holds no word, and brings the bundle that the hub offers
into the drop folder. A download that was cut goes on where it was. Nothing is believed but the hash that the hub promised: the
updater, which has no network, verifies the bundle before it is used.

It runs as a user of its own every quarter of an hour (tenin-fetch.timer), is handed the hub's credentials by systemd, and may
connect to the hub's port and a name server's alone. When the hub wants to know how the device was started, a process with the
TPM and without a network makes the quote.

JSON fields: device, running, offered (version; 0: nothing), path (of the whole bundle; empty where none was fetched), bytes (that
came now), resumed (that were here before), why (what was offered is not fetched).`,
		Example: `  tenin firmware fetch
  tenin firmware fetch --drop /data/drop --rate 1 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(rate > 0 && rate <= 1000) {
				return usageError{fmt.Errorf("--rate is a number of MB a second above 0")}
			}
			c, err := fetchCredentials(f, credentials)
			if err != nil {
				return err
			}
			defer c.Seed.Destroy()
			if err := fetchWalls(c.Address); err != nil {
				return err
			}
			report, refused, err := fetchReport(drop)
			if err != nil {
				return err
			}
			level := slog.LevelInfo
			if f.quiet {
				level = slog.LevelError
			}
			show := newReporter(f)
			o := uplink.FetchOptions{
				Folder: filepath.Join(drop, "in"), Report: report, Refused: refused, Rate: int64(rate * (1 << 20)),
				Log:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
				Progress: func(have, size int64) { show.step("update", have, size, true) },
			}
			if _, err := os.Stat(quotes); err == nil {
				o.Quote = func(ctx context.Context, nonce []byte, key string) ([]byte, error) {
					return askQuote(ctx, quotes, nonce, key)
				}
			}
			got, err := uplink.Fetch(cmd.Context(), c, o)
			show.finish()
			switch {
			case err != nil:
				return err
			case f.json:
				return printJSON(cmd.OutOrStdout(), fetchedJSON{got.Device, report.Running, got.Offered, got.Path, got.Bytes, got.Resumed, got.Why})
			case got.Path != "":
				fmt.Fprintf(cmd.OutOrStdout(), "version %d is in the drop folder: %s\n", got.Offered, got.Path)
			case got.Why != "":
				f.say("version %d is offered and not fetched: %s", got.Offered, got.Why)
			default:
				f.say("the hub offers nothing newer")
			}
			return nil
		},
	}
	c.Flags().StringVar(&credentials, "credentials", "", "the hub's credentials (default: what systemd handed over, else HOME/hub)")
	c.Flags().StringVar(&drop, "drop", "/data/drop", "the drop folder")
	c.Flags().StringVar(&quotes, "quotes", "/run/tenin-quote.sock", "socket of the process that has the TPM")
	c.Flags().Float64Var(&rate, "rate", uplink.DefaultFetchRate>>20, "MB a second")
	return c
}

// fetchCredentials reads the hub's credentials. What systemd hands over is guarded by systemd: a file system of its own that
// this service alone sees.
func fetchCredentials(f *flags, path string) (uplink.Credentials, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); path == "" && dir != "" {
		b, err := os.ReadFile(filepath.Join(dir, uplink.CredentialsFile))
		if errors.Is(err, fs.ErrNotExist) {
			return uplink.Credentials{}, uplink.ErrNotEnrolled
		} else if err != nil {
			return uplink.Credentials{}, err
		}
		defer clear(b)
		return uplink.ParseCredentials(b, nil)
	}
	if path == "" {
		home, err := f.homeDir()
		if err != nil {
			return uplink.Credentials{}, err
		}
		path = filepath.Join(home, uplink.CredentialsFile)
	}
	return uplink.ReadCredentials(path, nil)
}

// fetchReport turns what the updater left in the drop folder into numbers and words of the closed list.
func fetchReport(drop string) (r uplink.Report, refused func(int64) bool, err error) {
	result, err := update.ReadResult(filepath.Join(drop, update.ResultFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil, fmt.Errorf("drop folder %s: there is no %s: the updater, which writes it, has not run yet", drop, update.ResultFile)
	} else if err != nil {
		return r, nil, err
	}
	r = uplink.Report{Running: result.Running.Version, State: result.Running.State, Floor: result.Floor}
	if l := result.Last; l != nil {
		r.Last = uplink.Outcome{Version: l.Version, Outcome: string(l.Outcome), Reason: uplink.Known(string(l.Reason)), At: l.At}
	}
	if _, err := r.Encode(); err != nil {
		return r, nil, fmt.Errorf("drop folder %s: %s is of another version of this program: %w", drop, update.ResultFile, err)
	}
	return r, func(version int64) bool {
		for _, o := range result.History {
			// What was refused for a reason that passes may be fetched again when the hub offers it again.
			if o.Version == version && (o.Outcome == update.TakenBack || o.Outcome == update.Refused) {
				return true
			}
		}
		return false
	}, nil
}

// quoteJSON is what is asked of `tenin firmware quote`.
type quoteJSON struct {
	Nonce []byte `json:"nonce"`
	Key   string `json:"key"` // the device's public NKey
}

// maxQuoteQuestion bounds the question in bytes.
const maxQuoteQuestion = 512

// askQuote asks the process that has the TPM.
func askQuote(ctx context.Context, socket string, nonce []byte, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	question, err := json.Marshal(quoteJSON{nonce, key})
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(conn, seal.MaxAnswer+1))
	if err == nil && (len(b) == 0 || len(b) > seal.MaxAnswer) {
		err = errors.New("the process that has the TPM made no quote: its log says why")
	}
	return b, err
}
