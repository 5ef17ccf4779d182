package worker

import (
	"net"
	"runtime/debug"

	"google.golang.org/grpc"

	"tenin/cmd/internal/worker/pb"
)

// Main is a worker's whole life: it answers the pool over the inherited socket, opens the role's engines and seals itself
// when told to, and returns the process's exit code when the pool closes the socket. Call it where sandbox.Child says so.
func Main(role string) int {
	if Role(role) == Uplink {
		return ServeUplink()
	}
	return Serve(role, RealEngines())
}

// Serve is Main with other engines.
func Serve(role string, engines Engines) int {
	// A panic would quote what it was about.
	debug.SetTraceback("none")
	conn, err := inherited()
	if err != nil {
		return 2
	}
	serve(conn, Role(role), engines)
	return 0
}

// serve returns when conn is closed. Calls under way are left behind: the process ends now.
func serve(conn net.Conn, role Role, engines Engines) {
	w := newServer(role, engines)
	g := grpc.NewServer(
		grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(messageLimit),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window),
		grpc.UnaryInterceptor(w.unary), grpc.StreamInterceptor(w.streaming),
	)
	pb.RegisterWorkerServer(g, w)
	switch role {
	case ASR:
		pb.RegisterEarsServer(g, &w.ears)
	case LLM:
		pb.RegisterLanguageServer(g, &w.language)
	case Voice:
		pb.RegisterVoiceServer(g, &w.voice)
	case Audio:
		pb.RegisterSoundServer(g, &w.sound)
	}
	listener := newSingle(conn)
	defer listener.Close()
	// The error is that the one connection is gone.
	_ = g.Serve(listener)
}
