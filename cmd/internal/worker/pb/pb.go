// Package pb is the generated code of the workers' protocol; worker.proto says what it means.
package pb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative worker.proto
