package advice

import (
	"strings"

	"github.com/spf13/cobra"
)

// ForeignFlags are flags of curl, wget, rclone, rsync and aws, and the flags that mean the same
// here. If no flag does, the value is a text that says how it is done.
var ForeignFlags = map[string]string{
	"k": "--insecure", "no-check-certificate": "--insecure", "no-verify-ssl": "--insecure",
	"u": "--user", "http-user": "--user", "login": "--user",
	"x": "--proxy", "socks5": "--proxy", "proxy1.0": "--proxy", "preproxy": "--proxy", "https-proxy": "--proxy", "http-proxy": "--proxy",
	"E": "--cert", "certificate": "--cert", "client-cert": "--cert",
	"private-key": "--key", "client-key": "--key",
	"ca-certificate": "--cacert", "ca-cert": "--cacert", "ca-bundle": "--cacert", "cafile": "--cacert",
	"m": "--timeout", "max-time": "--timeout",
	"connect-timeout": "--stall-timeout", "read-timeout": "--stall-timeout", "speed-time": "--stall-timeout", "y": "--stall-timeout",
	"cli-read-timeout": "--stall-timeout", "cli-connect-timeout": "--stall-timeout",
	"retry": "--retries", "tries": "--retries", "t": "--retries", "low-level-retries": "--retries",
	"retry-delay": "--retry-max-wait", "waitretry": "--retry-max-wait", "retry-max-time": "--timeout",
	"bwlimit": "--limit-rate", "rate-limit": "--limit-rate", "max-bandwidth": "--limit-rate",
	"transfers": "--concurrency", "jobs": "--concurrency", "j": "--concurrency", "parallel-max": "--concurrency",
	"multi-thread-streams": "--parallel",
	"oauth2-bearer":        "--token-file", "token": "--token-file", "bearer": "--token-file",
	"n": "--netrc", "N": "--no-resume",
	"silent": "--quiet", "s": "--quiet", "no-verbose": "--quiet",
	"http1": "--http1.1", "http1.0": "--http1.1",
	"output-document": "--output", "O": "--output",
	"from-file": "--files-from", "input-file": "--files-from", "i": "--files-from",
	"checksum-algorithm": "--checksum",
	"s3-chunk-size":      "--chunk-size", "part-size": "--chunk-size",
	"abstract-unix-socket": "--unix-socket",
	"R":                    "--recursive", "a": "--recursive", "archive": "--recursive",
	"resume": resumesText, "continue": resumesText, "continue-at": resumesText, "c": resumesText, "C": resumesText, "partial": resumesText, "P": resumesText,
	"L": followsText, "location": followsText,
	"F": formText, "T": formText, "form": formText, "upload-file": formText, "data-binary": formText, "d": formText, "X": formText, "request": formText,
}

const (
	resumesText = "the same command resumes by itself; tusker resume LOCATION FILE resumes an upload by its URL"
	followsText = "redirects are followed without a flag"
	formText    = "name the files after the endpoint: tusker upload ENDPOINT FILE..."
)

// foreignHint names the flag of cmd that means the same as a flag of another program, or says
// how it is done here. "": the flag is not known, or cmd has none for it.
func foreignHint(cmd *cobra.Command, name string) string {
	meant := ForeignFlags[name]
	flag, isFlag := strings.CutPrefix(meant, "--")
	if !isFlag {
		return meant
	}
	if cmd.Flags().Lookup(flag) == nil {
		return ""
	}
	return "it is called --" + flag + " here"
}
