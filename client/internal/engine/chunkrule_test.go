package engine

import (
	"errors"
	"math"
	"testing"

	"github.com/tusker-go/tusker/client/failure"
)

// cloudy is the rule of a service that takes multiples of 256 from 1024 to 4096.
var cloudy = ChunkRule{Min: 1024, Max: 4096, Multiple: 256}

func TestChunkRuleValidate(t *testing.T) {
	tests := map[string]struct {
		rule ChunkRule
		ok   bool
	}{
		"none":                         {ChunkRule{}, true},
		"all three":                    {cloudy, true},
		"only a least size":            {ChunkRule{Min: 5}, true},
		"only a most":                  {ChunkRule{Max: 1}, true},
		"only a multiple":              {ChunkRule{Multiple: 7}, true},
		"one size":                     {ChunkRule{Min: 5, Max: 5}, true},
		"one size, a multiple":         {ChunkRule{Min: 6, Max: 6, Multiple: 3}, true},
		"one multiple between":         {ChunkRule{Min: 5, Max: 8, Multiple: 3}, true},
		"largest numbers":              {ChunkRule{Min: math.MaxInt64, Max: math.MaxInt64, Multiple: math.MaxInt64}, true},
		"negative least size":          {ChunkRule{Min: -1}, false},
		"negative most":                {ChunkRule{Max: -1}, false},
		"negative multiple":            {ChunkRule{Multiple: -1}, false},
		"least above the most":         {ChunkRule{Min: 6, Max: 5}, false},
		"no multiple between":          {ChunkRule{Min: 7, Max: 8, Multiple: 3}, false},
		"multiple larger than allowed": {ChunkRule{Max: 8, Multiple: 9}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.rule.Validate()
			if (err == nil) != test.ok || err != nil && !errors.Is(err, failure.ErrInvalidOption) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestChunkRuleCheck(t *testing.T) {
	tests := map[string]struct {
		rule  ChunkRule
		chunk int64
		ok    bool
	}{
		"no rule":           {ChunkRule{}, 1, true},
		"no limit":          {cloudy, 0, true},
		"least":             {cloudy, 1024, true},
		"most":              {cloudy, 4096, true},
		"between":           {cloudy, 1280, true},
		"below":             {cloudy, 768, false},
		"above":             {cloudy, 4352, false},
		"no multiple":       {cloudy, 1025, false},
		"multiple of one":   {ChunkRule{Multiple: 1}, 3, true},
		"negative":          {ChunkRule{}, -1, false},
		"negative, a rule":  {cloudy, -256, false},
		"only just below":   {ChunkRule{Min: 10}, 9, false},
		"only just above":   {ChunkRule{Max: 10}, 11, false},
		"no most, a lot":    {ChunkRule{Min: 10}, math.MaxInt64, true},
		"no least, a trice": {ChunkRule{Max: 10}, 1, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.rule.Check(test.chunk)
			if (err == nil) != test.ok || err != nil && !errors.Is(err, failure.ErrInvalidOption) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestChunkRuleSizes(t *testing.T) {
	tests := map[string]struct {
		rule      ChunkRule
		about     int64
		fit, near int64
	}{
		"no rule":               {ChunkRule{}, 1000, 1000, 1000},
		"as it is":              {cloudy, 2048, 2048, 2048},
		"between multiples":     {cloudy, 2049, 2048, 2304},
		"just below a multiple": {cloudy, 2303, 2048, 2304},
		"above the most":        {cloudy, 5000, 4096, 4096},
		"below the least":       {cloudy, 1000, 0, 1024},
		"one byte":              {cloudy, 1, 0, 1024},
		"least no multiple":     {ChunkRule{Min: 10, Multiple: 4}, 10, 0, 12},
		"most no multiple":      {ChunkRule{Max: 10, Multiple: 4}, 10, 8, 8},
		"least and most":        {ChunkRule{Min: 5, Max: 7}, 6, 6, 6},
		"below a multiple":      {ChunkRule{Multiple: 100}, 99, 0, 100},
		"huge":                  {cloudy, math.MaxInt64 - 4096, 4096, 4096},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fit, near := test.rule.fit(test.about), test.rule.Near(test.about)
			if fit != test.fit || near != test.near {
				t.Errorf("fit %d, near %d, want %d and %d", fit, near, test.fit, test.near)
			}
			for _, n := range []int64{fit, near} {
				if err := test.rule.Check(n); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
