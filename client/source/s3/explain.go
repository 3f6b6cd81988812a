package s3

import (
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/tusker-go/tusker/client/source/httpsource"
)

// explain adds to an error what the code of S3 means, and what to do.
func (c *Client) explain(l Location, e *httpsource.RequestError) {
	switch e.Code {
	case "NoSuchBucket":
		e.Err = fmt.Errorf("%w: %s", ErrNoBucket, l.Bucket)
	case "NoSuchVersion":
		e.Err = fmt.Errorf("%w: the object has no such version", httpsource.ErrNotFound)
	case "MethodNotAllowed":
		if e.Header.Get("X-Amz-Delete-Marker") == "true" {
			e.Err = fmt.Errorf("%w: this version says that the object was deleted", httpsource.ErrNotFound)
		}
	case "InvalidObjectState":
		e.Err = fmt.Errorf("%w%s: restore it first (aws s3api restore-object), or copy it to another storage class", ErrArchived, storageClass(e.Header))
	case "AccessDenied", "AllAccessDisabled", "AccountProblem":
		e.Err = fmt.Errorf("%w: %s", httpsource.ErrDenied, c.deniedHint(l))
	case "InvalidAccessKeyId", "XAdminUserNotFound", "SignatureDoesNotMatch", "InvalidSecurity", "InvalidToken":
		e.Err = fmt.Errorf("%w: %w: the access key or its secret is wrong, or is for another store", httpsource.ErrDenied, ErrNoCredentials)
	case "ExpiredToken", "TokenRefreshRequired":
		e.Err = fmt.Errorf("%w: %w: they have expired: renew them, for example with aws sso login", httpsource.ErrDenied, ErrNoCredentials)
	case "RequestTimeTooSkewed", "RequestExpired":
		e.Err = fmt.Errorf("%w%s: set it, for example with NTP", ErrClock, difference(e.Header, time.Now()))
	case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		e.Err = fmt.Errorf("%w%s", ErrRegion, regionHint(e))
	case "RequestTimeout", "InternalError", "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded":
		e.Transient = true
	}
}

// deniedHint says what may be missing.
func (c *Client) deniedHint(l Location) string {
	if c.credentials == nil {
		return "the bucket cannot be read without credentials"
	}
	unpaid := ", or the requester has to pay (x-amz-request-payer)"
	if c.cfg.RequesterPays {
		unpaid = ""
	}
	if l.isDirectory() {
		return "the credentials lack s3:ListBucket for the bucket" + unpaid
	}
	return "the credentials lack s3:GetObject for the object, or there is no such object and they lack s3:ListBucket" + unpaid
}

// storageClass returns the storage class in an answer as part of a message, or "".
func storageClass(h http.Header) string {
	if class := h.Get("X-Amz-Storage-Class"); class != "" {
		return fmt.Sprintf(" (%q)", class)
	}
	return ""
}

// regionInText finds the region that the text of an error names.
var regionInText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`expecting ['"]([a-z0-9-]+)['"]`) })

// regionHint says which region to set, if an answer names it.
func regionHint(e *httpsource.RequestError) string {
	region := e.Header.Get(regionHeader)
	if m := regionInText().FindStringSubmatch(e.Text); m != nil && region == "" {
		region = m[1]
	}
	if isRegion(region) {
		return ", " + region + ": set AWS_REGION=" + region
	}
	return ": set AWS_REGION to the region of the bucket"
}

// difference says by how much the clock of a server is ahead of now or behind it.
func difference(h http.Header, now time.Time) string {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return ""
	}
	return " by " + now.Sub(date).Abs().Round(time.Second).String()
}
