package units

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tusker-go/tusker/protocol"
)

// FormatAmount formats a number of bytes of a length.
func FormatAmount(offset int64, length protocol.Length) string {
	text := FormatSize(offset)
	if n, ok := length.Int64(); ok {
		text += " of " + FormatSize(n)
	}
	return text
}

// FormatProgress formats how much a server has of an upload, of which sent bytes were sent. If
// the server has acknowledged only offset of them, the text names an upper bound.
func FormatProgress(offset, sent int64, length protocol.Length) string {
	if sent > offset {
		return "up to " + FormatAmount(sent, length)
	}
	return FormatAmount(offset, length)
}

// Round rounds a duration for people.
func Round(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// FormatCount returns a number with the word for one or for many things.
func FormatCount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// ShortestWait is the shortest wait that messages mention.
const ShortestWait = 100 * time.Millisecond

// FormatWait returns a wait as people write it, such as "0.7 s", "4 s" and "1 min 30 s".
func FormatWait(d time.Duration) string {
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Round(ShortestWait).Seconds(), 'f', -1, 64) + " s"
	}
	d = d.Round(time.Second)
	minutes, rest := int(d/time.Minute), int(d%time.Minute/time.Second)
	switch {
	case minutes == 0:
		return strconv.Itoa(rest) + " s"
	case rest == 0:
		return strconv.Itoa(minutes) + " min"
	}
	return strconv.Itoa(minutes) + " min " + strconv.Itoa(rest) + " s"
}
