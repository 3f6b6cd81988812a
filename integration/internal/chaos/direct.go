//go:build linux

package chaos

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// envShare has the share of a direct process: its number, a slash, and the number of all.
const envShare = "TUSKER_CHAOS_SHARE"

// RunDirect is the body of a process that uploads its share of the files with a POST and a
// PATCH for each, as fast as net/http does that. It retries nothing.
func RunDirect(ctx context.Context) error {
	slots, err := strconv.Atoi(os.Getenv(envSlots))
	if err != nil {
		return err
	}
	var number, all int
	if _, err := fmt.Sscanf(os.Getenv(envShare), "%d/%d", &number, &all); err != nil {
		return err
	}
	files := make(chan string)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(files)
		n := 0
		return filepath.WalkDir(os.Getenv(envInput), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if n++; n%all != number {
				return nil
			}
			select {
			case files <- path:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: slots}}
	for range slots {
		group.Go(func() error {
			for path := range files {
				if err := direct(ctx, client, os.Getenv(envEndpoint), path); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// direct uploads a file.
func direct(ctx context.Context, client *http.Client, endpoint, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	header := http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(len(data))},
		"Upload-Metadata": {"filename " + base64.StdEncoding.EncodeToString([]byte(filepath.Base(path)))},
	}
	location, err := exchange(ctx, client, http.MethodPost, endpoint, header, nil)
	if err != nil {
		return err
	}
	header = http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"0"}, "Content-Type": {"application/offset+octet-stream"}}
	_, err = exchange(ctx, client, http.MethodPatch, location, header, data)
	return err
}

// exchange sends a request and returns the Location of the answer.
func exchange(ctx context.Context, client *http.Client, method, url string, header http.Header, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header = header
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s %s: %s", method, url, res.Status)
	}
	return res.Header.Get("Location"), nil
}
