package app

import "os"

// honorAllProxy makes net/http, which knows HTTP_PROXY, HTTPS_PROXY and NO_PROXY, honor
// ALL_PROXY as curl does. It is called before the first request, because net/http reads the
// environment once.
func honorAllProxy() {
	for name, value := range allProxy(os.LookupEnv) {
		_ = os.Setenv(name, value)
	}
}

// allProxy returns the variables of proxies that ALL_PROXY stands for. The variable of a
// scheme takes precedence, in capitals or not, even if it is empty.
func allProxy(lookup func(string) (string, bool)) map[string]string {
	proxy := ""
	for _, name := range []string{"ALL_PROXY", "all_proxy"} {
		if value, ok := lookup(name); ok && proxy == "" {
			proxy = value
		}
	}
	if proxy == "" {
		return nil
	}
	set := make(map[string]string)
	for upper, lower := range map[string]string{"HTTP_PROXY": "http_proxy", "HTTPS_PROXY": "https_proxy"} {
		_, hasUpper := lookup(upper)
		if _, hasLower := lookup(lower); !hasUpper && !hasLower {
			set[upper] = proxy
		}
	}
	return set
}
