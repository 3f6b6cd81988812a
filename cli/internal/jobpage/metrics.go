package jobpage

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// Metric is a metric in the text format of Prometheus.
type Metric struct {
	// Name, Kind (counter or gauge) and Help describe the metric. Metrics of the same name
	// follow each other.
	Name, Kind, Help string
	// Labels are pairs of a name and a value.
	Labels []string
	// Value is the value.
	Value float64
}

// The kinds of metrics.
const (
	counter = "counter"
	gauge   = "gauge"
)

// Counter returns a metric that only grows while the process runs.
func Counter(name, help string, value int64, labels ...string) Metric {
	return Metric{name, counter, help, labels, float64(value)}
}

// Gauge returns a metric that grows and shrinks.
func Gauge(name, help string, value int64, labels ...string) Metric {
	return Metric{name, gauge, help, labels, float64(value)}
}

func (s Source) serveMetrics(w http.ResponseWriter, r *http.Request) {
	var all []Metric
	status, err := s.status(r.Context())
	up := int64(0)
	if err == nil {
		up = 1
		all = status.metrics()
	}
	all = append(all, Gauge("tusker_engine_up", "Whether the engine answers.", up))
	if s.Metrics != nil {
		all = append(all, s.Metrics()...)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(Text(all)))
}

// metrics returns the metrics of a job, which are the same from each process of the fleet.
func (s *Status) metrics() []Metric {
	job := []string{"job", s.Job}
	return []Metric{
		Gauge("tusker_job_items", "Items of the job by state.", s.Queued, append(job, "state", "queued")...),
		Gauge("tusker_job_items", "", s.InFlight, append(job, "state", "in_flight")...),
		Gauge("tusker_job_items", "", s.Done, append(job, "state", "done")...),
		Gauge("tusker_job_items", "", s.Failed, append(job, "state", "failed")...),
		Gauge("tusker_job_done_bytes", "Bytes of the items that are done.", s.Bytes, job...),
		Gauge("tusker_job_rate_bytes", "Bytes a second over all workers.", s.Rate, job...),
		Gauge("tusker_job_workers", "Workers of the job that are alive.", int64(s.Alive()), job...),
		Gauge("tusker_job_length_bytes", "Bytes of all items of the job.", s.Length, job...),
	}
}

// Text returns metrics in the text format of Prometheus.
func Text(all []Metric) string {
	var b strings.Builder
	name := ""
	for _, m := range all {
		if m.Name != name {
			name = m.Name
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, escapeHelp(m.Help), name, m.Kind)
		}
		b.WriteString(m.Name)
		for i := 0; i+1 < len(m.Labels); i += 2 {
			separator := ","
			if i == 0 {
				separator = "{"
			}
			fmt.Fprintf(&b, `%s%s="%s"`, separator, m.Labels[i], escapeLabel(m.Labels[i+1]))
		}
		if len(m.Labels) > 0 {
			b.WriteByte('}')
		}
		b.WriteString(" " + strconv.FormatFloat(m.Value, 'g', -1, 64) + "\n")
	}
	return b.String()
}

func escapeHelp(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(text)
}

func escapeLabel(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(text, "\uFFFD"))
}
