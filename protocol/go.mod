module github.com/tusker-go/tusker/protocol

go 1.26.0
