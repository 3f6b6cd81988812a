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
	"bwlimit": "--limit-rate", "throttle": "--limit-rate", "rate-limit": "--limit-rate", "max-bandwidth": "--limit-rate",
	"transfers": "--concurrency", "numworkers": "--concurrency", "max-concurrency": "--concurrency", "jobs": "--concurrency", "j": "--concurrency", "parallel-max": "--concurrency",
	"multi-thread-streams": "--parallel", "multipart-chunks": "--parallel", "upload-concurrency": "--parallel",
	"ignore-existing": "--skip-sent", "update": "--skip-sent", "size-only": "--skip-sent", "no-clobber": "--skip-sent",
	"dryrun": "--dry-run", "just-print": "--dry-run",
	"meta": "--metadata", "tag": "--metadata", "annotation": "--metadata",
	"progress-bar": "--progress", "stats": "--progress", "no-progress": "use --progress none",
	"debug": "--verbose", "trace": "--verbose", "log-level": "--verbose",
	"endpoint": endpointText, "endpoint-url": endpointText, "url": endpointText, "server": endpointText,
	"V": versionText, "version": versionText,
	"oauth2-bearer": tokenText, "token": tokenText, "bearer": tokenText,
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
	resumesText  = "the same command resumes by itself; tusker resume LOCATION FILE resumes an upload by its URL"
	followsText  = "redirects are followed without a flag"
	endpointText = "the URL is the first or the last argument, or TUSKER_ENDPOINT has it"
	tokenText    = "write the token to a file, which --token-file names, or let --token-command print it"
	versionText  = "tusker --version prints the version"
	formText     = "name the files after the endpoint: tusker upload ENDPOINT FILE..."
)

// ForeignCommands are commands of rclone, aws, s5cmd, oras, scp and rsync, and what does the
// same here.
var ForeignCommands = map[string]string{
	"cp": "upload", "copy": "upload", "sync": "upload", "put": "upload", "push": "upload", "send": "upload", "mv": "upload", "move": "upload",
	"copyto": "upload", "moveto": "upload", "rcat": "upload", "pipe": "upload", "create": "upload",
	"ls": "uploads", "list": "uploads", "lsf": "uploads", "jobs": "uploads", "status": "uploads",
	"rm": "terminate", "delete": "terminate", "del": "terminate", "remove": "terminate", "deletefile": "terminate",
	"get": "download", "fetch": "download", "pull": "download", "cat": "download",
	"stat": "info", "head": "info", "show": "info",
	"cleanup": "uploads prune", "backend": "profiles", "check": "conformance", "test": "conformance", "ping": "options", "discover": "options",
	"login": "config", "configure": "config", "env": "config show", "join": "concat", "continue": "resume",
}

// ForeignCommand names the command that does what a command of another program does, or "".
func ForeignCommand(name string) string {
	meant, ok := ForeignCommands[name]
	switch {
	case !ok:
		return ""
	case meant == "uploads":
		return "tusker uploads lists the unfinished uploads of this machine; a tus server has no list of its files"
	}
	return "it is called tusker " + meant + " here"
}

// pathWith returns the path of the first command below cmd with the flag, or "". The command
// upload is the most likely one.
func pathWith(cmd *cobra.Command, flag string) string {
	path := ""
	for _, c := range cmd.Commands() {
		if c.Flags().Lookup(flag) != nil && (path == "" || c.Name() == "upload") {
			path = c.CommandPath()
		}
	}
	return path
}

// foreignHint names the flag of cmd that means the same as a flag of another program, or says
// how it is done here. "": the flag is not known, or cmd has none for it.
func foreignHint(cmd *cobra.Command, name string) string {
	meant := ForeignFlags[name]
	flag, isFlag := strings.CutPrefix(meant, "--")
	if !isFlag {
		return meant
	}
	if cmd.Flags().Lookup(flag) != nil {
		return "it is called --" + flag + " here"
	}
	if path := pathWith(cmd, flag); path != "" {
		return "it is called --" + flag + " here, and comes after a command: " + path + " --" + flag
	}
	return ""
}
