package integration

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Pictures of the documentation are small, and need neither scripts nor other files, which
// GitHub does not allow in pictures.
func TestPictures(t *testing.T) {
	names, err := filepath.Glob(filepath.FromSlash("../docs/images/*.svg"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d pictures, error %v", len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { checkPicture(t, text(t, name)) })
	}
}

func checkPicture(t *testing.T, svg string) {
	t.Helper()
	const most = 300_000
	if len(svg) > most {
		t.Errorf("the picture has %d bytes, want at most %d", len(svg), most)
	}
	if strings.Contains(svg, "@import") || strings.Contains(svg, "url(http") {
		t.Error("the picture loads a style or a font")
	}
	title := false
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "script", "foreignObject", "image":
			t.Errorf("the picture has an element %q", element.Name.Local)
		case "title":
			title = true
		}
		for _, a := range element.Attr {
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
				t.Errorf("the picture refers to %q", a.Value)
			}
		}
	}
	if !title {
		t.Error("the picture has no title for readers who cannot see it")
	}
}

// The program still has the commands and flags that README's recording shows.
func TestRecordedCommands(t *testing.T) {
	t.Parallel()
	var picture struct {
		Desc string `xml:"desc"`
	}
	if err := xml.Unmarshal([]byte(text(t, "../docs/images/session.svg")), &picture); err != nil {
		t.Fatal(err)
	}
	program := buildTusker(t)
	commands := strings.Split(picture.Desc, "\n")
	if len(commands) < 3 {
		t.Fatalf("the recording has the commands %q", commands)
	}
	for _, line := range commands {
		if err := commandExists(t, program, line); err != "" {
			t.Errorf("%s: %s; change integration/record and run task record", line, err)
		}
	}
	for _, line := range []string{"tusker uploads no-such-command", "tusker upload --no-such-flag x", "tusker no-such-command"} {
		if commandExists(t, program, line) == "" {
			t.Errorf("%s: the test takes it for a command", line)
		}
	}
}

// commandExists returns why the program refuses a command line, or "". The help is printed
// only if all flags exist, and names the command.
func commandExists(t *testing.T, program, line string) string {
	t.Helper()
	words := strings.Fields(line)
	cmd := exec.CommandContext(t.Context(), program, append(words[1:len(words):len(words)], "--help")...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out)
	}
	name := words[0]
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "-") || strings.ContainsAny(word, ":/") {
			break
		}
		name += " " + word
	}
	if !strings.Contains(string(out), "Usage:\n  "+name+" ") {
		return "no command " + name
	}
	return ""
}
