package s3

import (
	"net/http"
	"time"
)

// maxSkew is the difference between the clocks of the store and of this machine that is not
// corrected. Stores accept signatures that are 15 minutes off.
const maxSkew = 5 * time.Minute

// sendInTime is sendAt for a machine whose clock may be wrong: a request that is refused while the
// clocks differ is signed again with the time of the store. If that helps, later requests are
// signed with it, too.
func (c *Client) sendInTime(req *http.Request, bucket, region string) (*http.Response, error) {
	skew := time.Duration(c.skew.Load())
	resp, err := c.sendAt(req, bucket, region, time.Now().Add(skew))
	if err != nil || c.credentials == nil || !isRefused(resp) {
		return resp, err
	}
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return resp, nil //nolint:nilerr // The answer names no time.
	}
	differs := time.Until(date)
	if (differs - skew).Abs() <= maxSkew {
		return resp, nil
	}
	_ = resp.Body.Close()
	resp, err = c.sendAt(req, bucket, region, time.Now().Add(differs))
	if err == nil && !isRefused(resp) {
		c.skew.Store(int64(differs))
	}
	return resp, err
}

// isRefused reports whether an answer may mean that the signature is too old or too new.
func isRefused(resp *http.Response) bool {
	return resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusBadRequest
}
