package flags

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/console"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/progress"
	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/client"
)

// Sending holds the flags of the commands that send files.
type Sending struct {
	Requests
	Streams
	Progress

	// Protocol is the protocol of uploads, as client.Config has it. "": tus.
	Protocol string
	// NoInline means that uploads are created without bytes.
	NoInline bool
	// JSON means that events are printed, each as JSON on a line.
	JSON bool

	refuseInUse  bool
	printHeaders []string
}

// Register adds the flags.
func (s *Sending) Register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&s.refuseInUse, "refuse-in-use", false, "fail in place of a warning if another program has a file open for writing (Linux only)")
	List(f, &s.printHeaders, "print-header", "", "print the response header `name` at the end of each result, separated by a tab (repeat)")
	f.BoolVar(&s.JSON, "json", false, "print one event on each line, such as created, resumed, progress, retry, done and failed")
	s.Progress.Register(cmd)
	if strings.Contains(cmd.Use, "FILE") {
		s.registerStreams(cmd)
	}
	s.Requests.Register(cmd)
}

// Check finds errors of the flags for these files.
func (s *Sending) Check(cmd *cobra.Command, files []string, in io.Reader) error {
	if err := s.Progress.Check(); err != nil {
		return err
	}
	return s.checkStreams(cmd, files, in)
}

// RegisterVerify adds the flag of the commands that send a file unchanged.
func RegisterVerify(cmd *cobra.Command, verify *bool) {
	cmd.Flags().BoolVar(verify, "verify", false, "compare each file with the bytes on the server after its upload; this reads the file again")
}

// RegisterProtocol adds the flag of the commands that can speak another protocol than tus.
func RegisterProtocol(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "protocol", client.ProtocolTus, "speak the protocol of this `name`: tus, rufh (Resumable Uploads for HTTP, in the version that the server names, or else the newest), rufh/3 to rufh/10, or auto, which asks the server")
}

// RegisterNoInline adds the flag of the commands that create uploads.
func RegisterNoInline(cmd *cobra.Command, noInline *bool) {
	cmd.Flags().BoolVar(noInline, "no-inline", false, "create each upload without bytes, which follow in a separate request (default: small files are sent with the creation)")
}

// Tune adds the flags about requests to config, and reports results of uploads that
// cannot be written.
func (s *Sending) Tune(con *console.Console, config *client.Config) {
	con.Out.OnLost(con.ReportUnwritten)
	config.Logger = con.ClientLog()
	s.tune(config)
	config.Protocol = s.Protocol
	config.RefuseInUse = s.refuseInUse
	config.LedgerHeaders = slices.DeleteFunc(slices.Clone(s.printHeaders), func(name string) bool {
		return strings.EqualFold(name, "Set-Cookie") // a secret
	})
	if s.NoInline {
		config.InlineSize = -1
	}
}

// Watch returns the observer of the events of each file. Shown is the name of the file for people.
func (s *Sending) Watch(con *console.Console, display *progress.Display) func(i int, file, shown string) func(client.Event) {
	return func(i int, file, shown string) func(client.Event) {
		begun := false
		return func(e client.Event) {
			display.Update(i, shown, e)
			con.Observe(shown, e)
			n, known := e.Length.Int64()
			if e.Kind == client.EventResumed && !begun && e.Offset > 0 && (!known || e.Offset < n) {
				con.Say("resuming %s at %s", output.Escape(shown), units.FormatAmount(e.Offset, e.Length))
			}
			begun = begun || e.Kind == client.EventResumed || e.Kind == client.EventCreated
			// The end is reported with the headers, which only the result has.
			if s.JSON && e.Kind != client.EventDone && e.Kind != client.EventFailed {
				con.Out.JSON(output.NewEvent(file, e))
			}
		}
	}
}

// Row returns the line of a result.
func (s *Sending) Row(r *client.Result) string {
	return strings.Join(append([]string{r.URL}, s.headerValues(r)...), "\t")
}

// headerValues returns the values of the headers that the user wants to see.
func (s *Sending) headerValues(r *client.Result) []string {
	values := make([]string, len(s.printHeaders))
	for i, name := range s.printHeaders {
		values[i] = output.Escape(output.HeaderValue(r, name))
	}
	return values
}
