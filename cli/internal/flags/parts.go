package flags

import (
	"errors"
	"strconv"

	"github.com/tusker-go/tusker/client"
)

// partsAuto is the value of --parallel that lets the client choose the number of
// parts.
const partsAuto = "auto"

// Parts is the number of parts of a file, as the value of a flag.
type Parts int

var errParts = errors.New("neither auto nor a number above 0")

// Set reads a number, or auto.
func (p *Parts) Set(text string) error {
	if text == partsAuto {
		*p = client.ParallelAuto
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return errParts
	}
	*p = Parts(n)
	return nil
}

// String writes a value in the form that Set reads.
func (p *Parts) String() string {
	if *p == client.ParallelAuto {
		return partsAuto
	}
	return strconv.Itoa(int(*p))
}

// Type names the value in help texts.
func (p *Parts) Type() string { return "number" }
