package hostcache_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/tusker-go/tusker/transport/hostcache"
)

// A value is found until it is removed.
func TestCache(t *testing.T) {
	var c hostcache.Cache[int]
	if v, ok := c.Get("a"); ok || v != 0 || c.Len() != 0 {
		t.Errorf("Get from an empty cache = %d, %v, want 0, false and Len 0", v, ok)
	}
	c.Set("a", 1)
	c.Set("b", 2)
	c.Set("a", 3)
	if v, ok := c.Get("a"); !ok || v != 3 || c.Len() != 2 {
		t.Errorf("Get = %d, %v, and Len = %d, want 3, true and Len 2", v, ok, c.Len())
	}
	c.Update("a", func(old int, found bool) (int, bool) {
		if old != 3 || !found {
			t.Errorf("Get of a known host = %d, %v, want 3 and true", old, found)
		}
		return 0, false
	})
	c.Update("c", func(old int, found bool) (int, bool) {
		if old != 0 || found {
			t.Errorf("Get of an unknown host = %d, %v, want 0 and false", old, found)
		}
		return 0, false
	})
	if _, ok := c.Get("a"); ok || c.Len() != 1 {
		t.Errorf("%d hosts are left, want Len 1 and ok false", c.Len())
	}
}

// 1,000 hosts leave the limit of them, those that were used last.
func TestCacheIsLimited(t *testing.T) {
	var c hostcache.Cache[int]
	c.Set("used", -1)
	for i := range 1000 {
		c.Set(strconv.Itoa(i), i)
		if _, ok := c.Get("used"); !ok {
			t.Fatalf("a host that is in use is forgotten after %d others", i)
		}
	}
	if n := c.Len(); n != hostcache.Size {
		t.Errorf("%d hosts are kept, want %v", n, hostcache.Size)
	}
	for i := range 1000 {
		_, ok := c.Get(strconv.Itoa(i))
		if want := i > 1000-hostcache.Size; ok != want {
			t.Fatalf("host %d of 1000 is kept: %v, want %t", i, ok, want)
		}
	}
}

// Updates of one host do not get lost.
func TestCacheIsSafe(t *testing.T) {
	var c hostcache.Cache[int]
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 1000 {
				c.Update("a", func(old int, _ bool) (int, bool) { return old + 1, true })
				c.Set(strconv.Itoa(i*1000+j), j)
			}
		})
	}
	wg.Wait()
	if v, ok := c.Get("a"); !ok || v != 8000 {
		t.Errorf("the value is %d, %v, want 8000 and true", v, ok)
	}
}
