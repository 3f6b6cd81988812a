package protocol_test

import (
	"errors"
	"math"
	"testing"

	"github.com/tusker-go/tusker/protocol"
)

// cloudy is the rule of a service that takes multiples of 256 from 1024 to 4096.
var cloudy = protocol.Limits{MinRequest: 1024, MaxRequest: 4096, Multiple: 256}

func TestLimitsValidate(t *testing.T) {
	tests := map[string]struct {
		rule protocol.Limits
		ok   bool
	}{
		"none":                         {protocol.Limits{}, true},
		"all three":                    {cloudy, true},
		"only a minimum":               {protocol.Limits{MinRequest: 5}, true},
		"only a maximum":               {protocol.Limits{MaxRequest: 1}, true},
		"only a multiple":              {protocol.Limits{Multiple: 7}, true},
		"one size":                     {protocol.Limits{MinRequest: 5, MaxRequest: 5}, true},
		"one size, a multiple":         {protocol.Limits{MinRequest: 6, MaxRequest: 6, Multiple: 3}, true},
		"one multiple between":         {protocol.Limits{MinRequest: 5, MaxRequest: 8, Multiple: 3}, true},
		"largest numbers":              {protocol.Limits{MinRequest: math.MaxInt64, MaxRequest: math.MaxInt64, Multiple: math.MaxInt64}, true},
		"negative minimum":             {protocol.Limits{MinRequest: -1}, false},
		"negative maximum":             {protocol.Limits{MaxRequest: -1}, false},
		"negative multiple":            {protocol.Limits{Multiple: -1}, false},
		"minimum above the maximum":    {protocol.Limits{MinRequest: 6, MaxRequest: 5}, false},
		"no multiple between":          {protocol.Limits{MinRequest: 7, MaxRequest: 8, Multiple: 3}, false},
		"multiple larger than allowed": {protocol.Limits{MaxRequest: 8, Multiple: 9}, false},
		"an upload of one size":        {protocol.Limits{MinUpload: 5, MaxUpload: 5}, true},
		"smallest upload too large":    {protocol.Limits{MinUpload: 6, MaxUpload: 5}, false},
		"negative upload":              {protocol.Limits{MaxUpload: -1}, false},
		"negative age":                 {protocol.Limits{MaxAge: -1}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.rule.Validate()
			if (err == nil) != test.ok {
				t.Errorf("error %v, want success: %t", err, test.ok)
			}
		})
	}
}

func TestLimitsCheck(t *testing.T) {
	tests := map[string]struct {
		rule  protocol.Limits
		chunk int64
		ok    bool
	}{
		"no rule":                    {protocol.Limits{}, 1, true},
		"no limit":                   {cloudy, 0, true},
		"least":                      {cloudy, 1024, true},
		"most":                       {cloudy, 4096, true},
		"between":                    {cloudy, 1280, true},
		"below":                      {cloudy, 768, false},
		"above":                      {cloudy, 4352, false},
		"no multiple":                {cloudy, 1025, false},
		"multiple of one":            {protocol.Limits{Multiple: 1}, 3, true},
		"negative":                   {protocol.Limits{}, -1, false},
		"negative, a rule":           {cloudy, -256, false},
		"only just below":            {protocol.Limits{MinRequest: 10}, 9, false},
		"only just above":            {protocol.Limits{MaxRequest: 10}, 11, false},
		"no maximum, largest upload": {protocol.Limits{MinRequest: 10}, math.MaxInt64, true},
		"no minimum, one byte":       {protocol.Limits{MaxRequest: 10}, 1, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.rule.CheckRequest(test.chunk)
			if (err == nil) != test.ok {
				t.Errorf("error %v, want success: %t", err, test.ok)
			}
		})
	}
}

func TestLimitsSizes(t *testing.T) {
	tests := map[string]struct {
		rule    protocol.Limits
		about   int64
		fit, up int64
	}{
		"no rule":                   {protocol.Limits{}, 1000, 1000, 1000},
		"as it is":                  {cloudy, 2048, 2048, 2048},
		"between multiples":         {cloudy, 2049, 2048, 2304},
		"just below a multiple":     {cloudy, 2303, 2048, 2304},
		"above the maximum":         {cloudy, 5000, 4096, 4096},
		"below the minimum":         {cloudy, 1000, 0, 1024},
		"one byte":                  {cloudy, 1, 0, 1024},
		"minimum is not a multiple": {protocol.Limits{MinRequest: 10, Multiple: 4}, 10, 0, 12},
		"maximum is not a multiple": {protocol.Limits{MaxRequest: 10, Multiple: 4}, 10, 8, 8},
		"minimum and maximum":       {protocol.Limits{MinRequest: 5, MaxRequest: 7}, 6, 6, 6},
		"below a multiple":          {protocol.Limits{Multiple: 100}, 99, 0, 100},
		"huge":                      {cloudy, math.MaxInt64 - 4096, 4096, 4096},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fit, up := test.rule.Fit(test.about), test.rule.RoundUp(test.about)
			if fit != test.fit || up != test.up {
				t.Errorf("Fit %d, RoundUp %d, want %d and %d", fit, up, test.fit, test.up)
			}
			for _, n := range []int64{fit, up} {
				if err := test.rule.CheckRequest(n); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestLimitsCheckUpload(t *testing.T) {
	l := protocol.Limits{MinUpload: 5, MaxUpload: 10}
	for n, want := range map[int64]struct{ ok, large bool }{4: {}, 5: {ok: true}, 10: {ok: true}, 11: {large: true}} {
		err := l.CheckUpload(n)
		if (err == nil) != want.ok || errors.Is(err, protocol.ErrTooLarge) != want.large {
			t.Errorf("%d bytes: %v, want success: %t and ErrTooLarge: %t", n, err, want.ok, want.large)
		}
	}
	if err := (protocol.Limits{}).CheckUpload(math.MaxInt64); err != nil {
		t.Error(err)
	}
}

// And is at least as strict as each of the two, and the zero value changes nothing.
func TestLimitsAnd(t *testing.T) {
	a := protocol.Limits{MinUpload: 1, MaxUpload: 9, MinRequest: 4, MaxRequest: 8, Multiple: 4, MaxAge: 2}
	b := protocol.Limits{MinUpload: 2, MaxUpload: 8, MinRequest: 2, MaxAge: 1}
	want := protocol.Limits{MinUpload: 2, MaxUpload: 8, MinRequest: 4, MaxRequest: 8, Multiple: 4, MaxAge: 1}
	if got := a.And(b); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := b.And(a); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a.And(protocol.Limits{}) != a || (protocol.Limits{}).And(a) != a {
		t.Error("And with the zero value changes limits")
	}
}
