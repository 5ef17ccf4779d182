package screen

import (
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// What can be sent. A test compares the lists with the packages' sources.
var (
	shopperScreens = seal[shopper.Screen](
		shopper.Attract{}, shopper.Consent{}, shopper.Listening{}, shopper.Thinking{}, shopper.Answer{}, shopper.Detail{},
		shopper.Place{}, shopper.Clarify{}, shopper.Staff{}, shopper.Message{}, shopper.Receipt{}, shopper.Typing{},
		shopper.Trouble{}, shopper.Resetting{}, shopper.Closed{},
	)
	shopperEvents = seal[shopper.Event](
		shopper.Start{}, shopper.ChooseLanguage{}, shopper.Consented{}, shopper.DoneSpeaking{}, shopper.Cancel{},
		shopper.Interrupt{}, shopper.SpeakAgain{}, shopper.TypeInstead{}, shopper.Ask{}, shopper.ShowDetail{},
		shopper.ShowPlace{}, shopper.Return{}, shopper.ShowFrom{}, shopper.Helped{}, shopper.CallStaff{},
		shopper.LeaveMessage{}, shopper.SendMessage{}, shopper.DiscardMessage{}, shopper.Retry{}, shopper.StillHere{},
		shopper.Finish{}, shopper.ToggleBigText{}, shopper.ToggleContrast{}, shopper.ToggleSilent{}, shopper.Typed{},
		shopper.Knock{},
	)
	staffScreens = seal[staff.Screen](
		staff.Lock{}, staff.Help{}, staff.Today{}, staff.Unanswered{}, staff.Answering{}, staff.Conversations{},
		staff.Reason{}, staff.Transcript{}, staff.Settings{}, staff.Typing{},
	)
	staffEvents = seal[staff.Event](
		staff.ChooseName{}, staff.PINKey{}, staff.ErasePIN{}, staff.EnterPIN{}, staff.TurnKeys{},
		staff.LockNow{}, staff.Unlock{}, staff.Leave{}, staff.Stay{}, staff.GoTo{}, staff.ShowFrom{},
		staff.Return{}, staff.Take{}, staff.Handled{}, staff.WriteAnswer{}, staff.EditSentence{},
		staff.Compare{}, staff.UseSimilar{}, staff.TrySound{}, staff.StopSound{}, staff.FixReading{},
		staff.Publish{}, staff.Undo{}, staff.ChooseTopic{}, staff.NarrowTo{}, staff.OpenConversation{},
		staff.ChooseWhy{}, staff.WriteReason{}, staff.ReadConversation{}, staff.PlayTurn{}, staff.ShowSetting{},
		staff.Switch{}, staff.SwitchTopic{}, staff.WriteNotice{}, staff.RemoveNotice{}, staff.ChooseLanguage{},
		staff.ToggleBigText{}, staff.ToggleContrast{}, staff.Typed{},
	)
	technicianScreens = seal[technician.Screen](
		technician.PIN{}, technician.Menu{}, technician.SetUp{}, technician.Shop{}, technician.Brand{},
		technician.Clock{}, technician.Panel{}, technician.Targets{}, technician.Microphone{},
		technician.Loudspeaker{}, technician.Echo{}, technician.Hub{}, technician.Sealing{},
		technician.Recovery{}, technician.Access{}, technician.Finish{}, technician.Edit{}, technician.Health{},
		technician.Bundle{}, technician.Wipe{}, technician.Power{}, technician.Turn{}, technician.Network{},
	)
	technicianEvents = seal[technician.Event](
		technician.ChooseLanguage{}, technician.ToggleBigText{}, technician.ToggleContrast{},
		technician.StillHere{}, technician.Leave{}, technician.Back{}, technician.Digit{}, technician.Rub{},
		technician.Enter{}, technician.LostPIN{}, technician.Open{}, technician.OpenStep{}, technician.Next{},
		technician.Test{}, technician.Answer{}, technician.EditField{}, technician.Typed{},
		technician.ChooseSpeaks{}, technician.ChooseAccent{}, technician.Without{}, technician.WrittenDown{},
		technician.Touched{}, technician.ChoosePlace{}, technician.HoldDown{}, technician.HoldUp{},
		technician.ChoosePower{}, technician.Confirm{}, technician.ToggleHidden{}, technician.ChooseTurn{},
		technician.ChooseRadio{}, technician.ChooseFixed{},
	)
)
