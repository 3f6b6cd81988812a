package client

import (
	"context"
	"sync"

	"github.com/tusker-go/tusker/client/internal/dialect"
)

// joinCheck makes sure, when the URL of the first part is known, that the request that joins
// the parts is not too long for the server. The number of parts cannot be changed later.
type joinCheck struct {
	dialect dialect.Dialect
	parts   int

	once sync.Once
	err  error // read it when all parts have ended
}

// made is called when a part is created. Its error ends the part before the next byte.
func (c *joinCheck) made(ctx context.Context, url string) error {
	c.once.Do(func() {
		if joiner, ok := c.dialect.(dialect.Joiner); ok {
			c.err = joiner.CheckJoin(ctx, url, c.parts)
		}
	})
	return c.err
}
