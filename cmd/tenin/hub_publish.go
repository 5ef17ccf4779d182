package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tenin/firmware/bundle"
	"tenin/firmware/keys"
	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

// bundleKeyFile is where the key that bundles are checked against is kept, in the hub's folder.
const bundleKeyFile = "bundle.pub"

// publishedJSON is a line of `tenin hub bundles --json`, and the result of `tenin hub publish --json`.
type publishedJSON struct {
	Version   int64      `json:"version"`
	Name      string     `json:"name"`
	Size      int64      `json:"size"`
	SHA256    string     `json:"sha256"`
	Test      bool       `json:"test"`
	Published *time.Time `json:"published,omitempty"`
}

func newHubPublish(f *flags) *cobra.Command {
	var which hubFlags
	var key string
	var test bool
	c := &cobra.Command{
		Use:   "publish BUNDLE",
		Short: "Check an update's bundle and keep it for a rollout",
		Long: `Verifies the bundle's signature and every file in it against the shop's key, and keeps it beside the hub's other data. No
kiosk gets it before "tenin hub rollout start". The key is named once, with --key, and then kept in the hub's folder; another
key is taken only with --replace-key. A bundle with a console for tests is taken only with --test.

JSON fields: version, name, size (bytes), sha256, test.`,
		Example: `  tenin hub publish tenin_4.bundle --key keys/bundle.pub     the first time
  tenin hub publish tenin_5.bundle`,
		Args: cobra.ExactArgs(1),
	}
	replaceKey := c.Flags().Bool("replace-key", false, "let --key take the place of the key that the hub has")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := which.options(f)
		if err != nil {
			return err
		}
		public, err := bundleKey(o.Dir, key, *replaceKey)
		if err != nil {
			return err
		}
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		report := newReporter(f)
		b, err := checkBundle(file, public, report)
		report.finish()
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		switch {
		case b.Test && !test:
			return refusedError{fmt.Errorf("%s is a bundle for TESTS, with a console that needs no password: --test publishes it all the same", args[0])}
		case b.Test:
			f.say("this is a bundle for TESTS, with a console that needs no password")
		}
		admin, err := which.open(cmd.Context(), f, true)
		if err != nil {
			return err
		}
		if _, err = file.Seek(0, io.SeekStart); err == nil {
			err = admin.Publish(cmd.Context(), b, &counted{file, b.Size, 0, report})
		}
		report.finish()
		if err = errors.Join(err, admin.Close()); err != nil {
			return err
		}
		if key != "" {
			if err := keepBundleKey(o.Dir, key); err != nil {
				return fmt.Errorf("the bundle is published, but its key is not kept: %w", err)
			}
		}
		if f.json {
			return printJSON(cmd.OutOrStdout(), bundleOf(b))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "version %d (%s) is published, %d MB\n", b.Version, b.Name, b.Size>>20)
		f.say("no kiosk gets it yet: `tenin hub rollout start %d` begins", b.Version)
		return nil
	}
	which.add(c)
	c.Flags().StringVar(&key, "key", "", "the shop's bundle.pub; needed the first time")
	c.Flags().BoolVar(&test, "test", false, "take a bundle for tests too")
	return c
}

func bundleOf(b hub.Bundle) publishedJSON {
	v := publishedJSON{Version: b.Version, Name: b.Name, Size: b.Size, SHA256: fmt.Sprintf("%x", b.SHA256), Test: b.Test}
	if !b.Published.IsZero() {
		at := b.Published.UTC()
		v.Published = &at
	}
	return v
}

// bundleKey returns the key that bundles are checked against: the hub's own, or that of the file that is named.
func bundleKey(dir, named string, replace bool) (ed25519.PublicKey, error) {
	read := func(path string) (ed25519.PublicKey, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		key, err := keys.ParseBundlePublic(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return key, nil
	}
	kept, err := read(filepath.Join(dir, bundleKeyFile))
	if named == "" {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, usageError{fmt.Errorf("which key signs the shop's bundles? name its bundle.pub once with --key FILE")}
		}
		return kept, err
	}
	key, keyErr := read(named)
	switch {
	case keyErr != nil:
		return nil, keyErr
	case err == nil && !kept.Equal(key) && !replace:
		return nil, refusedError{fmt.Errorf("the hub takes bundles of another key than %s: --replace-key changes that", named)}
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !replace:
		return nil, err
	}
	return key, nil
}

// keepBundleKey keeps the key for the next time, for whoever owns the hub's folder.
func keepBundleKey(dir, named string) error {
	b, err := os.ReadFile(named)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, bundleKeyFile)
	if err := uplink.ReplaceFile(path, b); err != nil {
		return err
	}
	// Root works for the hub's own user here.
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// checkBundle verifies a bundle and all its files, and returns what the hub is to know of it.
func checkBundle(file *os.File, key ed25519.PublicKey, report *reporter) (hub.Bundle, error) {
	info, err := file.Stat()
	if err != nil {
		return hub.Bundle{}, err
	}
	if !info.Mode().IsRegular() {
		return hub.Bundle{}, errors.New("it is no file")
	}
	if info.Size() > uplink.MaxBundle {
		return hub.Bundle{}, refusedError{fmt.Errorf("it has %d MB: kiosks take at most %d", info.Size()>>20, int64(uplink.MaxBundle)>>20)}
	}
	b, err := bundle.Open(file, info.Size(), key)
	if err != nil {
		return hub.Bundle{}, err
	}
	for _, name := range b.Files() {
		if err := b.Copy(name, io.Discard); err != nil {
			return hub.Bundle{}, err
		}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, &counted{io.NewSectionReader(file, 0, info.Size()), info.Size(), 0, report}); err != nil {
		return hub.Bundle{}, err
	}
	m := b.Manifest()
	return hub.Bundle{Version: m.Version, Name: m.Name, Size: info.Size(), SHA256: sum.Sum(nil), Test: m.Test}, nil
}

// counted shows how much of a bundle was read.
type counted struct {
	r          io.Reader
	size, have int64
	report     *reporter
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.have += int64(n)
	c.report.step("bundle", c.have, c.size, true)
	return n, err
}
