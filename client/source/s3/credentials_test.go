package s3_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/client/source/s3"
)

// signers returns the access keys that signed requests, without repetitions.
func signers(requests []*http.Request) []string {
	var keys []string
	for _, r := range requests {
		_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		keys = append(keys, key)
	}
	return slices.Compact(keys)
}

// Credentials that expire during an upload are renewed, and the upload goes on.
func TestCredentialsExpireDuringUpload(t *testing.T) {
	var given atomic.Int32
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := given.Add(1)
		expires := time.Now().Add(-time.Second) // The next request needs others.
		if n == 4 {
			expires = time.Now().Add(time.Hour)
		}
		_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>5ecret</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, n, expires.UTC().Format(time.RFC3339))
	}))
	t.Cleanup(sts.Close)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod", "AWS_ENDPOINT_URL_STS": sts.URL,
	} {
		t.Setenv(name, value)
	}
	content := clienttest.Noise(100)
	store, endpoint := storeOf(t, content)
	src := open(t, newClient(t, s3.Config{Endpoint: endpoint}), film)
	s := clienttest.NewTCPServer(t, fake.Config{})
	res, err := clienttest.New(t, client.Config{Endpoint: s.URL, Doer: doer(t), ChunkSize: 10}).Upload(t.Context(), src, nil)
	if err != nil {
		t.Fatal(err)
	}
	clienttest.WantStored(t, s, res.URL, content)
	if got, want := signers(store.Requests(0)), []string{"ASIA1", "ASIA2", "ASIA3", "ASIA4"}; !slices.Equal(got, want) || given.Load() != 4 {
		t.Errorf("%d credentials were given, requests are signed by %q, want %q", given.Load(), got, want)
	}
}

// A program may give its own credentials, which win over the environment and are kept until
// they expire.
func TestGivenCredentials(t *testing.T) {
	store, endpoint := storeOf(t, "content")
	asked := 0
	own := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		asked++
		return aws.Credentials{AccessKeyID: "OWN", SecretAccessKey: "5ecret"}, nil
	})
	c := newClient(t, s3.Config{Endpoint: endpoint, Credentials: own})
	open(t, c, film)
	open(t, c, film)
	if got := signers(store.Requests(0)); !slices.Equal(got, []string{"OWN"}) || asked != 1 {
		t.Errorf("asked %d times, requests are signed by %q", asked, got)
	}
	open(t, newClient(t, s3.Config{Endpoint: endpoint, Credentials: own, Anonymous: true}), film)
	if got := signers(store.Requests(2)); !slices.Equal(got, []string{""}) {
		t.Errorf("anonymous requests are signed by %q", got)
	}
}
