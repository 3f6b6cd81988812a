package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/internal/redact"
)

// rememberedURLs is how many URLs of finished uploads a Client remembers, in about 150 KiB.
const rememberedURLs = 1 << 12

// URLs knows to which upload of a Client a URL belongs. A server that gives two uploads the same
// URL mixes or replaces their bytes: it names uploads by the time or by the name of the file, or
// a cache answers creations. The zero value knows no URL. It is safe for concurrent use.
type URLs struct {
	mu       sync.Mutex
	held     map[digest]*Claim // of uploads under way
	finished map[digest]digest // the name of the source of each finished upload
	order    []digest          // keys of finished, a ring
	next     int               // the place in order of the next key
}

// digest stands for a URL or a name, whose length has no bound.
type digest uint64

func digestOf(s string) digest {
	sum := sha256.Sum256([]byte(s))
	return digest(binary.NativeEndian.Uint64(sum[:]))
}

// Claim is the right of one call to the URLs of its uploads: that of the whole and those of its
// parts. nil has no URL and takes each. It is safe for concurrent use.
type Claim struct {
	urls *URLs
	name digest
	mine map[digest]int // the part of each URL; guarded by urls.mu
}

// Claim returns the claim of a call whose source has this name.
func (u *URLs) Claim(name string) *Claim {
	return &Claim{urls: u, name: digestOf(name)}
}

// Take makes a URL that the server has just created that of a part, or of the whole (0). The error
// Is failure.ErrInvalidLocation if the URL belongs to another upload. A source of the same name
// may have the URL of one that is finished, because it replaces that.
func (c *Claim) Take(url string, part int) error {
	if c == nil {
		return nil
	}
	key := digestOf(url)
	c.urls.mu.Lock()
	defer c.urls.mu.Unlock()
	owner, taken := c.urls.held[key]
	if taken && owner == c {
		taken = c.mine[key] != part
	}
	if name, finished := c.urls.finished[key]; finished && name != c.name {
		taken = true
	}
	if taken {
		return fmt.Errorf("%w: the server gave this upload the URL of another one, %s, and may have mixed or replaced its bytes", failure.ErrInvalidLocation, redact.URL(url))
	}
	c.hold(key, part)
	return nil
}

// adopt makes a URL from elsewhere that of a part, or of the whole (0), if it belongs to no other
// upload.
func (c *Claim) adopt(url string, part int) {
	if c == nil {
		return
	}
	key := digestOf(url)
	c.urls.mu.Lock()
	defer c.urls.mu.Unlock()
	if _, taken := c.urls.held[key]; !taken {
		c.hold(key, part)
	}
}

func (c *Claim) hold(key digest, part int) {
	if c.mine == nil {
		c.mine = make(map[digest]int, 1)
	}
	if c.urls.held == nil {
		c.urls.held = make(map[digest]*Claim)
	}
	c.mine[key], c.urls.held[key] = part, c
}

// Release ends the claim. If remember is true, its URLs are remembered as those of finished
// uploads.
func (c *Claim) Release(remember bool) {
	if c == nil {
		return
	}
	c.urls.mu.Lock()
	defer c.urls.mu.Unlock()
	for key := range c.mine {
		delete(c.urls.held, key)
		if remember {
			c.urls.remember(key, c.name)
		}
	}
	c.mine = nil
}

func (u *URLs) remember(key, name digest) {
	if u.finished == nil {
		u.finished = make(map[digest]digest)
	}
	if _, known := u.finished[key]; !known {
		if len(u.order) < rememberedURLs {
			u.order = append(u.order, key)
		} else {
			delete(u.finished, u.order[u.next])
			u.order[u.next] = key
			u.next = (u.next + 1) % rememberedURLs
		}
	}
	u.finished[key] = name
}
