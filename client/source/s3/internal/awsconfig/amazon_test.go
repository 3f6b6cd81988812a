package awsconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tusker-go/tusker/transport"
	"github.com/tusker-go/tusker/transport/nethttp"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// amazon is a fake of the services that give credentials. The access key that it gives says for
// what it was given, and its secret is "5ecret".
type amazon struct {
	*httptest.Server

	mu      sync.Mutex
	asked   []string        // what was asked, for example "AssumeRole"
	expires time.Time       // of what it gives
	script  []*refusedLogin // for the next requests; nil: the answer
}

// refusedLogin is an answer that is no success, or has another body.
type refusedLogin struct {
	status int
	body   string
}

func newAmazon(t *testing.T) *amazon {
	t.Helper()
	a := &amazon{expires: time.Now().Add(time.Hour)}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

// variables returns the variables that name the services.
func (a *amazon) variables(more map[string]string) map[string]string {
	all := map[string]string{
		"AWS_ENDPOINT_URL_STS": a.URL + "/sts", "AWS_ENDPOINT_URL_SSO": a.URL + "/sso/",
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": a.URL,
	}
	for name, value := range more {
		all[name] = strings.ReplaceAll(value, "AMAZON", a.URL)
	}
	return all
}

func (a *amazon) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

// ServeHTTP implements http.Handler.
func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	what := form.Get("Action")
	if what == "" {
		what = r.Method + " " + r.URL.Path
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	if len(a.script) > 0 {
		answer := a.script[0]
		a.script = a.script[1:]
		if answer != nil {
			w.WriteHeader(answer.status)
			_, _ = io.WriteString(w, answer.body)
			return
		}
	}
	expires := a.expires.UTC().Format(time.RFC3339)
	object := func(key string) string {
		return fmt.Sprintf(`{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":"5ecret","Token":"token","Expiration":%q}`, key, expires)
	}
	answer, status := "", http.StatusOK
	switch what {
	case "AssumeRole":
		key, ok := signer(r, body)
		if !ok {
			status = http.StatusForbidden
		}
		answer = stsAnswer(what, form.Get("RoleArn")+form.Get("ExternalId")+form.Get("DurationSeconds")+" by "+key, expires)
	case "AssumeRoleWithWebIdentity":
		if r.Header.Get("Authorization") != "" {
			status = http.StatusForbidden
		}
		answer = stsAnswer(what, form.Get("RoleArn")+" by "+form.Get("WebIdentityToken"), expires)
	case "GET /sso/federation/credentials":
		q := r.URL.Query()
		answer = fmt.Sprintf(`{"roleCredentials":{"accessKeyId":%q,"secretAccessKey":"5ecret","sessionToken":"t","expiration":%d}}`,
			q.Get("role_name")+" of "+q.Get("account_id")+" by "+r.Header.Get("X-Amz-Sso_bearer_token"), a.expires.UnixMilli())
	case "GET /container":
		answer = object("container by " + r.Header.Get("Authorization"))
	case "PUT /latest/api/token":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		answer = "metadata token"
	case "GET /latest/meta-data/iam/security-credentials/":
		answer = "machine"
	case "GET /latest/meta-data/iam/security-credentials/machine":
		answer = object("machine by " + r.Header.Get("X-Aws-Ec2-Metadata-Token"))
	default:
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func stsAnswer(action, key, expires string) string {
	return fmt.Sprintf(`<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId>`+
		`<SecretAccessKey>5ecret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%[3]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, action, key, expires)
}

// signer returns the access key that signed a request to STS, and whether the signature is right.
func signer(r *http.Request, body []byte) (string, bool) {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, scope, _ := strings.Cut(rest, "/20")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || !strings.Contains(scope, "/eu-test-1/sts/aws4_request,") {
		return key, false
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.Path, strings.NewReader(string(body)))
	if err != nil {
		return key, false
	}
	again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	sum := sha256.Sum256(body)
	keys := aws.Credentials{AccessKeyID: key, SecretAccessKey: "5ecret", SessionToken: r.Header.Get("X-Amz-Security-Token")}
	err = v4.NewSigner().SignHTTP(r.Context(), keys, again, hex.EncodeToString(sum[:]), "sts", "eu-test-1", at)
	return key, err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

// doer returns a Doer whose connections end with the test.
func doer(t *testing.T) transport.Doer {
	t.Helper()
	d := nethttp.New(nethttp.Config{NoProxy: true})
	d.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(d.CloseIdleConnections)
	return d
}
