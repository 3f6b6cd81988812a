package manpage_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tusker-go/tusker/cli/internal/manpage"
)

func TestWriteTo(t *testing.T) {
	t.Parallel()
	page := manpage.Page{
		Name: "a-b", Version: "v1.2.3", Short: "Does it", Synopsis: "a b [flags] FILE",
		Description: "One line.\nAnother.\n\n  left\n    as it is\n\n  after a blank line\n\n.Dots and \\ at the end.",
		Examples:    "  a b 'c d'",
		Sections: []manpage.Section{
			{Heading: "Flags", Items: []manpage.Item{{"-f, --flag", "name", "what it's for"}, {"--on", "", "switch"}}},
		},
		SeeAlso: []string{"a", "a-c"},
	}
	const want = `.TH "A-B" 1 "" "Tusker v1.2.3" "Tusker Manual"
.nh
.ad l
.SH NAME
a\-b \- Does it
.SH SYNOPSIS
.B a b [flags] FILE
.SH DESCRIPTION
One line.
Another.
.PP
.RS
.nf
left
  as it is

after a blank line
.fi
.RE
.PP
\&.Dots and \e at the end.
.SH EXAMPLES
.RS
.nf
a b \(aqc d\(aq
.fi
.RE
.SH FLAGS
.TP
\fB\-f, \-\-flag\fP \fIname\fP
what it\(aqs for
.TP
\fB\-\-on\fP
switch
.SH SEE ALSO
\fBa\fP(1),
\fBa\-c\fP(1)
`
	var got strings.Builder
	n, err := page.WriteTo(&got)
	if err != nil || n != int64(got.Len()) {
		t.Errorf("wrote %d of %d bytes: %v, want %v and no error", n, got.Len(), err, int64(got.Len()))
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
