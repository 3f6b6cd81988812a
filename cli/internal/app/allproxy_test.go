package app

import (
	"maps"
	"testing"
)

func TestAllProxy(t *testing.T) {
	tests := map[string]struct{ env, want map[string]string }{
		"nothing":      {nil, nil},
		"ALL_PROXY":    {map[string]string{"ALL_PROXY": "socks5h://p:1"}, map[string]string{"HTTP_PROXY": "socks5h://p:1", "HTTPS_PROXY": "socks5h://p:1"}},
		"all_proxy":    {map[string]string{"all_proxy": "p:1"}, map[string]string{"HTTP_PROXY": "p:1", "HTTPS_PROXY": "p:1"}},
		"empty":        {map[string]string{"ALL_PROXY": ""}, nil},
		"one scheme":   {map[string]string{"ALL_PROXY": "a:1", "https_proxy": "b:1"}, map[string]string{"HTTP_PROXY": "a:1"}},
		"both schemes": {map[string]string{"ALL_PROXY": "a:1", "HTTPS_PROXY": "b:1", "http_proxy": "c:1"}, nil},
		"no proxy for": {map[string]string{"ALL_PROXY": "a:1", "HTTP_PROXY": ""}, map[string]string{"HTTPS_PROXY": "a:1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := allProxy(func(name string) (string, bool) { value, ok := test.env[name]; return value, ok })
			if !maps.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}
