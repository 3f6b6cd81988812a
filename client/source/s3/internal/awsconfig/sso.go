package awsconfig

import (
	"cmp"
	"context"
	"crypto/sha1" //nolint:gosec // The AWS command line names its files by it.
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tusker-go/tusker/client/source/httpsource"
	"github.com/tusker-go/tusker/transport"
)

// ErrSession means that there is no session of SSO, or that it has expired.
var ErrSession = errors.New("there is no valid session of SSO")

func (p profile) hasSSO() bool {
	for _, key := range []string{"sso_session", "sso_region", "sso_start_url", "sso_account_id", "sso_role_name"} {
		if p.get(key) != "" {
			return true
		}
	}
	return false
}

// session is a role of a session of SSO. It implements aws.CredentialsProvider.
type session struct {
	profile, where, tokenFile, url string
	doer                           transport.Doer
	account, role                  string
}

// sso returns the role of a profile with SSO.
func (s *Settings) sso(p profile) (aws.CredentialsProvider, error) {
	region, start, name := p.get("sso_region"), p.get("sso_start_url"), p.get("sso_session")
	key := "sso_start_url"
	if name != "" {
		key = "sso_session"
		found, ok := s.files.sessions[strings.TrimSpace(name)]
		if !ok {
			return nil, p.fail(key, fmt.Errorf("there is no section [sso-session %s]", name))
		}
		for _, own := range []string{"sso_region", "sso_start_url"} {
			if p.get(own) != "" && p.get(own) != found[own].text {
				return nil, p.fail(own, fmt.Errorf("%s is not that of the section [sso-session %s]", own, name))
			}
		}
		region, start = found["sso_region"].text, found["sso_start_url"].text
	}
	account, role := p.get("sso_account_id"), p.get("sso_role_name")
	for _, needed := range [][2]string{{"sso_region", region}, {"sso_start_url", start}, {"sso_account_id", account}, {"sso_role_name", role}} {
		if needed[1] == "" {
			return nil, p.fail(key, fmt.Errorf("there is no %s: run aws configure sso", needed[0]))
		}
	}
	sum := sha1.Sum([]byte(cmp.Or(name, start))) //nolint:gosec // See the import.
	address, err := s.url("portal.sso", "sso", region)
	return &session{
		profile: p.name, where: p.where(key), tokenFile: inHome("sso", "cache", hex.EncodeToString(sum[:])+".json"),
		url: address, doer: s.doer, account: account, role: role,
	}, err
}

// Retrieve reads the token of the session again, so that a new login counts at once, and gets
// credentials for it.
func (s *session) Retrieve(ctx context.Context) (aws.Credentials, error) {
	token, err := s.token()
	if err != nil {
		return aws.Credentials{}, s.fail(err)
	}
	const name = "GetRoleCredentials of SSO"
	query := url.Values{"account_id": {s.account}, "role_name": {s.role}}
	body, err := exchange(ctx, s.doer, name, func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/federation/credentials?"+query.Encode(), nil)
		if err == nil {
			req.Header.Set("X-Amz-Sso_bearer_token", token)
		}
		return req, err
	})
	if e, ok := errors.AsType[*httpsource.RequestError](err); ok && e.StatusCode == http.StatusUnauthorized {
		return aws.Credentials{}, s.fail(e)
	}
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%s: %w", s.where, err)
	}
	var answer struct {
		RoleCredentials struct {
			AccessKeyID     string `json:"accessKeyId"`
			SecretAccessKey string `json:"secretAccessKey"`
			SessionToken    string `json:"sessionToken"`
			Expiration      int64  `json:"expiration"` // ms since 1970
		} `json:"roleCredentials"`
	}
	err = json.Unmarshal(body, &answer)
	k := answer.RoleCredentials
	if err != nil || k.AccessKeyID == "" || k.SecretAccessKey == "" || k.Expiration == 0 {
		return aws.Credentials{}, fmt.Errorf("%s: %w", s.where, noCredentials(name))
	}
	return aws.Credentials{
		AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken,
		CanExpire: true, Expires: time.UnixMilli(k.Expiration), Source: s.where,
	}, nil
}

// token returns the token that the last login wrote.
func (s *session) token() (string, error) {
	text, err := os.ReadFile(s.tokenFile)
	if err != nil {
		return "", err
	}
	var login struct {
		AccessToken string `json:"accessToken"`
		ExpiresAt   string `json:"expiresAt"`
	}
	if err := json.Unmarshal(text, &login); err != nil || login.AccessToken == "" {
		return "", fmt.Errorf("%s has no token", s.tokenFile)
	}
	// Old versions of the AWS command line write UTC for Z.
	expires, err := time.Parse(time.RFC3339, strings.Replace(login.ExpiresAt, "UTC", "Z", 1))
	if err != nil {
		return "", fmt.Errorf("%s does not say when it expires", s.tokenFile)
	}
	if !time.Now().Before(expires) {
		return "", fmt.Errorf("it expired at %s", expires.Local().Format(time.DateTime))
	}
	return login.AccessToken, nil
}

// fail returns the error of a session that needs a login.
func (s *session) fail(err error) error {
	return fmt.Errorf("%s: %w: run aws sso login --profile %s: %w", s.where, ErrSession, s.profile, err)
}
