package pictures

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../../.."

// The pictures of the documentation show the modules and layers as they are, and each label is
// inside of its picture.
func TestPicturesAreCurrent(t *testing.T) {
	t.Parallel()
	all, err := All(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range all {
		got, err := os.ReadFile(filepath.Join(root, "docs", "images", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/images/%s is not current (%v); run task pictures", name, err)
		}
		checkLabels(t, name, want)
	}
}

func checkLabels(t *testing.T, name string, svg []byte) {
	t.Helper()
	labels, x, size := 0, 0.0, nameChar
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			x = -1
			for _, a := range token.Attr {
				switch {
				case token.Name.Local != "text":
				case a.Name.Local == "x":
					if x, err = strconv.ParseFloat(a.Value, 64); err != nil {
						t.Fatal(err)
					}
				case a.Name.Local == "class" && a.Value == "note":
					size = smallChar
				case a.Name.Local == "class":
					size = nameChar
				}
			}
		case xml.CharData:
			if x < 0 {
				continue
			}
			labels++
			if end := x + size*float64(len([]rune(string(token)))); end > width {
				t.Errorf("%s: %q ends at %.0f of %d", name, token, end, width)
			}
		case xml.EndElement:
			x = -1
		}
	}
	if labels < 10 {
		t.Errorf("%s has %d labels", name, labels)
	}
}

// A requirement that another requirement has is left out.
func TestReduce(t *testing.T) {
	t.Parallel()
	all := map[string][]string{"a": nil, "b": {"a"}, "c": {"b", "a"}, "d": {"a", "c", "b"}}
	want := map[string][]string{"a": nil, "b": {"a"}, "c": {"b"}, "d": {"c"}}
	got := reduce(all)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, want := range map[string]int{"a": 0, "b": 1, "d": 3} {
		if n := depth(got, name); n != want {
			t.Errorf("%s has depth %d, want %d", name, n, want)
		}
	}
}

func TestParseLayers(t *testing.T) {
	t.Parallel()
	const diagram = "A page.\n\n```\n2  client     calls\n\n1  failure    errors\n   internal/a what it is\n```\n"
	got, err := parseLayers(diagram)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].number != "2" || len(got[1].packages) != 2 || got[1].packages[1].name != "internal/a" || got[1].packages[1].note != "what it is" {
		t.Errorf("the layers are %+v", got)
	}
	for name, page := range map[string]string{
		"no diagram": "A page.", "no end": "```\n1 a b\n", "no layer": "```\n   a    b\n```\n", "no purpose": "```\n1  a\n```\n",
	} {
		if _, err := parseLayers(page); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A box that does not fit into a line begins the next one.
func TestFlow(t *testing.T) {
	t.Parallel()
	boxes := []box{{w: 50, h: 20}, {w: 30, h: 20}, {w: 50, h: 20}}
	if h := flow(boxes, 0, 100, 5); h != 20+boxGap+20 {
		t.Errorf("the height is %v", h)
	}
	if boxes[1].x != 50+boxGap || boxes[1].y != 5 || boxes[2].x != 0 || boxes[2].y != 25+boxGap {
		t.Errorf("the boxes are at %+v", boxes)
	}
}

// An arrow that goes through a row passes beside its boxes, and beside other arrows.
func TestLane(t *testing.T) {
	t.Parallel()
	row := []box{{x: 100, w: 50}, {x: 160, w: 50}}
	for _, tt := range []struct {
		x, want float64
		taken   []float64
	}{
		{x: 50, want: 50},
		{x: 110, want: 92},
		{x: 155, want: 218, taken: []float64{92}},
		{x: 50, want: 42, taken: []float64{50}},
	} {
		if got := lane(row, tt.x, tt.taken); got != tt.want {
			t.Errorf("the lane near %v beside %v is %v, want %v", tt.x, tt.taken, got, tt.want)
		}
	}
}
