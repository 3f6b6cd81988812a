package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"
)

// A long pause takes two seconds, and the session begins with the first frame.
func TestShorten(t *testing.T) {
	t.Parallel()
	at := func(seconds ...float64) []frame {
		var all []frame
		for _, s := range seconds {
			all = append(all, frame{at: time.Duration(s * float64(time.Second))})
		}
		return all
	}
	for name, tt := range map[string]struct{ in, want []frame }{
		"one frame":       {at(3), at(0)},
		"no long pause":   {at(1, 2, 4), at(0, 1, 3)},
		"two long pauses": {at(0, 10, 11, 20), at(0, 2, 3, 5)},
	} {
		var got, want []time.Duration
		for _, f := range shorten(tt.in) {
			got = append(got, f.at)
		}
		for _, f := range tt.want {
			want = append(want, f.at)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The picture has the text of each frame, and its last frame is shown without animation.
func TestDraw(t *testing.T) {
	t.Parallel()
	e := vt.NewEmulator(columns, rows)
	var frames []frame
	for i, text := range []string{"\x1b[32m$\x1b[0m ", "a  <b>", "\r\x1b[Kdone"} {
		if _, err := e.WriteString(text); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame{at: time.Duration(i) * time.Second, screen: screenOf(e)})
	}
	if got := frames[1].last(); got != "$ a  <b>" {
		t.Errorf("the last line is %q", got)
	}
	got := string(draw(frames, []string{"true && false"}))
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, got)
		}
	}
	for _, want := range []string{
		`style="fill:#56d364" xml:space="preserve">$</text>`, "a  &lt;b&gt;</text>", ">done</text>",
		"true &amp;&amp; false</desc>", "#strip{transform:translateX(-2012px);animation:play 9.00s", "100%{transform:translateX(-2012px)}",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the picture has no %q:\n%s", want, got)
		}
	}
}

// The picture in the documentation shows the commands of this program.
func TestPictureIsCurrent(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/images/session.svg")
	if err != nil {
		t.Fatal(err)
	}
	var picture struct {
		Desc string `xml:"desc"`
	}
	if err := xml.Unmarshal(b, &picture); err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(picture.Desc, "\n"); !slices.Equal(got, commands()) {
		t.Errorf("the picture shows %q, want %q; run task record", got, commands())
	}
}
