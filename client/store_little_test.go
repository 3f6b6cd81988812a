package client_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
)

// blank is a store without records that returns neither a record nor an error.
type blank struct{}

func (blank) Load(context.Context, string) (*client.Record, error) { return nil, nil }
func (blank) Save(context.Context, *client.Record) error           { return nil }
func (blank) Delete(context.Context, string, string) error         { return nil }
func (blank) Lock(context.Context, string) (func() error, error)   { return nil, nil }

func (blank) LoadFinished(context.Context, string, string) (*client.Record, error) { return nil, nil }
func (blank) SaveFinished(context.Context, *client.Record) error                   { return nil }

// A nil record without an error means that there is no record.
func TestStoreReturnsNil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(t, fake.Config{})
		data := clienttest.Noise(clienttest.RecordedSize)
		c := clienttest.NewClient(t, s, client.Config{Store: blank{}, Ledger: blank{}})
		res, err := c.Upload(t.Context(), clienttest.PathSource(t, clienttest.WriteFile(t, data)), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		if _, found, err := clienttest.Unfinished(t.Context(), c, clienttest.PathSource(t, clienttest.WriteFile(t, data))); found || err != nil {
			t.Errorf("found %t, error %v, want false and no error", found, err)
		}
	})
}
