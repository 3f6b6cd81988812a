package tus

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShorten(t *testing.T) {
	const endpoint = "https://tus.example/files/"
	long := strings.Repeat("x", maxConcat)
	tests := map[string]struct{ parts, want []string }{
		"short": {
			[]string{endpoint + "1", endpoint + "2"},
			[]string{endpoint + "1", endpoint + "2"},
		},
		"long": {
			[]string{endpoint + "1", endpoint + long},
			[]string{"/files/1", "/files/" + long},
		},
		"to the letter": {
			[]string{endpoint + "a+b%2Fc?sig=s%2Fe+c&t", "https://TUS.example:443/?" + long},
			[]string{"/files/a+b%2Fc?sig=s%2Fe+c&t", "/?" + long},
		},
		"elsewhere": {
			[]string{"https://store.example/1", "http://tus.example/1", endpoint + long},
			[]string{"https://store.example/1", "http://tus.example/1", "/files/" + long},
		},
		"path that looks like a host": {
			[]string{"https://tus.example//files/1", endpoint + long},
			[]string{"https://tus.example//files/1", "/files/" + long},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shorten(endpoint, test.parts)); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}
