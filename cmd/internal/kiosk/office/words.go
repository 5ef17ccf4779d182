package office

import (
	"errors"
	"fmt"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/ui/staff"
)

// words is a line in both languages of the screens.
type words struct{ ja, en string }

func (w words) in(l staff.Language) string {
	if l == staff.English {
		return w.en
	}
	return w.ja
}

var (
	saidTaken     = words{"向かうことを、お客さまの画面に出しました。", "The shopper's screen says that you are on the way."}
	saidHandled   = words{"対応済みにしました。", "The call is handled."}
	saidPublished = words{"公開しました。", "It is published."}
	saidTakenBack = words{"公開を取り消しました。", "The publication is taken back."}
	saidTaught    = words{"読みかたを覚えました。", "The reading is kept."}
	saidSet       = words{"変更しました。", "It is changed."}
	saidLocked    = words{"しばらく操作がなかったので、ロックしました。", "Locked, because nothing was touched."}
	saidNoStaff   = words{"暗証番号がまだ登録されていません。店長が登録できます（tenin staff add）。", "There are no PINs yet: a manager adds them with `tenin staff add`."}
	saidTooLong   = words{"この文は長いので、新しく書きます。", "That sentence is too long for the keyboard: write it anew."}
	saidPlain     = words{"うまくいきませんでした。もう一度お試しください。", "That did not work. Please try again."}
	saidProblem   = words{"このままでは公開できません", "It cannot be published like this"}
)

// troubles are what staff are told when something did not work. The first that an error wraps counts.
var troubles = []struct {
	err  error
	said words
}{
	{control.ErrPINNeeded, words{"もう一度、暗証番号を入れてください。", "Please enter your PIN again."}},
	{control.ErrNotAllowed, words{"この操作は、あなたの役割ではできません。店長にお願いしてください。", "Your role may not do this: ask a manager."}},
	{kiosk.ErrNoCall, words{"そのお客さまは、もうお待ちではありません。", "That shopper does not wait any more."}},
	{kiosk.ErrReading, words{"この読みかたは登録できません。二文字以上の語を、カナで直してください。", "That reading cannot be kept: a word of two or more characters, in kana."}},
	{kiosk.ErrDraft, words{"この答えは、このままでは公開できません。", "That answer cannot be published as it is."}},
	{kiosk.ErrReason, words{"理由がないと開けません。", "It is not opened without a reason."}},
	{kiosk.ErrSetting, words{"このようには設定できません。", "It cannot be set like this."}},
	{knowledge.ErrNoHistory, words{"取り消せる変更がありません。", "There is no change to take back."}},
	{storage.ErrNotFound, words{"その会話は、もう消されています。", "That conversation has been erased."}},
	{control.ErrGone, words{"案内機が止まりました。", "The kiosk has stopped."}},
	{control.ErrNoAnswer, words{"案内機が応答しません。", "The kiosk does not answer."}},
	{kiosk.ErrNotRunning, words{"案内機が動いていません。", "The kiosk is not running."}},
	{ErrNoPlayer, words{"ここには音を出す装置がありません。", "There is no loudspeaker here."}},
}

func trouble(err error) words {
	for _, t := range troubles {
		if errors.Is(err, t.err) {
			return t.said
		}
	}
	return saidPlain
}

// undrawable says that a text has characters that no screen can show.
func undrawable(characters string) words {
	return words{fmt.Sprintf("画面に出せない文字があります: %s", characters), fmt.Sprintf("The screens cannot show: %s", characters)}
}

// when is a moment as staff read it: today and yesterday by name. Both times are read by the local clock.
func when(l staff.Language, t, now time.Time) string {
	t, now = t.Local(), now.Local()
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	ago := int(day(now).Sub(day(t)).Hours() / 24)
	clock := t.Format("15:04")
	switch {
	case ago == 0 && l == staff.English:
		return "today " + clock
	case ago == 0:
		return "今日 " + clock
	case ago == 1 && l == staff.English:
		return "yesterday " + clock
	case ago == 1:
		return "昨日 " + clock
	case l == staff.English:
		return t.Format("2 Jan ") + clock
	}
	return t.Format("1月2日 ") + clock
}

// dayName is a day of the calendar, 2006-01-02, as staff read it.
func dayName(l staff.Language, day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	if l == staff.English {
		return t.Format("Monday 2 January")
	}
	return t.Format("1月2日") + "（" + string([]rune("日月火水木金土")[t.Weekday()]) + "）"
}
