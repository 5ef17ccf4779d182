package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"tenin/cmd/internal/control/pb"
)

// Gate knows the shop's staff.
type Gate interface {
	// Staffed says whether there are accounts. Where there are none, whoever may connect may do everything.
	Staffed() (bool, error)
	// CheckPIN returns whose PIN it is; an empty name stands for the only account. It limits tries and takes constant time.
	CheckPIN(ctx context.Context, name string, pin []byte) (Member, error)
	// Current returns the member as the account is now; false when it is disabled.
	Current(name string) (Member, bool, error)
}

// rule is what a call needs.
type rule struct {
	// roles that may make the call once there is staff; none: everybody who may connect.
	roles []string
	// within is how long the call may take, from its first byte on; 0: as long as it likes.
	within time.Duration
}

const (
	short = 30 * time.Second
	looks = 2 * time.Minute  // probes that hang are given up one by one
	long  = 30 * time.Minute // embedding a large shop's answers anew
)

var (
	words   = []string{"staff", "manager"}
	manages = []string{"manager"}
	tends   = []string{"technician", "manager"}
)

// rules is every call. One that is not named here is refused.
var rules = map[string]rule{
	pb.Kiosk_Status_FullMethodName:   {nil, short},
	pb.Events_Watch_FullMethodName:   {nil, 0},
	pb.Events_Handle_FullMethodName:  {nil, short},
	pb.Access_Login_FullMethodName:   {nil, short},
	pb.Access_Logout_FullMethodName:  {nil, short},
	pb.Sessions_List_FullMethodName:  {nil, short},
	pb.Sessions_Show_FullMethodName:  {words, short},
	pb.Sessions_Erase_FullMethodName: {manages, short},
	// The shopper who shows the code decides, and whoever stands at the counter does it.
	pb.Sessions_EraseReceipt_FullMethodName: {words, short},
	pb.Keys_Status_FullMethodName:           {nil, short},
	pb.Knowledge_Import_FullMethodName:      {nil, long},
	pb.Knowledge_Step_FullMethodName:        {nil, long},
	pb.Knowledge_List_FullMethodName:        {nil, short},
	pb.Staff_List_FullMethodName:            {nil, short},
	pb.Staff_Add_FullMethodName:             {manages, short},
	pb.Staff_Disable_FullMethodName:         {manages, short},
	// The recovery key is the proof, and whoever has it has lost the PIN.
	pb.Staff_Reset_FullMethodName:  {nil, short},
	pb.Clerk_Ask_FullMethodName:    {nil, 0},
	pb.Egress_Probe_FullMethodName: {tends, looks},
}

// tokenKey is the header that carries the token.
const tokenKey = "tenin-session-bin"

// authorize returns ctx with who asks, or why they may not.
func (s *Server) authorize(ctx context.Context, method string) (context.Context, error) {
	rule, ok := ruleOf(method)
	if !ok {
		return ctx, fail(codes.PermissionDenied, reasonRole, "this call is not for the control socket")
	}
	connection := connectionOf(ctx)
	if connection == nil {
		return ctx, fail(codes.PermissionDenied, reasonRole, "nobody is known to be at the other end")
	}
	member, known := Member{}, false
	if shown := metadata.ValueFromIncomingContext(ctx, tokenKey); len(shown) == 1 {
		if member, known = s.sessions.member(connection, []byte(shown[0])); known {
			// A PIN that was disabled, or whose role was taken down, reaches no further from this call on.
			now, still, err := s.options.Gate.Current(member.Name)
			if err != nil {
				return ctx, s.encode(err)
			}
			// An account that was made anew, or whose PIN was replaced, is somebody else.
			if member, known = now, still && now.Since.Equal(member.Since); !known {
				s.sessions.end(connection)
			}
		}
	}
	if known {
		ctx = context.WithValue(ctx, memberKey{}, member)
	}
	if rule.roles == nil {
		return ctx, nil
	}
	staffed, err := s.options.Gate.Staffed()
	switch {
	case err != nil:
		return ctx, s.encode(err)
	case !staffed:
		return ctx, nil
	case !known:
		return ctx, fail(codes.Unauthenticated, reasonPIN, "a PIN of the shop's staff is needed: give it, or name a file that holds it with --pin-file")
	case !slices.Contains(rule.roles, member.Role):
		return ctx, fail(codes.PermissionDenied, reasonRole, fmt.Sprintf("%s has the role %s, and this takes %s", member.Name, member.Role, strings.Join(rule.roles, " or ")))
	}
	return ctx, nil
}

// access opens and ends staff sessions.
type access struct {
	pb.UnimplementedAccessServer
	server *Server
}

func (a access) Login(ctx context.Context, r *pb.LoginRequest) (*pb.LoginReply, error) {
	defer clear(r.Pin)
	s := a.server
	select {
	case s.login <- struct{}{}:
		defer func() { <-s.login }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	member, err := s.options.Gate.CheckPIN(ctx, r.Name, r.Pin)
	if err != nil {
		s.options.Log.Warn("a staff PIN was refused", "process", PeerFrom(ctx).PID, "why", s.reason(err))
		select {
		case <-time.After(afterWrong):
		case <-ctx.Done():
		}
		return nil, err
	}
	t := s.sessions.open(connectionOf(ctx), member)
	s.options.Log.Info("staff session", "staff", member.Name, "role", member.Role, "process", PeerFrom(ctx).PID)
	return &pb.LoginReply{Token: t[:], Name: member.Name, Role: member.Role, IdleNs: int64(s.options.Idle)}, nil
}

func (a access) Logout(ctx context.Context, _ *pb.LogoutRequest) (*pb.LogoutReply, error) {
	a.server.sessions.end(connectionOf(ctx))
	return &pb.LogoutReply{}, nil
}
