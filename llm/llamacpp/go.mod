module github.com/go-skynet/go-llama.cpp

go 1.26.0

require pgregory.net/rapid v1.3.0
