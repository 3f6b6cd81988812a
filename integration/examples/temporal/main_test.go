package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/testsuite"

	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/testserver"
)

// The workflow uploads each file once, although each is in it twice. Temporal itself is simulated
// by its own test environment; the database and the tus server are real.
func TestWorkflow(t *testing.T) {
	srv := testserver.New(t, testserver.Config{})
	pool, err := pgxpool.New(t.Context(), databases.Postgres(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	u, err := newUploader(t.Context(), pool, srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for i := range 3 {
		file := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(file, content(i), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file, file)
	}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(u)
	env.ExecuteWorkflow(uploadFiles, files)
	var urls []string
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if err := env.GetWorkflowResult(&urls); err != nil {
		t.Fatal(err)
	}
	for i, url := range urls {
		got, err := srv.Bytes(url)
		if err != nil || !bytes.Equal(got, content(i/2)) {
			t.Errorf("%s: %d bytes, error %v", files[i], len(got), err)
		}
		if i%2 == 1 && url != urls[i-1] {
			t.Errorf("%s has the URLs %s and %s", files[i], urls[i-1], url)
		}
	}
	if all, err := srv.Uploads(); err != nil || len(all) != 3 {
		t.Errorf("the server has %d uploads, error %v, want 3", len(all), err)
	}
}

// content returns the bytes of a file.
func content(i int) []byte { return bytes.Repeat([]byte{byte(i + 1)}, 100_000*(i+1)) }
