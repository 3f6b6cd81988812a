// Command tusker uploads files to servers that speak the tus resumable upload
// protocol.
package main

import (
	"os"

	"github.com/tusker-go/tusker/cli/engine"
	"github.com/tusker-go/tusker/cli/internal/app"
)

func main() { os.Exit(app.Main(engine.Start)) }
