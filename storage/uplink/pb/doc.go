// Package pb is the generated code of the two local sockets: the kiosk's for the
// uplink process, and the hub's for the commands of its own machine.
package pb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative uplink.proto
