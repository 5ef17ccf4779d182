package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeWAV is wav FILE [kind=silence|tone|noise] [rate=16000] [channels=1] [bits=16] [coding=1] [seconds=2] [claim=SECONDS]
// [sparse=SECONDS]: a WAV file that our own writer would not make. claim is what the header says instead of the truth;
// sparse sound takes no room on the disk.
func makeWAV(ts *testscript.TestScript, _ bool, args []string) {
	v := map[string]float64{"rate": 16000, "channels": 1, "bits": 16, "coding": 1, "seconds": 2}
	kind := "silence"
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		if name == "kind" {
			kind = value
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		ts.Check(err)
		v[name] = number
	}
	if v["sparse"] > 0 {
		v["seconds"] = 0
	}
	rate, channels, bits := int(v["rate"]), int(v["channels"]), int(v["bits"])
	block := channels * bits / 8

	var sound bytes.Buffer
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range int(v["seconds"] * v["rate"]) {
		level := 0.0
		switch kind {
		case "tone":
			level = 0.3 * math.Sin(2*math.Pi*440*float64(i)/v["rate"])
		case "noise":
			level = 0.05 * noise.NormFloat64()
		}
		for range channels {
			switch bits {
			case 8:
				sound.WriteByte(byte(128 + 100*level))
			case 16:
				_ = binary.Write(&sound, binary.LittleEndian, int16(32000*level))
			default:
				_ = binary.Write(&sound, binary.LittleEndian, int32(2e9*level))
			}
		}
	}
	seconds := max(v["claim"], v["sparse"])
	if seconds == 0 {
		seconds = v["seconds"]
	}
	size := uint32(seconds*v["rate"]) * uint32(block)

	var file bytes.Buffer
	file.WriteString("RIFF")
	_ = binary.Write(&file, binary.LittleEndian, 36+size)
	file.WriteString("WAVEfmt ")
	_ = binary.Write(&file, binary.LittleEndian, []uint32{16, uint32(v["coding"]) | uint32(channels)<<16, uint32(rate), uint32(rate * block), uint32(block) | uint32(bits)<<16})
	file.WriteString("data")
	_ = binary.Write(&file, binary.LittleEndian, size)
	file.Write(sound.Bytes())
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, file.Bytes(), 0o600))
	if v["sparse"] > 0 {
		ts.Check(os.Truncate(path, int64(file.Len())+int64(size)))
	}
}

// sparse FILE BYTES makes a file of that size that takes no room.
func makeSparse(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), nil, 0o600))
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}
