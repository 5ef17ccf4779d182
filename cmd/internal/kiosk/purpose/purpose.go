// Package purpose words the notice that a shop hangs beside its kiosk: for what a shopper's voice and words are used, how
// long they are kept, and how to have them erased. What it promises follows from the settings; what the program does by
// itself is said as it is.
package purpose

import (
	"errors"
	"fmt"
	"strings"

	"tenin/cmd/internal/config"
	"tenin/ui/poster"
)

// Shop is what the settings do not say.
type Shop struct {
	Name string // of the shop, as the notice names it
	// Company is who is responsible for the data; empty: Name.
	Company string
	// Contact is how to reach them: a telephone number, a counter.
	Contact string
	// Purposes replace the built-in ones, in the notice's language; none keep them.
	Purposes []string
	// Since is the day from which it holds, as it is to be written; empty: it is not said.
	Since string
}

// ErrNoName means that nobody is named.
var ErrNoName = errors.New("the notice names no shop")

// Languages are those that a notice can be had in.
func Languages() []string { return []string{"ja", "en"} }

// Notice is the notice in a language of Languages. The error wraps ErrNoName.
func Notice(c config.Config, s Shop, language string) (poster.Poster, error) {
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" {
		return poster.Poster{}, ErrNoName
	}
	if s.Company == "" {
		s.Company = s.Name
	}
	if language == "en" {
		return english(c, s), nil
	}
	return japanese(c, s), nil
}

func japanese(c config.Config, s Shop) poster.Poster {
	kept := "ご質問と答えの文字だけを記録します。お声は記録しません。"
	if c.Retention.Audio {
		kept = "お声と、ご質問と答えの文字を記録します。"
	}
	purposes := s.Purposes
	if len(purposes) == 0 {
		purposes = []string{"ご質問にお答えし、ご案内をよくするため", "答えられなかったご質問を調べるため", "苦情やお問い合わせのときに、内容を確かめるため"}
	}
	outside := []string{"お声と文字は、この案内機の中だけに、暗号にして保存します。外には送りません。"}
	if c.Hub.Enabled {
		outside = append(outside, "店内または本部の管理機へ送ることがあるのは、話題の分類や件数など、お声も言葉も含まない要約だけです。")
	}
	foot := []string{"個人情報の取り扱いの責任者: " + s.Company}
	if s.Contact != "" {
		foot = append(foot, "お問い合わせ: "+s.Contact)
	}
	if s.Since != "" {
		foot = append(foot, s.Since+"から")
	}
	return poster.Poster{
		Language: "ja", Shop: s.Name, Title: "案内機での個人情報の利用目的",
		Lead: "この案内機は、お客さまの声や文字でのご質問にお答えします。お声などの取り扱いは、次のとおりです。",
		Sections: []poster.Section{
			{Heading: "マイク", Points: []string{"画面にふれて、お話しになる方法を選ぶまで、マイクは切れています。", "カメラは使いません。"}},
			{Heading: "記録するもの", Points: []string{"画面で同意をいただいたときだけ、" + kept}},
			{Heading: "利用目的", Points: purposes},
			{Heading: "保存と期間", Points: append(outside, fmt.Sprintf("%d日で鍵を壊し、読めないようにします。", c.Retention.Days))},
			{Heading: "記録をしない使いかた", Points: []string{"「記録せずに話す」を選ぶと、答えたあと、何も残しません。"}},
			{Heading: "記録の消去・確認", Points: []string{"終わりに出る控え番号を係員にお見せください。その記録をすぐに消します。", "記録の内容をお確かめになりたいときも、係員にお申し出ください。係員が記録を開くときは、理由が残ります。"}},
		},
		Foot: foot,
	}
}

func english(c config.Config, s Shop) poster.Poster {
	kept := "your questions and the answers are recorded as text. Your voice is not."
	if c.Retention.Audio {
		kept = "your voice is recorded, and your questions and the answers as text."
	}
	purposes := s.Purposes
	if len(purposes) == 0 {
		purposes = []string{"To answer your questions and to answer them better", "To look into questions that had no answer", "To see what was said when somebody complains or inquires"}
	}
	outside := []string{"Voice and text stay inside this kiosk, encrypted. They are not sent anywhere."}
	if c.Hub.Enabled {
		outside = append(outside, "Only summaries without voice or words, such as numbers by topic, may go to the shop's or the company's own server.")
	}
	days := fmt.Sprintf("After %d days their key is destroyed, and nobody can read them.", c.Retention.Days)
	if c.Retention.Days == 1 {
		days = "After a day their key is destroyed, and nobody can read them."
	}
	foot := []string{"Responsible for personal data: " + s.Company}
	if s.Contact != "" {
		foot = append(foot, "Contact: "+s.Contact)
	}
	if s.Since != "" {
		foot = append(foot, "From "+s.Since)
	}
	return poster.Poster{
		Language: "en", Shop: s.Name, Title: "What this kiosk uses your data for",
		Lead: "This kiosk answers questions that you speak or type. This is how your voice and words are treated.",
		Sections: []poster.Section{
			{Heading: "Microphone", Points: []string{"It is off until you touch the screen and choose to speak.", "No camera is used."}},
			{Heading: "What is recorded", Points: []string{"Only when you agree on the screen, " + kept}},
			{Heading: "What for", Points: purposes},
			{Heading: "Where and how long", Points: append(outside, days)},
			{Heading: "Without a record", Points: []string{"Choose “Speak, unrecorded”, and nothing is kept after the answer."}},
			{Heading: "To have it erased or to see it", Points: []string{"Show the code that you get at the end to a member of staff, who erases that record at once.", "Ask them as well if you want to know what was recorded. Staff give a reason whenever they open a record, and it is logged."}},
		},
		Foot: foot,
	}
}
