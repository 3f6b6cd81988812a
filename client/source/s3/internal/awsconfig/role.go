package awsconfig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/tusker-go/tusker/transport"
)

// role is a role of IAM that STS lets a caller assume. It implements aws.CredentialsProvider.
type role struct {
	where, url, region string
	doer               transport.Doer
	form               url.Values // without the token

	base      aws.CredentialsProvider // nil: the caller has a token
	tokenFile string
}

// role returns the role of a profile, which base may assume.
func (s *Settings) role(p profile, base aws.CredentialsProvider) (aws.CredentialsProvider, error) {
	if p.get("mfa_serial") != "" {
		return nil, p.unsupported("mfa_serial")
	}
	r, err := s.newRole(p.where("role_arn"), "AssumeRole", p.get("role_arn"), p.get("role_session_name"))
	if err != nil {
		return nil, err
	}
	if id := p.get("external_id"); id != "" {
		r.form.Set("ExternalId", id)
	}
	if d := p.get("duration_seconds"); d != "" {
		if _, err := strconv.ParseUint(d, 10, 31); err != nil {
			return nil, p.fail("duration_seconds", fmt.Errorf("duration_seconds is %q, which is no number of seconds", d))
		}
		r.form.Set("DurationSeconds", d)
	}
	r.base = Cached(base)
	return r, nil
}

// webIdentity returns the role of the owner of a token in a file, such as a pod of Kubernetes.
func (s *Settings) webIdentity(where, file, arn, session string) (aws.CredentialsProvider, error) {
	if arn == "" {
		return nil, fmt.Errorf("%s: there is a token and no role: set AWS_ROLE_ARN", where)
	}
	r, err := s.newRole(where, "AssumeRoleWithWebIdentity", arn, session)
	if err != nil {
		return nil, err
	}
	r.tokenFile = file
	return r, nil
}

func (s *Settings) newRole(where, action, arn, session string) (*role, error) {
	if session == "" {
		session = "tusker-" + strconv.FormatInt(time.Now().UnixNano(), 10)
	}
	address, err := s.url("sts", "sts", s.Region)
	return &role{where: where, url: address, region: s.Region, doer: s.doer, form: url.Values{
		"Action": {action}, "Version": {"2011-06-15"}, "RoleArn": {arn}, "RoleSessionName": {session},
	}}, err
}

// Retrieve assumes the role.
func (r *role) Retrieve(ctx context.Context) (aws.Credentials, error) {
	name := r.form.Get("Action") + " of " + r.form.Get("RoleArn")
	body, err := exchange(ctx, r.doer, name, r.request)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("%s: %w", r.where, err)
	}
	type keys struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      time.Time
	}
	var answer struct {
		Assumed  keys `xml:"AssumeRoleResult>Credentials"`
		Identity keys `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	err = xml.Unmarshal(body, &answer)
	k := answer.Assumed
	if r.base == nil {
		k = answer.Identity
	}
	if err != nil || k.AccessKeyID == "" || k.SecretAccessKey == "" || k.Expiration.IsZero() {
		return aws.Credentials{}, fmt.Errorf("%s: %w", r.where, noCredentials(name))
	}
	return aws.Credentials{
		AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken,
		CanExpire: true, Expires: k.Expiration, Source: r.where,
	}, nil
}

// request returns a request to STS, which is signed or has a token.
func (r *role) request(ctx context.Context) (*http.Request, error) {
	form := maps.Clone(r.form)
	if r.base == nil {
		token, err := os.ReadFile(r.tokenFile)
		if err != nil {
			return nil, err
		}
		text := strings.TrimSpace(string(token))
		if text == "" {
			return nil, errors.New("the token file " + r.tokenFile + " is empty")
		}
		form.Set("WebIdentityToken", text)
	}
	body := form.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if r.base == nil {
		return req, nil
	}
	keys, err := r.base.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(body))
	return req, v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "sts", r.region, time.Now())
}
