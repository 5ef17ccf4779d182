package asr

import "strings"

// Whisper learned from subtitled video, and writes subtitles' furniture when it hears noise or nothing. The tables hold
// bare text (letters only).

// neverSaid are sentences that no shopper says to a clerk: whole transcripts made of them are noise.
var neverSaid = bareSet(
	"ご視聴ありがとうございました", "ご視聴ありがとうございます", "ご清聴ありがとうございました", "ご覧いただきありがとうございます",
	"ご視聴いただきありがとうございました", "最後までご視聴いただきありがとうございました", "最後までご視聴いただきありがとうございます",
	"最後までご覧いただきありがとうございます", "ご視聴ありがとうございましたまた次の動画でお会いしましょう",
	"次の動画でお会いしましょう", "また次の動画でお会いしましょう", "チャンネル登録お願いします", "チャンネル登録よろしくお願いします",
	"チャンネル登録をお願いします", "チャンネル登録をお願いいたします", "高評価とチャンネル登録をお願いします", "高評価チャンネル登録お願いします",
	"字幕視聴ありがとうございました", "字幕視聴者", "字幕作成者", "提供", "エンディング", "本日はご覧いただきありがとうございます",
	"Thank you for watching", "Thanks for watching", "Thank you so much for watching", "Thank you very much for watching",
	"Please subscribe", "Please subscribe to my channel", "Like and subscribe", "Don't forget to subscribe",
	"Subtitles by the Amara.org community", "Subtitles by", "Transcribed by", "I'll see you in the next video", "See you in the next video",
)

// soundNames are what Whisper writes, in brackets or bare, for a sound that is not speech.
var soundNames = bareSet(
	"音楽", "拍手", "笑い", "笑", "笑い声", "歓声", "無音", "沈黙", "ため息", "咳", "雑音", "ノイズ", "チャイム", "ベル", "ベルの音", "効果音", "足音", "音", "風の音", "ドアの音", "鐘の音", "BGM",
	"music", "music playing", "applause", "laughter", "silence", "noise", "blank_audio", "blank audio", "bell", "bell rings", "beep", "beeping", "chime", "sound", "inaudible", "sighs", "coughing", "static",
)

// doubtful are words that shoppers do say, and that Whisper also writes for noise: they count only when the model is
// sure that somebody spoke.
var doubtful = bareSet(
	"ありがとうございました", "ありがとうございます", "ありがとう", "おやすみなさい", "お疲れ様でした", "はい", "うん", "ん", "あ", "ああ", "え", "えー", "おー", "お", "では", "さあ", "さよなら", "バイバイ", "お願いします", "よろしくお願いします", "ごめんなさい", "ごちそうさまでした", "いただきます", "終わり", "続く",
	"Thank you", "Thank you very much", "Thanks", "you", "so", "okay", "ok", "oh", "ah", "um", "uh", "hmm", "mm", "yeah", "yes", "no", "bye", "bye bye", "goodbye", "the", "I", "and", "peace", "good night", "the end", "i'm sorry",
)

func bareSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[bare(w)] = true
	}
	return set
}

// stripSounds removes bracketed names of sounds, notes and asterisks: (音楽), [Music], ♪, *laughs*.
func stripSounds(text string) string {
	closing := map[rune]rune{'(': ')', '（': '）', '[': ']', '［': '］', '【': '】', '*': '*', '＊': '＊', '♪': '♪', '<': '>', '〈': '〉'}
	r := []rune(text)
	var out []rune
	for i := 0; i < len(r); i++ {
		end, opens := closing[r[i]]
		if !opens {
			if r[i] != '♬' && r[i] != '♫' && r[i] != '♩' {
				out = append(out, r[i])
			}
			continue
		}
		j := i + 1
		for j < len(r) && r[j] != end {
			j++
		}
		switch {
		case r[i] == '♪':
			// A lone note is furniture; between two notes stands a song.
			if j < len(r) {
				i = j
			}
		case j < len(r):
			i = j
		case soundNames[bare(string(r[i+1:]))] || len(bare(string(r[i+1:]))) == 0:
			i = len(r)
		default:
			out = append(out, r[i])
		}
	}
	return strings.TrimSpace(string(out))
}

// hallucinated tells whether text is what Whisper writes for sound without speech, given its own probability that nobody
// spoke and the mean probability of its tokens.
func hallucinated(text string, noSpeech, confidence float64) bool {
	b := bare(text)
	switch {
	case b == "" || neverSaid[b] || soundNames[b]:
		return true
	case allOf(b, neverSaid):
		return true
	case doubtful[b] || allOf(b, doubtful):
		return noSpeech > doubtNoSpeech || confidence < doubtConfidence
	default:
		return noSpeech > sureNoSpeech && confidence < sureConfidence
	}
}

// allOf tells whether b is a row of words of set: the same sign-off is often written several times.
func allOf(b string, set map[string]bool) bool {
	for w := range set {
		if len(w) >= 2 && b == strings.Repeat(w, len(b)/len(w)) {
			return true
		}
	}
	return false
}

// echoes tells whether text merely recites the prompt: three or more of its words, in the prompt's order, and nothing
// else. Noise under a vocabulary prompt often comes out so.
func echoes(text, prompt string) bool {
	if prompt == "" {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、。,，． 　・", r) })
	if len(words) < 3 {
		return len(bare(text)) >= 24 && strings.Contains(bare(prompt), bare(text))
	}
	at := bare(prompt)
	found := 0
	for _, w := range words {
		w = bare(w)
		if w == "" {
			continue
		}
		if i := strings.Index(at, w); i >= 0 {
			found++
			at = at[i+len(w):]
		}
	}
	return found >= 3 && found*4 >= len(words)*3
}
