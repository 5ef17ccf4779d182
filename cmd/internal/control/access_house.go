package control

import (
	"slices"

	"tenin/cmd/internal/control/pb"
)

// anybody is whoever of the staff has a PIN.
var anybody = []string{"staff", "manager", "technician"}

// houseRules is every call of the House. A glance at who needs help, and saying that somebody comes, need no PIN.
var houseRules = map[string]rule{
	pb.House_Situation_FullMethodName:     {nil, short},
	pb.House_Watch_FullMethodName:         {nil, 0},
	pb.House_Take_FullMethodName:          {nil, short},
	pb.House_Handled_FullMethodName:       {nil, short},
	pb.House_Today_FullMethodName:         {anybody, short},
	pb.House_Unanswered_FullMethodName:    {words, looks},
	pb.House_Similar_FullMethodName:       {words, short},
	pb.House_Try_FullMethodName:           {words, looks},
	pb.House_Readings_FullMethodName:      {words, short},
	pb.House_FixReading_FullMethodName:    {words, long},
	pb.House_Publish_FullMethodName:       {words, long},
	pb.House_TakeBack_FullMethodName:      {words, long},
	pb.House_Conversations_FullMethodName: {words, looks},
	pb.House_Read_FullMethodName:          {words, short},
	pb.House_Sound_FullMethodName:         {words, short},
	pb.House_Accesses_FullMethodName:      {manages, short},
	pb.House_Settings_FullMethodName:      {nil, short},
	pb.House_Change_FullMethodName:        {anybody, short},
}

func ruleOf(method string) (rule, bool) {
	for _, of := range []map[string]rule{rules, houseRules} {
		if r, ok := of[method]; ok {
			return r, true
		}
	}
	return rule{}, false
}

// Roles returns the roles that may make a call once the shop has staff, for who offers the same without the socket; none:
// everybody who may connect. It is false for a call that is unknown.
func Roles(method string) ([]string, bool) {
	r, ok := ruleOf(method)
	return slices.Clone(r.roles), ok
}
