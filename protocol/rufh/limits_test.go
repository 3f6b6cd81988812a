package rufh_test

import (
	"errors"
	"math"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tusker-go/tusker/protocol"
	"github.com/tusker-go/tusker/protocol/rufh"
)

// The keys of Upload-Limit (-13, section 4.1.4).
func TestParseLimits(t *testing.T) {
	all := protocol.Limits{MinUpload: 1, MaxUpload: 9, MinRequest: 2, MaxRequest: 8, MaxAge: time.Minute}
	for _, test := range []struct {
		version rufh.Version
		value   string
		want    protocol.Limits
		kind    error
	}{
		{10, "", protocol.Limits{}, nil},
		{10, "min-size=0", protocol.Limits{}, nil},
		{10, "max-size=1234567890", protocol.Limits{MaxUpload: 1234567890}, nil},
		{10, "max-size=9, min-size=1, max-append-size=8, min-append-size=2, max-age=60", all, nil},
		{7, "max-size=9;a=b,min-size=1 , max-append-size=8,min-append-size=2,max-age=60;x", all, nil},
		{6, "max-size=9, min-size=1, max-append-size=8, min-append-size=2, expires=60", all, nil},
		{10, "expires=60", protocol.Limits{}, nil},
		{6, "max-age=60", protocol.Limits{}, nil},
		{10, "max-age=999999999999999", protocol.Limits{MaxAge: math.MaxInt64 / time.Second * time.Second}, nil},
		{10, "max-age=0", protocol.Limits{}, nil},
		{10, "max-size=?1, max-size=5", protocol.Limits{MaxUpload: 5}, nil},
		{10, "other=(1 2), more=\"x\", max-size=5, flag", protocol.Limits{MaxUpload: 5}, nil},

		{10, "max-size", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=5.0, min-size=1", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=\"5\"", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=(5)", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=-5", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=1000000000000000", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "max-size=5,", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "5", protocol.Limits{}, protocol.ErrInvalidHeader},
		{6, "expires=soon", protocol.Limits{}, protocol.ErrInvalidHeader},
		{10, "expires=soon", protocol.Limits{}, nil},

		{10, "max-size=5, min-size=6", protocol.Limits{MinUpload: 6, MaxUpload: 5}, rufh.ErrLimits},
		{10, "max-append-size=5, min-append-size=6", protocol.Limits{MinRequest: 6, MaxRequest: 5}, rufh.ErrLimits},
		{10, "max-size=0", protocol.Limits{}, rufh.ErrLimits},
		{10, "max-append-size=0, min-size=1", protocol.Limits{MinUpload: 1}, rufh.ErrLimits},
	} {
		got, err := test.version.ParseLimits(test.value)
		if got != test.want || !errors.Is(err, test.kind) || err != nil && test.kind == nil {
			t.Errorf("%v %q: %+v, %v, want %+v, %v", test.version, test.value, got, err, test.want, test.kind)
		}
	}
}

// The error for several keys without a size names always the same one.
func TestParseLimitsNamesOneKey(t *testing.T) {
	for range 50 {
		_, err := rufh.Version(10).ParseLimits("max-age=a, min-append-size=a, max-append-size=a, min-size=a, max-size=a")
		if err == nil || !strings.Contains(err.Error(), "max-size is not a size") {
			t.Fatalf("error %v, want one about max-size", err)
		}
	}
}

// Limits in several lines are one dictionary (RFC 9651, section 4.2). Void limits are ignored.
func TestResponseLimits(t *testing.T) {
	for _, test := range []struct {
		header string
		want   *protocol.Limits
		void   []string
		kind   error
	}{
		{"", nil, nil, nil},
		{"Upload-Limit: ", nil, nil, nil},
		{"Upload-Limit: min-size=0", &protocol.Limits{}, nil, nil},
		{"Upload-Limit: max-size=5\nUpload-Limit: min-size=1, max-size=4", &protocol.Limits{MinUpload: 1, MaxUpload: 4}, nil, nil},
		{"Upload-Limit: max-size=5\nUpload-Limit: ?", nil, []string{"Upload-Limit"}, nil},
		{"Upload-Limit: max-size=x", nil, []string{"Upload-Limit"}, nil},
		{"Upload-Limit: max-size=1, min-size=2", &protocol.Limits{MinUpload: 2, MaxUpload: 1}, nil, rufh.ErrLimits},
	} {
		got := rufh.Newest.ParseResponse(200, lines(t, test.header))
		if !reflect.DeepEqual(got.Limits, test.want) || !reflect.DeepEqual(got.Void, test.void) || !errors.Is(got.Contradiction, test.kind) {
			t.Errorf("%q: %+v, ignored %q, %v", test.header, got.Limits, got.Void, got.Contradiction)
		}
	}
}

func TestFormatLimits(t *testing.T) {
	all := protocol.Limits{MinUpload: 1, MaxUpload: 9, MinRequest: 2, MaxRequest: 8, MaxAge: 90 * time.Second}
	for _, test := range []struct {
		version rufh.Version
		limits  protocol.Limits
		want    string
	}{
		{10, protocol.Limits{}, "min-size=0"},
		{10, protocol.Limits{MaxAge: time.Millisecond}, "min-size=0"},
		{10, all, "min-size=1, max-size=9, min-append-size=2, max-append-size=8, max-age=90"},
		{6, all, "min-size=1, max-size=9, min-append-size=2, max-append-size=8, expires=90"},
		{10, protocol.Limits{MinUpload: 9, MaxUpload: 1}, "min-size=9, max-size=1"},
	} {
		h := http.Header{}
		if err := (rufh.Response{Limits: &test.limits}).SetHeader(test.version, h); err != nil || h.Get("Upload-Limit") != test.want {
			t.Errorf("%v %+v: %q, %v, want %q", test.version, test.limits, h.Get("Upload-Limit"), err, test.want)
		}
	}
}
