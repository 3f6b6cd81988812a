package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
)

// An error says that the URL of an upload is wrong only if no server has answered for the URL.
func TestJudgeURL(t *testing.T) {
	type row struct{ server, none, refusal, page, stranger verdict }
	tests := map[string]struct {
		trust   trust
		unusual bool
		want    row
	}{
		"answered":          {urlAnswered, false, row{}},
		"answered, unusual": {urlAnswered, true, row{}},
		"recent, unusual":   {urlRecent, true, row{}},
		"tried":             {urlTried, false, row{stranger: urlWrong}},
		"tried, unusual":    {urlTried, true, row{none: urlUnusual, refusal: urlUnusual, page: urlUnusual, stranger: urlWrong}},
		"new":               {urlNew, false, row{page: urlWrong, stranger: urlWrong}},
		"new, unusual":      {urlNew, true, row{none: urlWrong, refusal: urlWrong, page: urlWrong, stranger: urlWrong}},
	}
	for name, test := range tests {
		judge := func(r reply) verdict { return judgeURL(test.trust, r, test.unusual) }
		got := row{judge(replyServer), judge(replyNone), judge(replyRefusal), judge(replyPage), judge(replyStranger)}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// The last error says what answered at the URL.
func TestReplyOf(t *testing.T) {
	answer := func(status int, class failure.Class, unmarked bool, err error) error {
		return &failure.Error{StatusCode: status, Class: class, Unmarked: unmarked, Err: err}
	}
	errOther := errors.New("x")
	tests := map[string]struct {
		err  error
		want reply
	}{
		"source":                {errOther, replyNone},
		"no answer":             {answer(0, failure.ClassTransient, false, errOther), replyNone},
		"certificate":           {answer(0, failure.ClassFinal, false, failure.ErrUntrusted), replyServer},
		"refused by a proxy":    {answer(403, failure.ClassFinal, true, errOther), replyRefusal},
		"gone at a proxy":       {answer(410, failure.ClassGone, true, errOther), replyRefusal},
		"refused by the server": {answer(403, failure.ClassFinal, false, errOther), replyServer},
		"credentials":           {answer(401, failure.ClassAuth, true, errOther), replyServer},
		"failure of a proxy":    {answer(502, failure.ClassTransient, true, errOther), replyServer},
		"page":                  {answer(200, failure.ClassFinal, false, failure.ErrNotTus), replyPage},
		"404 at last":           {fmt.Errorf("%w: %w", failure.ErrMisplaced, answer(404, failure.ClassGone, true, errOther)), replyStranger},
	}
	for name, test := range tests {
		if got := replyOf(test.err); got != test.want {
			t.Errorf("%s: reply %d, want %d", name, got, test.want)
		}
	}
}
