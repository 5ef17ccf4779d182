package sandbox

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// call is one system call as a filter sees it.
type call struct {
	number uintptr
	args   [6]uint64
}

// judge runs a filter over a call, with the instructions of classic BPF that filters here use.
func judge(t interface{ Fatalf(string, ...any) }, program []unix.SockFilter, arch uint32, c call) uint32 {
	data := make([]byte, 64)
	binary.NativeEndian.PutUint32(data[atNumber:], uint32(c.number))
	binary.NativeEndian.PutUint32(data[atArch:], arch)
	for i, arg := range c.args {
		binary.LittleEndian.PutUint64(data[atArgs+8*i:], arg)
	}
	var a uint32
	for pc := 0; pc < len(program); pc++ {
		in := program[pc]
		branch := func(yes bool) {
			if yes {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		}
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			a = binary.NativeEndian.Uint32(data[in.K:])
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= in.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			branch(a == in.K)
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			branch(a >= in.K)
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(in.K)
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		default:
			t.Fatalf("instruction %d is %#x", pc, in.Code)
		}
	}
	t.Fatalf("the filter has no answer to %+v", c)
	return 0
}

func TestTheSealAnswersEachCallByItsArguments(t *testing.T) {
	worker := Policy{Role: "asr"}
	writer := Policy{Role: "x", Write: []string{"/x"}}
	uplink := Policy{Role: "uplink", Network: true, Families: internet}
	sound := Policy{Role: "audio", Families: unixOnly, Devices: []string{"/dev/snd"}, LoadCode: true}
	window := Policy{Role: "window", Receive: true}
	compiler := Policy{Role: "compiler", MakeCode: true}
	self := uint64(os.Getpid())
	at := uint64(1<<64 - 100) // AT_FDCWD
	const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	for _, c := range []struct {
		what string
		p    Policy
		call call
		want uint32
	}{
		{"read", worker, call{unix.SYS_READ, [6]uint64{3}}, allow},
		{"an unknown call", worker, call{unix.SYS_IO_URING_SETUP, [6]uint64{}}, refused},
		{"execve", worker, call{unix.SYS_EXECVE, [6]uint64{}}, refused},
		{"execveat", worker, call{unix.SYS_EXECVEAT, [6]uint64{}}, refused},
		{"clone3", worker, call{unix.SYS_CLONE3, [6]uint64{}}, unknown},
		{"a thread", worker, call{unix.SYS_CLONE, [6]uint64{threadFlags}}, allow},
		{"a process", worker, call{unix.SYS_CLONE, [6]uint64{uint64(unix.SIGCHLD)}}, refused},
		{"a thread in a namespace", worker, call{unix.SYS_CLONE, [6]uint64{threadFlags | unix.CLONE_NEWNET}}, refused},
		{"a signal to itself", worker, call{unix.SYS_TGKILL, [6]uint64{self, 1}}, allow},
		{"a signal to another", worker, call{unix.SYS_TGKILL, [6]uint64{self + 1, 1}}, refused},
		{"reading a limit", worker, call{unix.SYS_PRLIMIT64, [6]uint64{0, 7, 0, 1 << 40}}, allow},
		{"setting a limit", worker, call{unix.SYS_PRLIMIT64, [6]uint64{0, 7, 1 << 40, 0}}, refused},
		{"reading another's limit", worker, call{unix.SYS_PRLIMIT64, [6]uint64{7, 7, 0, 1 << 40}}, refused},
		{"opening to read", worker, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_RDONLY | unix.O_CLOEXEC | unix.O_DIRECTORY}}, allow},
		{"opening to write", worker, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_WRONLY}}, refused},
		{"opening for both", worker, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_RDWR}}, refused},
		{"making a file", worker, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_CREAT}}, refused},
		{"making a file without a name", worker, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_TMPFILE}}, refused},
		{"writing where the policy says so", writer, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_RDWR | unix.O_CREAT}}, allow},
		{"a device both ways", sound, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_RDWR}}, allow},
		{"making a file beside a device", sound, call{unix.SYS_OPENAT, [6]uint64{at, 0, unix.O_RDWR | unix.O_CREAT}}, refused},
		{"data", worker, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_ANONYMOUS}}, allow},
		{"code", worker, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC, unix.MAP_PRIVATE}}, refused},
		{"code from a file", sound, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC, unix.MAP_PRIVATE}}, allow},
		{"code from nowhere", sound, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC, unix.MAP_ANONYMOUS}}, refused},
		{"code that is data", sound, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_WRITE | unix.PROT_EXEC, unix.MAP_PRIVATE}}, refused},
		{"data with plug-ins", sound, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_WRITE, unix.MAP_ANONYMOUS}}, allow},
		{"turning data into code", sound, call{unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}}, refused},
		{"what was written becomes code", compiler, call{unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}}, allow},
		{"what is written is code", compiler, call{unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE | unix.PROT_EXEC}}, refused},
		{"new memory is code", compiler, call{unix.SYS_MMAP, [6]uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC, unix.MAP_ANONYMOUS}}, refused},
		{"reading an open socket", window, call{unix.SYS_RECVMSG, [6]uint64{3}}, allow},
		{"reading much from an open socket", window, call{unix.SYS_RECVFROM, [6]uint64{3, 1 << 40, 4096}}, allow},
		{"asking who sent", window, call{unix.SYS_RECVFROM, [6]uint64{3, 1 << 40, 4096, 0, 1 << 40}}, refused},
		{"reading a socket without need", worker, call{unix.SYS_RECVMSG, [6]uint64{3}}, refused},
		{"a message with files from a window", window, call{unix.SYS_SENDMSG, [6]uint64{3}}, refused},
		{"a socket of a window", window, call{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM}}, refused},
		{"protecting data", worker, call{unix.SYS_MPROTECT, [6]uint64{0, 4096, unix.PROT_READ}}, allow},
		{"is it a terminal", worker, call{unix.SYS_IOCTL, [6]uint64{0, unix.TCGETS}}, allow},
		{"typing into a terminal", worker, call{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}}, refused},
		{"typing into a terminal beside a device", sound, call{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}}, refused},
		{"a sound card", sound, call{unix.SYS_IOCTL, [6]uint64{5, 0xc2604110}}, allow}, // SNDRV_PCM_IOCTL_HW_REFINE
		{"a sound card without one", worker, call{unix.SYS_IOCTL, [6]uint64{5, 0xc2604110}}, refused},
		{"a socket", worker, call{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM}}, refused},
		{"a message with files", worker, call{unix.SYS_SENDMSG, [6]uint64{3}}, refused},
		{"a connection", worker, call{unix.SYS_CONNECT, [6]uint64{3}}, refused},
		{"TCP", uplink, call{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK, unix.IPPROTO_TCP}}, allow},
		{"UDP", uplink, call{unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_DGRAM, 0}}, allow},
		{"ping", uplink, call{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}}, refused},
		{"raw", uplink, call{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP}}, refused},
		{"netlink", uplink, call{unix.SYS_SOCKET, [6]uint64{unix.AF_NETLINK, unix.SOCK_DGRAM, 0}}, refused},
		{"listening", uplink, call{unix.SYS_LISTEN, [6]uint64{3}}, refused},
		{"the sound server", sound, call{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}}, allow},
		{"being dumpable again", worker, call{unix.SYS_PRCTL, [6]uint64{unix.PR_SET_DUMPABLE, 1}}, refused},
		{"naming a thread", worker, call{unix.SYS_PRCTL, [6]uint64{unix.PR_SET_NAME}}, allow},
		{"owning a file's signals", worker, call{unix.SYS_FCNTL, [6]uint64{3, unix.F_SETOWN, 1}}, refused},
	} {
		if got := judge(t, sealFilter(c.p).program(), auditArch, c.call); got != c.want {
			t.Errorf("%s: %s answers %#x, want %#x", c.p.Role, c.what, got, c.want)
		}
	}
}

func TestTheKioskCannotTypeIntoItsTerminal(t *testing.T) {
	program := launchFilter(Policy{}).program()
	for number, want := range map[uint64]uint32{unix.TIOCSTI: refused, unix.TIOCLINUX: refused, unix.TCGETS: allow, unix.TIOCGWINSZ: allow} {
		if got := judge(t, program, auditArch, call{unix.SYS_IOCTL, [6]uint64{0, number}}); got != want {
			t.Errorf("ioctl %#x answers %#x, want %#x", number, got, want)
		}
	}
}

func TestAForeignArchitectureEndsTheProcess(t *testing.T) {
	for _, f := range []*filter{sealFilter(Policy{}), launchFilter(Policy{})} {
		if got := judge(t, f.program(), unix.AUDIT_ARCH_I386, call{number: 3}); got != kill {
			t.Errorf("a call of another architecture is answered %#x", got)
		}
		if legacy != nil { // only there do the two numberings share a kernel
			if got := judge(t, f.program(), auditArch, call{number: 0x40000000}); got != kill {
				t.Errorf("a call of the x32 ABI is answered %#x", got)
			}
		}
	}
}

func TestAFilterDecidesAsItsRulesSay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.Uint32Range(0, 7)
		checks := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) check {
			return check{
				arg:    rapid.IntRange(0, 5).Draw(r, "arg"),
				mask:   rapid.SampledFrom([]uint32{^uint32(0), 1, 3, 6}).Draw(r, "mask"),
				values: rapid.SliceOfN(value, 1, 4).Draw(r, "values"),
				enough: rapid.Bool().Draw(r, "enough"),
			}
		}), 0, 4).Draw(r, "checks")
		f := &filter{fallback: refused, rules: []rule{
			{number: 1, then: unknown},
			{number: 2, checks: checks, then: allow, other: unknown},
			{number: 3, then: allow},
		}}
		c := call{number: uintptr(rapid.IntRange(1, 4).Draw(r, "number"))}
		for i := range c.args {
			c.args[i] = uint64(value.Draw(r, "value")) | uint64(rapid.Uint32().Draw(r, "upper"))<<32
		}
		want := map[uintptr]uint32{1: unknown, 2: allow, 3: allow, 4: refused}[c.number]
		if c.number == 2 {
			for _, check := range checks {
				holds := slices.Contains(check.values, uint32(c.args[check.arg])&check.mask)
				if holds && check.enough {
					break
				}
				if !holds && !check.enough {
					want = unknown
					break
				}
			}
		}
		if got := judge(r, f.program(), auditArch, c); got != want {
			r.Fatalf("%+v with %+v: %#x, want %#x", c, checks, got, want)
		}
	})
}

func TestTheFilterFitsIntoTheKernel(t *testing.T) {
	const longest = 4096 // BPF_MAXINSNS
	for _, p := range []Policy{{}, {Families: internet, Devices: []string{"/dev/snd"}, LoadCode: true}} {
		if n := len(sealFilter(p).program()); n > longest {
			t.Errorf("the filter has %d instructions", n)
		}
	}
}

func init() { roles["threads"] = threadsRole }

// threadsRole seals itself while other threads exist, and tries on each of them.
func threadsRole() error {
	const threads = 8
	began, sealed, results := make(chan bool), make(chan bool), make(chan error)
	for range threads {
		go func() {
			runtime.LockOSThread()
			began <- true
			<-sealed
			_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			results <- err
		}()
	}
	for range threads {
		<-began
	}
	if err := Seal(); err != nil {
		return err
	}
	close(sealed)
	for range threads {
		if err := <-results; err != unix.EPERM {
			return fmt.Errorf("a thread that was there before the seal: %v", err)
		}
	}
	// Threads that are made afterwards, and the runtime's own work: memory, collections, timers.
	done := make(chan error)
	for range 32 {
		go func() {
			runtime.LockOSThread()
			var kept [][]byte
			for range 100 {
				kept = append(kept, make([]byte, 256<<10))
				if len(kept) > 10 {
					kept = nil
				}
			}
			_, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			done <- err
		}()
	}
	for range 32 {
		if err := <-done; err != unix.EPERM {
			return fmt.Errorf("a thread that was made after the seal: %v", err)
		}
	}
	return nil
}

func TestTheSealHoldsOnThreadsBeforeAndAfterIt(t *testing.T) {
	need(t)
	cmd, err := Command(Policy{Role: "threads"}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := run(t, cmd, ""); err != nil {
		t.Error(err, stderr)
	}
}
