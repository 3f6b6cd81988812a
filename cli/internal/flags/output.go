package flags

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/client"
)

// The values of --output.
const (
	outputAuto = "auto"
	outputURL  = "url"
	outputTSV  = "tsv"
	outputJSON = "json"
)

// OutputFormats returns the values of --output.
func OutputFormats() []string { return []string{outputAuto, outputURL, outputTSV, outputJSON} }

// Output holds the flags for the results of several files.
type Output struct {
	// Manifest is the file to which each file that was sent is added. "": none.
	Manifest string

	format string
}

func (o *Output) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.format, "output", outputAuto,
		"`form` of the results: url, tsv (URL, tab, file), json (as --json), or auto: url for a single file, otherwise tsv")
	cmd.Flags().StringVar(&o.Manifest, "manifest", "",
		"add each complete file to this `file`, a JSON object a line: name, size, SHA-256, URL, time; reads each file once more; --files-from reads it")
}

// checkOutput finds an unknown value of the flag, and one that contradicts --json. It sets json if
// the flag asks for JSON.
func (o *Output) checkOutput(json *bool) error {
	switch o.format {
	case outputAuto:
	case outputJSON:
		*json = true
	case outputURL, outputTSV:
		if *json {
			return fmt.Errorf("--json and --output %s exclude each other", o.format)
		}
	default:
		return fmt.Errorf("--output %q is not one of auto, url, tsv, json", o.format)
	}
	return nil
}

// hasNames reports whether results name their files. Several means that there is more than
// one file.
func (o *Output) hasNames(several bool) bool {
	return o.format == outputTSV || o.format == outputAuto && several
}

// FileRow returns the line of the result of a file. Several means that there is more than one
// file.
func (u *Upload) FileRow(file string, several bool, r *client.Result) string {
	fields := []string{r.URL}
	if u.hasNames(several) {
		fields = append(fields, output.Escape(file))
	}
	return strings.Join(append(fields, u.headerValues(r)...), "\t")
}
