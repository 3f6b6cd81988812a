package faults

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tusker-go/tusker/cli/internal/units"
	"github.com/tusker-go/tusker/testserver"
)

// words are the remaining words.
type words []string

func orMissing(err error, what string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("no %s", what)
}

// next reads a word.
func (w *words) next(what string) (string, error) {
	if len(*w) == 0 {
		return "", orMissing(nil, what)
	}
	word := (*w)[0]
	*w = (*w)[1:]
	return word, nil
}

// rest reads all remaining words.
func (w *words) rest() string {
	text := strings.Join(*w, " ")
	*w = nil
	return text
}

func (w *words) size() (int64, error) {
	word, err := w.next("SIZE")
	if err != nil {
		return 0, err
	}
	return units.ParseSize(word)
}

// signedSize reads a size with an optional sign.
func (w *words) signedSize() (int64, error) {
	word, err := w.next("SIZE")
	if err != nil {
		return 0, err
	}
	digits, negative := strings.CutPrefix(word, "-")
	n, err := units.ParseSize(strings.TrimPrefix(digits, "+"))
	if negative {
		n = -n
	}
	return n, err
}

// rate reads a size per second.
func (w *words) rate() (int64, error) {
	word, err := w.next("RATE")
	if err != nil {
		return 0, err
	}
	n, err := units.ParseSize(strings.TrimSuffix(word, "/s"))
	if err == nil && n == 0 {
		err = fmt.Errorf("%q is not a rate such as 64KiB", word)
	}
	return n, err
}

func (w *words) number() (int, error) {
	word, err := w.next("NUMBER")
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number", word)
	}
	return n, nil
}

func (w *words) duration() (time.Duration, error) {
	word, err := w.next("TIME")
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(word)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time such as 30s", word)
	}
	return d, nil
}

// maybeDuration reads a duration. It returns 0 if no word remains.
func (w *words) maybeDuration() (time.Duration, error) {
	if len(*w) == 0 {
		return 0, nil
	}
	return w.duration()
}

func (w *words) status(least, most int) (int, error) {
	word, err := w.next("CODE")
	if err != nil {
		return 0, err
	}
	code, err := strconv.Atoi(word)
	if err != nil || code < least || code > most {
		return 0, fmt.Errorf("%q is not a status from %d to %d", word, least, most)
	}
	return code, nil
}

func (w *words) headerName() (string, error) {
	name, err := w.next("NAME")
	if err == nil && !isHeaderName(name) {
		err = fmt.Errorf("%q is not the name of a header", name)
	}
	return name, err
}

// headers reads words of the form NAME:VALUE up to the first other word.
func (w *words) headers() http.Header {
	h := make(http.Header)
	for len(*w) > 0 {
		name, value, ok := strings.Cut((*w)[0], ":")
		if !ok || value == "" || !isHeaderName(name) {
			break
		}
		h.Add(name, value)
		*w = (*w)[1:]
	}
	return h
}

// isHeaderName is stricter than RFC 9110, so that fewer words of a body are mistaken for
// a header.
func isHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// times reads the last word if it is a number of repetitions. 0: it is not.
func (w *words) times() (int, error) {
	if len(*w) == 0 {
		return 0, nil
	}
	last := (*w)[len(*w)-1]
	n := testserver.Always
	if last != "always" {
		digits, ok := strings.CutPrefix(last, "x")
		if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
			return 0, nil
		}
		var err error
		if n, err = strconv.Atoi(digits); err != nil || n < 1 {
			return 0, fmt.Errorf("%q is not a number of times: want x1, x2, ... or always", last)
		}
	}
	*w = (*w)[:len(*w)-1]
	return n, nil
}
