package output_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/output"
)

func TestPrinter(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := output.NewPrinter(&b, nil)
	p.Line("%d lines", 1)
	p.Table([][2]string{{"offset", "12"}, {"metadata", "a: b"}, {"", "ü"}})
	p.JSON(map[string]string{"url": "http://a/?x=<1>&y=2"})
	want := "1 lines\n" +
		"offset    12\n" +
		"metadata  a: b\n" +
		"          ü\n" +
		`{"url":"http://a/?x=<1>&y=2"}` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rows [][]string
		want string
	}{
		"none": {nil, ""},
		"one":  {[][]string{{"a"}, {"bb"}}, "a\nbb\n"},
		"last column not padded": {
			[][]string{{"KEY", "FILE", "URL"}, {"ü", "a longer one", "x"}, {"", "", ""}},
			"KEY  FILE          URL\nü    a longer one  x\n                   \n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			p := output.NewPrinter(&b, nil)
			p.Columns(slices.Values(test.rows))
			if diff := cmp.Diff(test.want, b.String()); diff != "" || p.Err() != nil {
				t.Errorf("error %v (-want +got):\n%s", p.Err(), diff)
			}
		})
	}
}

type brokenWriter struct{ writes int }

func (w *brokenWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, io.ErrClosedPipe
}

func TestPrinterStopsAtFirstError(t *testing.T) {
	t.Parallel()
	var told []error
	w := &brokenWriter{}
	p := output.NewPrinter(w, func(err error) { told = append(told, err) })
	p.Line("one")
	p.Line("two")
	p.JSON(3)
	if w.writes != 1 {
		t.Errorf("%d writes, want 1", w.writes)
	}
	if len(told) != 1 || !errors.Is(told[0], io.ErrClosedPipe) {
		t.Errorf("reported %v, want only the first error", told)
	}
	if err := p.Err(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Err() = %v, want ErrClosedPipe", err)
	}
}

// A Printer reports each line that it cannot write. Other bytes are not reported.
func TestPrinterReportsLostLines(t *testing.T) {
	t.Parallel()
	var lost []string
	p := output.NewPrinter(&brokenWriter{}, nil)
	p.OnLost(func(line string) { lost = append(lost, line) })
	p.Line("one")
	p.JSON(2)
	_, _ = p.Write([]byte("content"))
	p.Line("three")
	if diff := cmp.Diff([]string{"one", "2", "three"}, lost); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPrinterFailsForInvalidJSONValue(t *testing.T) {
	t.Parallel()
	p := output.NewPrinter(io.Discard, nil)
	p.JSON(make(chan int))
	if p.Err() == nil {
		t.Error("no error")
	}
}
