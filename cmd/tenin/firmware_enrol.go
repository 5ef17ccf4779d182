package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tenin/cmd/internal/kiosk/workshop"
	"tenin/cmd/internal/setup"
	"tenin/firmware/enrol"
	"tenin/firmware/update"
	"tenin/storage/seal"
)

// root is where a device's files are.
const root = enrol.Place("/")

// kioskUser is the user of an installed kiosk.
const kioskUser = "tenin"

// enrolmentJSON is the result of `tenin firmware enrol --json`.
type enrolmentJSON struct {
	enrol.Status
	Missing []string `json:"missing"`
}

type enrolOptions struct {
	file, recoveryFile                         string
	withoutHub, again, status, serve, keyAgain bool
	step                                       bool
}

func newFirmwareEnrol(f *flags) *cobra.Command {
	var o enrolOptions
	c := &cobra.Command{
		Use:   "enrol",
		Short: "Make a flashed device a shop's kiosk: hub, shop, network, keys",
		Long: `Asks at a terminal for what the technician's screens ask for by touch: the shop's name, the hub and its one-time code. Then the
vault is sealed by the TPM, and the recovery key is shown once; two of its groups are typed back before it opens the vault and
the disk. A shop without a hub leaves the code empty. At the end it says what the device lacks. How the picture is turned and which
network is used are asked by the screens alone, or come from a file; a turn that nobody keeps there is taken back after 20 s.

With --file, or from a stick or the ESP by itself while the device is not enrolled, the answers come from a file ` + enrol.RequestFile + `:

  code = "7K3QD-…"            one time, from tenin hub enrol; with hub, or neither
  hub = "hub.example.jp"
  shop = "緑屋"                 also brand, language ("ja", "en", "auto"), floor
  timezone = "Asia/Tokyo"
  rotation = 90               by how many degrees the picture is turned clockwise
  recovery = "…"              only after the mainboard was replaced or the TPM was cleared: the recovery key
  keep = true                 leaves this file on the stick, with its secrets
  [network]
  address = "192.0.2.10/24"   without it DHCP; also gateway, dns = ["…"], ntp = ["…"]
  proxy = "http://192.0.2.1:3128"
  [wifi]
  ssid = "…"                  also psk, country = "JP", hidden = true

What was taken from a stick is overwritten there and removed. Where the disk does not open, the recovery key is asked for: it
opens disk and vault and gives both to this machine's TPM; a new code then binds the new TPM at the hub.

On the device only, as root or as the kiosk's user. JSON fields: failed, enrolled, recovery, hub, keyless, stick, settings,
missing.`,
		Example: `  tenin firmware enrol
  tenin firmware enrol --file tenin-enrol.toml
  tenin firmware enrol --without-hub
  tenin firmware enrol --status --json
  tenin firmware enrol --again`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.serve:
				return serveEnrolment(cmd.Context(), f)
			case o.step:
				code, err := enrol.Step(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), os.Stderr)
				if err == nil && code != exitDone {
					err = quietError{code}
				}
				return err
			}
			device := enrol.NewClient(root)
			switch {
			case o.again:
				if err := device.Reopen(cmd.Context()); err != nil {
					return refusedEnrolment(err)
				}
				f.say("the next start begins with the enrolment")
				return nil
			case o.status:
				return tellStatus(cmd.Context(), f, device, cmd.OutOrStdout())
			}
			if _, err := device.Status(cmd.Context()); err != nil {
				return refusedEnrolment(err)
			}
			// What the steps write in the home is the kiosk's.
			if os.Geteuid() == 0 {
				return asKioskUser(cmd, f, o)
			}
			if err := enrolAtPrompt(cmd, f, device, o); err != nil {
				return refusedEnrolment(err)
			}
			return tellStatus(cmd.Context(), f, device, cmd.OutOrStdout())
		},
	}
	c.Flags().StringVar(&o.file, "file", "", "answers from a file, as a stick brings it (- is standard input)")
	c.Flags().BoolVar(&o.withoutHub, "without-hub", false, "this shop has no hub")
	c.Flags().StringVar(&o.recoveryFile, "recovery-file", "", "file with the recovery key of a disk that does not open, instead of typing it")
	c.Flags().BoolVar(&o.keyAgain, "new-recovery-key", false, "make a new recovery key although there is one")
	c.Flags().BoolVar(&o.status, "status", false, "say how the enrolment stands, and change nothing")
	c.Flags().BoolVar(&o.again, "again", false, "have the next start begin with the enrolment")
	c.Flags().BoolVar(&o.serve, "serve", false, "the service that does what takes root, without a network")
	c.Flags().BoolVar(&o.step, "step", false, "a step that the service wants done as the kiosk's user")
	for _, name := range []string{"serve", "step"} {
		_ = c.Flags().MarkHidden(name)
	}
	return c
}

// refusedEnrolment marks what a hub, a key or the order of things does not allow, for the exit code.
func refusedEnrolment(err error) error {
	for _, no := range []error{enrol.ErrRefused, enrol.ErrEnrolled, enrol.ErrNoSetupKey, enrol.ErrLocked, enrol.ErrNoDevice, seal.ErrRecoveryKey} {
		if errors.Is(err, no) {
			return refusedError{err}
		}
	}
	if errors.Is(err, enrol.ErrRequest) {
		return usageError{err}
	}
	return err
}

func tellStatus(ctx context.Context, f *flags, device *enrol.Client, out io.Writer) error {
	status, err := device.Status(ctx)
	if err != nil {
		return refusedEnrolment(err)
	}
	missing := status.Missing()
	if f.json {
		if missing == nil {
			missing = []string{}
		}
		return printJSON(out, enrolmentJSON{status, missing})
	}
	if status.Enrolled {
		fmt.Fprintln(out, "this device is enrolled")
	}
	if status.Stick != "" {
		fmt.Fprintln(out, "stick:", status.Stick)
	}
	for _, text := range missing {
		fmt.Fprintln(out, "missing:", text)
	}
	return nil
}

// enrolAtPrompt makes the steps, one after the other. It may be ended and begun again.
func enrolAtPrompt(cmd *cobra.Command, f *flags, device *enrol.Client, o enrolOptions) error {
	ctx, in := cmd.Context(), cmd.InOrStdin()
	status, err := device.Status(ctx)
	if err != nil {
		return err
	}
	if status.Failed != "" {
		f.say("the data partition is not open: %s", status.Failed)
		recovery, err := readRecovery(ctx, in, o.recoveryFile)
		if err != nil {
			return err
		}
		defer recovery.Destroy()
		if err := device.Recover(ctx, recovery, seal.Secret{}); err != nil {
			return err
		}
		f.say("the disk and the vault are this machine's again; restart it now")
		return nil
	}
	if status.Enrolled {
		return enrol.ErrEnrolled
	}
	s, err := openSetup(f)
	if err != nil {
		return err
	}
	lines := typedLines{bufio.NewReader(in)}
	if o.file != "" {
		if err := enrolByFile(ctx, f, device, o.file, in); err != nil {
			return err
		}
	} else if err := enrolByAnswers(ctx, f, device, s, lines, o.withoutHub || status.Hub); err != nil {
		return err
	}
	state, find := s.CheckSealing()
	if !state.Vault {
		_, find = s.Seal(seal.KindTPM, false, nil)
	}
	if err := tellFinding(os.Stderr, &flags{}, find); err != nil {
		return err
	}
	if find.State == setup.Bad {
		return quietError{exitFailed}
	}
	if !status.Recovery || o.keyAgain || s.CheckRecovery().State != setup.Good {
		if err := makeRecovery(ctx, s, lines, cmd.OutOrStdout(), f); err != nil {
			return err
		}
	}
	return device.Finish(ctx, o.withoutHub)
}

func enrolByFile(ctx context.Context, f *flags, device *enrol.Client, name string, in io.Reader) error {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	joined, err := device.File(ctx, in)
	if err == nil && joined.Name != "" {
		f.say("this device is %s at the hub %s", joined.Name, joined.Hub)
	}
	return err
}

// enrolByAnswers asks for the shop, and for a hub where there is to be one.
func enrolByAnswers(ctx context.Context, f *flags, device *enrol.Client, s *setup.Setup, lines typedLines, noHub bool) error {
	w := s.ShopSettings()
	name, err := lines.ask(ctx, fmt.Sprintf("shop's name [%s]: ", w.Name))
	if err != nil {
		return err
	}
	if name != "" && name != w.Name {
		w.Name = name
		if err := s.SetShop(w); err != nil {
			return err
		}
	}
	if noHub {
		return nil
	}
	address, err := lines.ask(ctx, "hub's address: ")
	if err != nil {
		return err
	}
	text, err := lines.ask(ctx, "its one-time code: ")
	if err != nil {
		return err
	}
	code := seal.TakeSecret([]byte(text))
	defer code.Destroy()
	joined, err := device.Join(ctx, address, code)
	if err == nil {
		f.say("this device is %s at the hub %s", joined.Name, joined.Hub)
	}
	return err
}

// asKioskUser runs this command as the kiosk's user, at the same terminal. What it reads is read here: that user need not be
// allowed to.
func asKioskUser(cmd *cobra.Command, f *flags, o enrolOptions) error {
	id, err := ids(kioskUser)
	if err != nil {
		return err
	}
	groups, err := groupsOf(kioskUser)
	if err != nil {
		return err
	}
	args := []string{"firmware", "enrol"}
	for name, text := range map[string]string{"--home": f.home, "--config": f.settings} {
		if text != "" {
			args = append(args, name+"="+text)
		}
	}
	for name, set := range map[string]bool{"--json": f.json, "--quiet": f.quiet, "--without-hub": o.withoutHub, "--new-recovery-key": o.keyAgain} {
		if set {
			args = append(args, name)
		}
	}
	var files []*os.File
	for _, name := range []string{"file", "recovery-file"} {
		path := map[string]string{"file": o.file, "recovery-file": o.recoveryFile}[name]
		switch path {
		case "":
		case "-":
			args = append(args, "--"+name+"=-")
		default:
			copied, err := handOver(path, id)
			if err != nil {
				return err
			}
			defer copied.Close()
			args = append(args, fmt.Sprintf("--%s=/proc/self/fd/%d", name, 3+len(files)))
			files = append(files, copied)
		}
	}
	c := exec.CommandContext(cmd.Context(), "/proc/self/exe", args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.ExtraFiles = files
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(id[0]), Gid: uint32(id[1]), Groups: groups}}
	err = c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return quietError{exit.ExitCode()}
	}
	return err
}

// mostHandedOver is the longest file that is handed over, in bytes.
const mostHandedOver = 128 << 10

// handOver copies a file into memory that belongs to another user.
func handOver(path string, to [2]int) (*os.File, error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	fd, err := unix.MemfdCreate("answers", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	_, err = io.Copy(f, io.LimitReader(from, mostHandedOver))
	if err := errors.Join(err, f.Chmod(0o600), f.Chown(to[0], to[1])); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func ids(name string) (id [2]int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return id, fmt.Errorf("this machine has no user %s: %w", name, err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return [2]int{uid, gid}, errors.Join(err1, err2)
}

func groupsOf(name string) (list []uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	groups, err := u.GroupIds()
	for _, text := range groups {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, err
		}
		list = append(list, uint32(n))
	}
	return list, err
}

// workbench is what the technician's screens work on: a device, or a machine on which Tenin was installed.
func workbench(m workshop.Machine) workshop.Bench {
	if device := enrol.NewClient(root); device.There() {
		return workshop.FromDevice(m, device)
	}
	return workshop.FromSetup(m)
}

// keepOnDisk has a recovery key open the device's disk too.
func keepOnDisk(device *enrol.Client) func(seal.RecoveryKey) error {
	return func(key seal.RecoveryKey) error {
		text := seal.TakeSecret([]byte(strings.Join(key.Groups(), "-")))
		defer text.Destroy()
		return device.Keep(context.Background(), text)
	}
}

// serviceIdles is for how long the service of an enrolled device waits for a call; the socket starts it anew.
const serviceIdles = time.Minute

func serveEnrolment(ctx context.Context, f *flags) error {
	owner, err := ids(kioskUser)
	if err != nil {
		return err
	}
	say := func(text string) { f.say("%s", text) }
	server := &enrol.Server{
		Data:  &enrol.Data{Machine: enrol.Host{}, Place: root, Owner: owner, Say: say},
		Floor: seal.NewFloor(root.In(filepath.Join(update.StateFolder, update.FloorFile)), seal.DefaultTPM),
		Say:   say,
	}
	l, err := enrol.Listen(root, owner[1])
	if err != nil {
		return err
	}
	if root.Has(enrol.Enrolled) {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, serviceIdles)
		defer stop()
		return server.Serve(ctx, l)
	}
	tick := time.NewTicker(3 * time.Second)
	defer tick.Stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.WatchSticks(ctx, tick.C)
	}()
	err = server.Serve(ctx, l)
	<-done
	return err
}

func newFirmwareData(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:    "data",
		Short:  "Open this device's data partition, or make it at its first start",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			owner, err := ids(kioskUser)
			if err != nil {
				return err
			}
			data := &enrol.Data{Machine: enrol.Host{}, Place: root, Owner: owner, Say: func(text string) { f.say("%s", text) }}
			how, err := data.OpenData(cmd.Context())
			if err == nil {
				f.say("the data partition is open: %s", how)
			}
			return refusedEnrolment(err)
		},
	}
}

func newFirmwareSettings(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:    "apply-settings",
		Short:  "Write what network, display and time zone of this device need into memory",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			settings, err := enrol.LoadSettings(root)
			if err != nil {
				// A device with damaged settings is still reached by a cable.
				f.say("%s", oneLine(err.Error()))
			}
			return enrol.Apply(root, settings)
		},
	}
}
