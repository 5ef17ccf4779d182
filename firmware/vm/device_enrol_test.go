package vm

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	askedGroup  = regexp.MustCompile(`group (\d+): `)
	recoveryKey = regexp.MustCompile(`(?m)^[0-9A-Za-z]+(-[0-9A-Za-z]+){5,}$`)
)

// enrol does what a technician does: gives the shop's name and the hub with its code, in TOML, or says that there is none, and
// types two groups of the recovery key back. It returns the key.
func (x *trial) enrol(m *machine, hub string) string {
	x.Helper()
	without := ""
	if hub == "" {
		without = "--without-hub"
	}
	m.run(`mkdir -p /run/trial && cd /run/trial && mkfifo in
cat >enrol.toml <<'E'
shop = "緑屋"
timezone = "Asia/Tokyo"
` + hub + `
E
sleep infinity >in &
(tenin firmware enrol --file /run/trial/enrol.toml ` + without + ` <in >out 2>err; echo $? >code) &`)
	asked := func(n int) string {
		return `cd /run/trial; test $(grep -o 'group [0-9]*: ' err | wc -l) -ge ` + strconv.Itoa(n) + ` && cat out err || { cat out err; test -e code; false; }`
	}
	m.until(startTime, "the recovery key is shown", asked(1))
	key := recoveryKey.FindString(m.run("cat /run/trial/out"))
	if key == "" {
		x.Fatalf("no recovery key is shown: %s", m.run("cat /run/trial/*"))
	}
	groups := strings.Split(key, "-")
	for n := 1; n <= 2; n++ {
		text := m.until(startTime, "a group is asked for", asked(n))
		all := askedGroup.FindAllStringSubmatch(text, -1)
		group, err := strconv.Atoi(all[n-1][1])
		if err != nil || group < 1 || group > len(groups) {
			x.Fatalf("group %q of %d is asked for", all[n-1][1], len(groups))
		}
		m.run("echo " + groups[group-1] + " >/run/trial/in")
	}
	m.until(startTime, "the enrolment is finished", "cd /run/trial; test -e code && cat err")
	if code := m.run("cat /run/trial/code"); code != "0" {
		x.Fatalf("the enrolment ends with %s: %s", code, m.run("cat /run/trial/err"))
	}
	m.run("test -e /data/device/enrolled")
	return key
}
