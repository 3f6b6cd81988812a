package settings

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tusker-go/tusker/cli/internal/advice"
	"github.com/tusker-go/tusker/cli/internal/config"
	"github.com/tusker-go/tusker/cli/internal/output"
	"github.com/tusker-go/tusker/cli/internal/remote"
	"github.com/tusker-go/tusker/cli/internal/shell"
	"github.com/tusker-go/tusker/cli/internal/usage"
	"github.com/tusker-go/tusker/client"
)

// EndpointVariable is the environment variable with the ENDPOINT of commands that are called
// without one.
const EndpointVariable = "TUSKER_ENDPOINT"

// Arguments returns the arguments of cmd with ENDPOINT or LOCATION in its place, which is the
// first one, or the second one after the name of a job. A command line can have it after the
// files. If ENDPOINT is left out, it comes from
// EndpointVariable, or else from the config file. Call Arguments after ReadConfig.
func (s *Settings) Arguments(cmd *cobra.Command, args []string) ([]string, error) {
	first, before := usage.Target(cmd)
	if first == "" || len(args) < before {
		return args, nil
	}
	lead, args := args[:before:before], args[before:]
	form := form{
		names: first == usage.Endpoint, files: strings.Contains(cmd.Use, "FILE"), remote: usage.TakesRemote(cmd),
		repeats: strings.HasSuffix(cmd.Use, first+"..."),
	}
	fallback, from := "", origin{}
	if form.names {
		fallback, from = s.defaultEndpoint()
	}
	ordered, usesFallback := form.order(args, fallback)
	if usesFallback {
		s.endpointFrom = from
	}
	switch i := form.misplaced(ordered); {
	case i < 0, form.remote && form.isTarget(ordered[0]):
	case form.isTarget(ordered[0]):
		return nil, secondURLError(first, ordered[i])
	default:
		return nil, orderError(cmd, first, lead, ordered, i)
	}
	if form.names && form.files && len(ordered) > 0 && !form.isTarget(ordered[0]) && (isFile(ordered[0]) || form.remote && remote.IsName(ordered[0])) {
		return nil, &advice.Failure{Err: usage.Error(errNoEndpoint), Hint: "write a URL such as https://tus.example/files/ before or after the files, or set " + EndpointVariable}
	}
	return append(lead, ordered...), nil
}

var errNoEndpoint = errors.New("there is no ENDPOINT")

// isFile reports whether name is that of a file or a directory.
func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// defaultEndpoint returns the ENDPOINT of commands that are called without one, as an
// argument, and its origin. "": none.
func (s *Settings) defaultEndpoint() (string, origin) {
	value, from := "", origin{}
	if text, _ := s.console.LookupEnv(EndpointVariable); strings.TrimSpace(text) != "" {
		value, from = text, origin{fromEnvironment, EndpointVariable}
	} else if s.file != nil && s.file.DefaultEndpoint.Line > 0 {
		value = s.file.DefaultEndpoint.Values[0]
		from = origin{fromFile, fmt.Sprintf("%s:%d", s.file.Path, s.file.DefaultEndpoint.Line)}
	}
	if value = strings.TrimSpace(value); config.IsName(value) {
		value += ":"
	}
	return value, from
}

// form describes the arguments of a command that takes an ENDPOINT or a LOCATION.
type form struct {
	names   bool // it may be the name of an endpoint and a colon
	files   bool // files follow
	remote  bool // a file may be a URL
	repeats bool // all arguments are LOCATION
}

// order returns args with ENDPOINT or LOCATION in the first place and with a scheme, and
// reports whether it is the fallback. A fallback of "" is not used.
func (f form) order(args []string, fallback string) (ordered []string, usesFallback bool) {
	ordered = slices.Clone(args)
	last := len(ordered) - 1
	switch {
	case last < 0:
		if fallback == "" {
			return ordered, false
		}
		ordered, usesFallback = []string{fallback}, true
	case f.isTarget(ordered[0]), !f.files:
	case f.isTarget(ordered[last]):
		target := ordered[last]
		copy(ordered[1:], ordered[:last])
		ordered[0] = target
	case fallback != "" && (f.remote || f.misplaced(ordered) < 0):
		ordered, usesFallback = slices.Insert(ordered, 0, fallback), true
	}
	for i := range ordered {
		if i == 0 || f.repeats {
			ordered[i] = withScheme(strings.TrimSpace(ordered[i]))
		}
	}
	return ordered, usesFallback
}

// misplaced returns the index of a URL among the files, or -1.
func (f form) misplaced(args []string) int {
	if !f.files || len(args) < 2 {
		return -1
	}
	if !f.isTarget(args[0]) {
		return slices.IndexFunc(args, isURL)
	}
	if i := slices.IndexFunc(args[1:], isURL); i >= 0 {
		return 1 + i
	}
	return -1
}

// isTarget reports whether arg is an ENDPOINT or a LOCATION rather than the name of a file: a
// URL, a host with a port, or the name of an endpoint with a colon. A path of that form is
// written with ./ before it.
func (f form) isTarget(arg string) bool {
	arg = strings.TrimSpace(arg)
	if name, ok := strings.CutSuffix(arg, ":"); ok && f.names && config.IsName(name) {
		return true
	}
	return isURL(arg) || hasPort(arg)
}

// isURL reports whether arg is an http or https URL.
func isURL(arg string) bool {
	scheme, _, ok := strings.Cut(strings.TrimSpace(arg), "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// hasPort reports whether arg begins with a host and a port.
func hasPort(arg string) bool {
	host, port, err := net.SplitHostPort(hostOf(arg))
	return err == nil && host != "" && port != "" && strings.Trim(port, "0123456789") == ""
}

// withScheme returns arg with http:// before a loopback host with a port. Other arguments are
// returned unchanged, because another host may speak http or https.
func withScheme(arg string) string {
	if isURL(arg) || !hasPort(arg) {
		return arg
	}
	host, _, _ := net.SplitHostPort(hostOf(arg))
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return "http://" + arg
	}
	return arg
}

// hostOf returns the part of arg before the first slash.
func hostOf(arg string) string {
	host, _, _ := strings.Cut(arg, "/")
	return host
}

// secondURLError is the error of a URL among the files of a command that has ENDPOINT or
// LOCATION, the name of which is first.
func secondURLError(first, url string) error {
	return &advice.Failure{
		Err:  usage.Error(fmt.Errorf("%q is a URL and no FILE", output.RedactURL(strings.TrimSpace(url)))),
		Hint: "a command has one " + first + ": run it once for each of them",
	}
}

// orderError is the error of a URL among the files, if no URL comes first or last. Its hint has the
// command with the URL in the first place after lead, unless the URL holds a secret.
func orderError(cmd *cobra.Command, first string, lead, args []string, i int) error {
	hint := first + " comes first, and FILE after it"
	if !output.HasSecret(args[i]) {
		words := []string{cmd.CommandPath()}
		for _, arg := range lead {
			words = append(words, shell.QuotePath(arg))
		}
		words = append(words, shell.QuoteIfNeeded(args[i], runtime.GOOS))
		for _, arg := range slices.Concat(args[:i], args[i+1:]) {
			words = append(words, shell.QuotePath(arg))
		}
		hint += ": " + strings.Join(words, " ")
	}
	return &advice.Failure{Err: usage.Error(fmt.Errorf("%w: %q is not a URL", client.ErrInvalidURL, args[0])), Hint: hint}
}
