module github.com/tusker-go/tusker/retry

go 1.26.0
