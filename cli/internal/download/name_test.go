package download

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/protocol"
)

func TestSafeName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 150)
	tests := map[string]struct{ name, want string }{
		"plain":                      {"a b.tar.gz", "a b.tar.gz"},
		"unicode":                    {"Größe 世界.txt", "Größe 世界.txt"},
		"empty":                      {"", ""},
		"here":                       {".", ""},
		"above":                      {"..", ""},
		"only dots":                  {"....", ""},
		"only dashes":                {"--", ""},
		"spaces":                     {"   ", ""},
		"path":                       {"/etc/passwd", "passwd"},
		"path upwards":               {"../../.ssh/authorized_keys", "authorized_keys"},
		"folder":                     {"a/", ""},
		"Windows path":               {`C:\fakepath\a.txt`, "a.txt"},
		"drive":                      {"C:a.txt", "C_a.txt"},
		"stream":                     {"a.txt::$DATA", "a.txt__$DATA"},
		"hidden":                     {".bashrc", "_bashrc"},
		"hidden twice":               {"..-a", "_a"},
		"flag":                       {"-rf", "_rf"},
		"home":                       {"~root", "_root"},
		"control characters":         {"a\nb\x00c\x1b[31m\x7f", "a_b_c_[31m_"},
		"right to left":              {"a\u202egpj.exe", "a_gpj.exe"},
		"invalid UTF-8":              {"a\xff\xfeb", "a__b"},
		"wildcards":                  {`a*?"<>|b`, "a______b"},
		"end that Windows drops":     {"a.txt. . ", "a.txt"},
		"device":                     {"CON", "_CON"},
		"device with dot":            {"nul.tar.gz", "_nul.tar.gz"},
		"device with space":          {"aux .txt", "_aux .txt"},
		"numbered device":            {"com1.txt", "_com1.txt"},
		"raised number":              {"lpt³", "_lpt³"},
		"part":                       {"a.tusker-part", "a_tusker-part"},
		"record of a part":           {"a.TUSKER-Part.json", "a_TUSKER-Part.json"},
		"parts of a part":            {"a.tusker-part.tusker-part.json.tmp", "a_tusker-part_tusker-part.json.tmp"},
		"not a device":               {"COM10", "COM10"},
		"longer than a device":       {"console", "console"},
		"hidden device":              {".con", "_con"},
		"long without a usable name": {"_" + strings.Repeat(" ", 255) + "0", ""},
		"long":                       {long + ".bin", long[:250] + ".bin"},
		"long extension":             {"a." + long, "a." + long[:252]},
		"long and odd":               {"a" + long + ".bin", "a" + long[:250] + ".bin"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := SafeName(test.name); got != test.want {
				t.Errorf("SafeName(%q) = %q, want %q", test.name, got, test.want)
			}
		})
	}
}

func FuzzSafeName(f *testing.F) {
	for _, seed := range []string{"a.txt", "../..", "CON", "\xff", strings.Repeat("é", 300), ".-~x", "a/b\\c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeName(s)
		if got == "" {
			return
		}
		if filepath.Base(got) != got || !filepath.IsLocal(got) || !utf8.ValidString(got) || len(got) > maxName ||
			strings.ContainsAny(got, "/\\:\x00\n") || strings.ContainsAny(got[:1], ".-~ ") || strings.HasSuffix(got, " ") || isDevice(got) {
			t.Errorf("SafeName(%q) = %q, want a local name of at most %d bytes", s, got, maxName)
		}
		if again := SafeName(got); again != got {
			t.Errorf("SafeName(%q) = %q, and SafeName of that is %q", s, got, again)
		}
	})
}

func TestName(t *testing.T) {
	t.Parallel()
	upload := func(m protocol.Metadata) *protocol.State { return &protocol.State{Metadata: m} }
	disposition := http.Header{"Content-Disposition": {`attachment; filename="../b.txt"`}}
	tests := map[string]struct {
		url     string
		content client.Content
		want    string
	}{
		"filename":            {"http://h/files/1", client.Content{Upload: upload(protocol.Metadata{"filename": "a.txt", "name": "c"}), Header: disposition}, "a.txt"},
		"name":                {"http://h/files/1", client.Content{Upload: upload(protocol.Metadata{"name": "c"}), Header: disposition}, "c"},
		"unusable filename":   {"http://h/files/1", client.Content{Upload: upload(protocol.Metadata{"filename": ".."}), Header: disposition}, "b.txt"},
		"disposition":         {"http://h/files/1", client.Content{Header: disposition}, "b.txt"},
		"extended":            {"http://h/files/1", client.Content{Header: http.Header{"Content-Disposition": {"attachment; filename*=UTF-8''%c3%bc%2Fx"}}}, "x"},
		"damaged disposition": {"http://h/files/1", client.Content{Header: http.Header{"Content-Disposition": {`attachment; filename="`}}}, "1"},
		"URL":                 {"http://h/files/a%2Fb%20c?token=secret", client.Content{}, "b c"},
		"no path":             {"http://h", client.Content{}, "download"},
		"no URL":              {"\x00", client.Content{}, "download"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Name(test.url, test.content); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 120)
	for _, test := range []struct {
		name string
		i    int
		want string
	}{
		{"a.txt", 1, "a.txt"},
		{"a.txt", 2, "a (2).txt"},
		{"a.tar.gz", 10, "a.tar (10).gz"},
		{"a", 2, "a (2)"},
		{"_bashrc", 2, "_bashrc (2)"},
		{long + "1234567890.bin", 1000, long + "1234 (1000).bin"},
		{"a" + long + "ü.1234567.bin", 2, "a" + long + "ü.123 (2).bin"},
		{"a." + long + "1234567890", 2, "a." + long + "123456789 (2)"},
	} {
		got := Numbered(test.name, test.i)
		if got != test.want {
			t.Errorf("Numbered(%q, %d) = %q, want %q", test.name, test.i, got, test.want)
		}
		if safe := SafeName(got); safe != got || len(got) > maxName {
			t.Errorf("Numbered(%q, %d) = %q, which is not safe: %q", test.name, test.i, got, safe)
		}
	}
}
