package logs_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"log"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/cli/internal/logs"
)

func TestFormats(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ format, want string }{
		"console": {logs.Console, `^\d\d:\d\d:\d\d warn tusker retrying \{"wait": "1.5s", "err": "cut off"\}\n$`},
		"json":    {logs.JSON, `^\{"level":"warn","time":"[^"]+","logger":"tusker","msg":"retrying","wait":"1.5s","err":"cut off"\}\n$`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			log, err := logs.New(&b, test.format, slog.LevelWarn)
			if err != nil {
				t.Fatal(err)
			}
			log.Info("not shown")
			log.Warn("retrying", "wait", 1500*time.Millisecond, "err", errors.New("cut off"))
			if !regexp.MustCompile(test.want).MatchString(b.String()) {
				t.Errorf("got %q, want %s", b.String(), test.want)
			}
		})
	}
}

// Both formats keep names apart that are not UTF-8, and contain their exact bytes.
func TestNamesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	for _, format := range []string{logs.JSON, logs.Console} {
		var b strings.Builder
		log, err := logs.New(&b, format, slog.LevelInfo)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("sent", "source", "na\xefve", "err", errors.New("open na\xefve: gone"), "n", 1)
		log.With("source", "na\xeeve").Info("sent", "file", "na\u00efve")
		line, second, _ := strings.Cut(b.String(), "\n")
		var record, other map[string]any
		for text, into := range map[string]*map[string]any{line: &record, second: &other} {
			if err := json.Unmarshal([]byte(text[strings.Index(text, "{"):]), into); err != nil {
				t.Fatal(err)
			}
		}
		for field, want := range map[string]string{"source_bytes": "na\xefve", "err_bytes": "open na\xefve: gone"} {
			got, _ := record[field].(string)
			if name, err := base64.StdEncoding.DecodeString(got); err != nil || string(name) != want {
				t.Errorf("%s: %s is %q, want %q", format, field, name, want)
			}
		}
		if got, _ := other["source_bytes"].(string); got == record["source_bytes"] || got == "" || other["file"] != "na\u00efve" || other["file_bytes"] != nil {
			t.Errorf("%s: %s, want not %v, not empty, [\"file\"] %q and [\"file_bytes\"] nil", format, second, record["source_bytes"], "na\u00efve")
		}
	}
}

func TestErrorsHaveNoStack(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log, err := logs.New(&b, logs.JSON, slog.LevelError)
	if err != nil {
		t.Fatal(err)
	}
	log.Error("bad")
	var record map[string]any
	if err := json.Unmarshal([]byte(b.String()), &record); err != nil {
		t.Fatal(err)
	}
	if len(record) != 4 {
		t.Errorf("record %v, want level, time, logger and msg", record)
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level]string{
		slog.LevelWarn:  `^$`,
		slog.LevelDebug: `^\{"level":"debug","time":"[^"]+","logger":"tusker","msg":"said by a package","text":"Unsolicited \\u001b\[2J\\nresponse"\}\n$`,
	} {
		var b strings.Builder
		to, err := logs.New(&b, logs.JSON, level)
		if err != nil {
			t.Fatal(err)
		}
		from := log.New(&b, "http: ", log.LstdFlags)
		logs.Redirect(from, to)
		from.Print("Unsolicited \x1b[2J\nresponse")
		if !regexp.MustCompile(want).MatchString(b.String()) {
			t.Errorf("at %v %q, want %s", level, b.String(), want)
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	t.Parallel()
	if _, err := logs.New(nil, "xml", slog.LevelInfo); err == nil {
		t.Error("no error")
	}
}
