package client_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tusker-go/tusker/client"
	"github.com/tusker-go/tusker/client/internal/clienttest"
	"github.com/tusker-go/tusker/client/internal/fake"
	"github.com/tusker-go/tusker/protocol"
)

// schedule is a limit of 2 bytes a second until 8:00 and of 1 byte a second until 23:00, and
// then no limit.
func schedule(now time.Time) int64 {
	switch hour := now.UTC().Hour(); {
	case hour < 8:
		return 2
	case hour < 23:
		return 1
	}
	return 0
}

// An upload that takes a day is sent at the rates of each part of the day. In a bubble, time
// begins at midnight.
func TestRateLimitAtChangesDuringADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slow = (8*2 + 15*1) * 3600 // bytes before 23:00
		var m meter
		s := fake.New(t, fake.Config{Hook: m.hook})
		began := time.Now()
		c := clienttest.NewClient(t, s, client.Config{RateLimitAt: schedule, FinishTimeout: -1})
		data := clienttest.Noise(slow + clienttest.MiB)
		res, err := c.Upload(t.Context(), clienttest.TextSource(t, data), nil)
		if err != nil {
			t.Fatal(err)
		}
		clienttest.WantStored(t, s, res.URL, data)
		wantTook(t, began, 23*time.Hour)
		for hour, want := range map[int]int64{4: 2 * 3600, 12: 3600, 20: 3600} {
			if got := m.between(began.Add(time.Duration(hour)*time.Hour), time.Hour); got < want-100 || got > want+100 {
				t.Errorf("%d bytes in the hour from %d:00, want %d", got, hour, want)
			}
		}
	})
}

// between returns how many bytes arrived in the period d that begins at from.
func (m *meter) between(from time.Time, d time.Duration) (sum int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.list {
		if after := a.at.Sub(from); after >= 0 && after < d {
			sum += a.n
		}
	}
	return sum
}

// A request that began without a limit is limited from the moment at which a limit begins.
func TestRateLimitAtBeginsDuringARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 50 * clienttest.KiB
		s := fake.New(t, fake.Config{})
		began := time.Now()
		c := clienttest.NewClient(t, s, client.Config{RateLimitAt: func(now time.Time) int64 {
			if now.Sub(began) < time.Minute {
				return 0
			}
			return rate
		}})
		const fast = 50_000 // bytes without a limit
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, clienttest.Noise(fast))
			time.Sleep(time.Minute)
			_, _ = io.WriteString(w, clienttest.Noise(100*rate))
			_ = w.Close()
		}()
		url := s.Put("", protocol.Known(fast+100*rate), nil)
		if _, err := c.Patch(t.Context(), url, protocol.Patch{}, r, fast+100*rate, nil); err != nil {
			t.Fatal(err)
		}
		wantTook(t, began, time.Minute+100*time.Second)
	})
}

// A Client has one limit only.
func TestRateLimitAtExcludesRateLimit(t *testing.T) {
	_, err := client.New(client.Config{RateLimit: 1, RateLimitAt: schedule})
	clienttest.WantErrorIs(t, err, client.ErrInvalidOption)
}
