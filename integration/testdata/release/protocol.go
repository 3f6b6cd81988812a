package main

import (
	"fmt"

	"github.com/tusker-go/tusker/protocol"
)

func main() {
	value, err := protocol.Metadata{"filename": "video.mp4"}.Encode()
	if err != nil {
		panic(err)
	}
	fmt.Println(value)
}
