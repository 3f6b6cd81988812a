package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	streamPrefix  = "TUSKER_"
	subjectPrefix = "tusker."
	consumerName  = "workers"
)

// names has the names of what a job consists of in the engine. A job's name has no "_" and no
// ".", so the names of two jobs never meet.
type names string

// queue is the stream of the items that have no result, and of the cursors of lists.
func (n names) queue() string { return streamPrefix + string(n) }

// results is the stream of results.
func (n names) results() string { return n.queue() + "_results" }

// sums is the stream of counters.
func (n names) sums() string { return n.queue() + "_sums" }

// records and workers are buckets, and recordStream the stream of the first one.
func (n names) records() string      { return n.queue() + "_records" }
func (n names) workers() string      { return n.queue() + "_workers" }
func (n names) recordStream() string { return "KV_" + n.records() }
func (n names) workerStream() string { return "KV_" + n.workers() }

func (n names) subject(last string) string { return subjectPrefix + string(n) + "." + last }

func (n names) items() string    { return n.subject("item") }
func (n names) cursors() string  { return n.subject("cursor.>") }
func (n names) ok() string       { return n.subject("ok") }
func (n names) failures() string { return n.subject("failed.>") }
func (n names) bytes() string    { return n.subject("sum.bytes") }
func (n names) gate() string     { return n.subject("gate") }

// cursor is the subject of the cursor of a list.
func (n names) cursor(list string) string {
	sum := sha256.Sum256([]byte(list))
	return n.subject("cursor." + hex.EncodeToString(sum[:16]))
}

// failure is the subject of the failure of an item. It is the same for all versions of a file,
// so that the result of a new version takes the place of an old failure.
func (n names) failure(it Item) string {
	sum := sha256.Sum256([]byte(it.Root + "\x00" + it.Path))
	return n.subject("failed." + hex.EncodeToString(sum[:16]))
}

// record and note are the subjects of what is kept of an item.
func (n names) record(id string) string { return "$KV." + n.records() + "." + id }
func (n names) note(id string) string   { return "$KV." + n.records() + ".note." + id }

// own is the subject of what a Store keeps, of this kind.
func (n names) own(kind, key string) string { return "$KV." + n.records() + ".own." + kind + "." + key }

// jobOf returns the name of the job whose queue is the stream, or "".
func jobOf(stream string) string {
	name, ok := strings.CutPrefix(stream, streamPrefix)
	if !ok || strings.Contains(name, "_") || checkName(name) != nil {
		return ""
	}
	return name
}
