package doctor

// A Class is one kind of fault that a run finds.
type Class struct {
	Check  string // of the finding
	Fault  string // one line
	Flag   string // that helps, or what else does
	Advice string // a part of Finding.Advice
}

// Classes returns all faults that a run finds, in the order of its checks. The caller
// may change the slice.
func Classes() []Class { return append([]Class(nil), classes...) }

var classes = []Class{
	{"resolve", "the name of the host has no address", "--proxy URL", "--proxy URL"},
	{"connect", "nothing accepts connections", "--proxy URL", "--proxy URL"},
	{"tls", "the certificate has expired", "renew it, or correct the clock", "has to be renewed"},
	{"tls", "the certificate is not valid yet", "correct the clock", "check the clock"},
	{"tls", "the certificate is for another name", "use that name in ENDPOINT", "use that name in the URL"},
	{"tls", "the authority of the certificate is not trusted", "--cacert FILE", "--cacert FILE"},
	{"tls", "the server offers only an old version of TLS", "let the server support TLS 1.2", "TLS 1.2"},
	{"tls", "the server wants a client certificate", "--cert FILE", "--cert FILE"},
	{"tls", "no TLS to another machine", "ENDPOINT with https", "https://"},
	{"redirect", "the endpoint redirects to another address", "that address as ENDPOINT", "as ENDPOINT"},
	{"clock", "the clocks differ (`Date`)", "correct the clocks", "set the clocks"},
	{"options", "a firewall drops OPTIONS, so uploads start 4 s later", "let firewalls pass OPTIONS", "let firewalls pass OPTIONS"},
	{"options", "the server wants credentials", "--token-file FILE", "--token-file"},
	{"server", "the site is not a tus server", "another ENDPOINT", "is this the URL"},
	{"location", "the Location is on another origin that knows the upload", "--trust-origin ORIGIN", "--trust-origin http"},
	{"location", "the Location is on another origin that cannot be reached", "-H 'X-Forwarded-Host: HOST'", "-H 'X-Forwarded-Host: "},
	{"location", "a proxy strips a prefix of the path from the Location", "correct the proxy", "strip a prefix"},
	{"location", "the Location leads to a page", "correct the proxy", "strip a prefix"},
	{"visible", "the server finds an upload only some time after its creation", "none needed: `tusker` asks again for 3 s", "none needed"},
	{"method", "a firewall refuses PATCH (405)", "--method-override", "--method-override"},
	{"method", "a firewall does not know PATCH (501)", "--method-override", "--method-override"},
	{"method", "a firewall refuses PATCH by a page (403)", "--method-override", "--method-override"},
	{"method", "a firewall cuts the connection of each PATCH", "--method-override", "--method-override"},
	{"method", "a firewall drops each PATCH", "--method-override", "--method-override"},
	{"body-limit", "a limit for bodies, answered with 413", "--chunk-size SIZE", "--chunk-size "},
	{"body-limit", "a limit for bodies, answered with 5xx", "--chunk-size SIZE", "--chunk-size "},
	{"body-limit", "a limit for bodies that cuts the connection", "--chunk-size SIZE", "--chunk-size "},
	{"cache", "a cache answers HEAD, but respects `no-cache`", "none needed: `tusker` sends `no-cache`", "none needed"},
	{"cache", "a cache answers HEAD even with `no-cache`", "let caches pass HEAD", "let caches pass HEAD"},
	{"buffering", "a proxy keeps bodies back until they are complete", "--chunk-size SIZE", "--chunk-size "},
	{"lock", "a cut upload stays locked (423)", "--stall-timeout DURATION", "--stall-timeout"},
	{"lock", "a cut upload stays locked (500 `ERR_LOCK_TIMEOUT`)", "--stall-timeout DURATION", "--stall-timeout"},
	{"lock", "the upload stays locked all the time", "--retries NUMBER", "--retries"},
	{"affinity", "a load balancer finds the server by a cookie (sticky sessions)", "-H 'Cookie: NAME=VALUE'", "-H 'Cookie: SERVERID="},
	{"headers", "a limit for headers, answered with 431", "--parallel NUMBER", "--parallel"},
	{"headers", "a limit for headers, answered with the 400 of nginx", "--metadata KEY=VALUE", "--metadata"},
	{"keep-alive", "connections that are not used are closed soon", "-H 'Connection: close'", "-H 'Connection: close'"},
	{"keep-alive", "a connection dies when it is used again", "-H 'Connection: close'", "-H 'Connection: close'"},
	{"expiry", "unfinished uploads expire within an hour", "let the server keep them longer", "keep them longer"},
	{"cleanup", "uploads cannot be deleted", "none", ""},
}
