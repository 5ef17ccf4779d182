package audio

import (
	"bytes"
	"fmt"
)

// converter is the command that errors advise.
const converter = "ffmpeg -i FILE -ac 1 -ar 16000 out.wav"

// checkMagic tells a WAV file by its first 12 bytes from what people hand in instead.
func checkMagic(head []byte) error {
	at := func(i int, magic string) bool { return len(head) >= i && bytes.HasPrefix(head[i:], []byte(magic)) }
	switch {
	case len(head) == 0:
		return refuse(ErrNotAudio, "the file is empty (0 bytes)")
	case at(0, "RIFF") && len(head) < 12, at(0, "RF64") && len(head) < 12:
		return refuse(ErrNotAudio, "the WAV file is cut inside its header (%d bytes)", len(head))
	case at(8, "WAVE") && (at(0, "RIFF") || at(0, "RF64") || at(0, "BW64")):
		return nil
	case at(0, "RIFX"):
		return refuse(ErrUnsupported, "this is a big-endian WAV file (RIFX): convert it, e.g. %s", converter)
	case at(0, "RIFF"):
		return refuse(ErrNotAudio, "this is a RIFF file of type %q, not WAV", head[8:12])
	}
	if name := otherFormat(head, at); name != "" {
		return refuse(ErrUnsupported, "this is %s, not WAV: convert it, e.g. %s", name, converter)
	}
	return refuse(ErrNotAudio, "this is not a WAV file")
}

func otherFormat(head []byte, at func(int, string) bool) string {
	switch {
	case at(0, "ID3"):
		return "MP3"
	case at(0, "OggS"):
		return "Ogg"
	case at(0, "fLaC"):
		return "FLAC"
	case at(4, "ftyp"):
		return "M4A or MP4"
	case at(0, "FORM") && (at(8, "AIFF") || at(8, "AIFC")):
		return "AIFF"
	case at(0, "caff"):
		return "CAF"
	case at(0, ".snd"):
		return "AU"
	case at(0, "#!AMR"):
		return "AMR"
	case at(0, "\x1aE\xdf\xa3"):
		return "WebM or Matroska"
	case at(0, "\x30\x26\xb2\x75"):
		return "WMA"
	case len(head) >= 2 && head[0] == 0xFF && head[1]&0xF6 == 0xF0: // ADTS: 12 sync bits, layer 0
		return "AAC"
	case len(head) >= 2 && head[0] == 0xFF && head[1]&0xE0 == 0xE0 && head[1]&0x06 != 0: // MPEG audio: 11 sync bits, a layer
		return "MP3"
	}
	return ""
}

// codingName of a WAVE format tag (mmreg.h).
func codingName(tag uint16) string {
	switch tag {
	case tagPCM:
		return "PCM"
	case tagFloat:
		return "float"
	case 2, 0x11:
		return "ADPCM"
	case 6:
		return "A-law"
	case 7:
		return "µ-law"
	case 0x31:
		return "GSM"
	case 0x55:
		return "MP3"
	case 0xFF, 0x1610:
		return "AAC"
	}
	return fmt.Sprintf("coding 0x%04x", tag)
}
