package main

import (
	"strconv"
	"strings"
)

// kind is the use of the figures of a contestant.
type kind int

const (
	variant kind = iota // shown, but not compared
	raw                 // a baseline; the fastest one is used
	check               // a second run of the first raw program
	own                 // tusker
	peer                // another client
)

// contestant is a program with its settings.
type contestant struct {
	name   string
	kind   kind
	rounds int                        // number of rounds, fewer than the row has; 0: all rounds of the row
	args   func(t *tools, s site) cmd // returns the zero cmd if the program is not installed
}

// cmd is a command line and the variables that it adds to the environment.
type cmd struct {
	args []string
	env  []string
}

// site names the files that a contestant sends, and the server.
type site struct {
	url         string
	ca          string // file with the certificate; "": no TLS
	files       []string
	pattern     string // names of the files as a pattern of curl
	size        int64  // of each file, in bytes
	concurrency int
	state       string // empty folder for records of uploads
}

func (s site) common() []string {
	args := []string{"-endpoint", s.url, "-concurrency", strconv.Itoa(s.concurrency), "-size", strconv.FormatInt(s.size, 10)}
	if s.ca != "" {
		args = append(args, "-cacert", s.ca)
	}
	return args
}

func (s site) command(program string, args ...string) cmd {
	if program == "" {
		return cmd{}
	}
	out := append([]string{program}, s.common()...)
	return cmd{args: append(append(out, args...), s.files...)}
}

// raws returns the raw program with these settings.
func raws(k kind, name string, args ...string) contestant {
	return contestant{name: name, kind: k, args: func(t *tools, s site) cmd { return s.command(t.raw, args...) }}
}

// tusker returns the program under test, with more flags.
func tusker(k kind, flags ...string) contestant {
	name := "tusker"
	if len(flags) > 0 {
		name += " " + strings.Join(flags, " ")
	}
	return contestant{name: name, kind: k, args: func(t *tools, s site) cmd {
		args := []string{t.tusker, "upload"}
		if len(s.files) > 1 {
			args = append(args, "--concurrency", strconv.Itoa(s.concurrency))
		}
		if s.ca != "" {
			args = append(args, "--cacert", s.ca)
		}
		args = append(append(append(args, flags...), s.url), s.files...)
		return cmd{args: args, env: []string{"XDG_STATE_HOME=" + s.state}}
	}}
}

func tusgo(settings ...string) contestant {
	return contestant{name: named("tusgo", settings), kind: peer, args: func(t *tools, s site) cmd {
		return s.command(t.tusgo, settings...)
	}}
}

func gotus(settings ...string) contestant {
	return contestant{name: named("go-tus", settings), kind: peer, args: func(t *tools, s site) cmd {
		return s.command(t.gotus, settings...)
	}}
}

func tusJS(settings ...string) contestant {
	return contestant{name: named("tus-js-client", settings), kind: peer, args: func(t *tools, s site) cmd {
		if t.script == "" {
			return cmd{}
		}
		var env []string
		if s.ca != "" {
			env = append(env, "NODE_EXTRA_CA_CERTS="+s.ca)
		}
		args := []string{t.node, t.script}
		for _, flag := range append(s.common(), settings...) {
			// Node requires two dashes.
			if strings.HasPrefix(flag, "-") {
				flag = "-" + flag
			}
			args = append(args, flag)
		}
		return cmd{args: append(args, s.files...), env: env}
	}}
}

func named(name string, settings []string) string {
	switch strings.Join(settings, " ") {
	case "":
		return name + ", default"
	case "-best":
		return name + ", best"
	}
	return name + ", best, " + strings.TrimPrefix(strings.Join(settings[1:], " "), "-")
}

// curl returns a contestant that sends each file in one POST.
func curl() contestant {
	return contestant{name: "curl -T", kind: peer, args: func(t *tools, s site) cmd {
		if t.curl == "" {
			return cmd{}
		}
		out := []string{
			t.curl, "-sS", "--fail", "-X", "POST",
			"-H", "Tus-Resumable: 1.0.0", "-H", "Content-Type: application/offset+octet-stream",
			"-H", "Upload-Length: " + strconv.FormatInt(s.size, 10), "-H", "Expect:",
		}
		if s.ca != "" {
			out = append(out, "--cacert", s.ca)
		}
		file := s.files[0]
		if len(s.files) > 1 {
			file = s.pattern
			if s.concurrency > 1 {
				out = append(out, "-Z", "--parallel-max", strconv.Itoa(s.concurrency))
			}
		}
		// curl appends the name of the file to a URL with a slash at the end.
		return cmd{args: append(out, "-T", file, strings.TrimSuffix(s.url, "/"))}
	}}
}
