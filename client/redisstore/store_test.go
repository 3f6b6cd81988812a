package redisstore_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/tusker-go/tusker/client/failure"
	"github.com/tusker-go/tusker/client/journal"
	"github.com/tusker-go/tusker/client/lease"
	"github.com/tusker-go/tusker/client/redisstore"
	"github.com/tusker-go/tusker/client/storetest"
	"github.com/tusker-go/tusker/client/storetest/databases"
	"github.com/tusker-go/tusker/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect returns a client of the server that is closed at the end of the test.
func connect(t *testing.T, server *databases.Server) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	// The test of a server that is gone would take longer otherwise.
	options.MaxRetries, options.DialerRetries = 1, 1
	db := redis.NewClient(options)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// open returns a Store with these options.
func open(t *testing.T, db redis.UniversalClient, cfg redisstore.Config) *redisstore.Store {
	t.Helper()
	s, err := redisstore.New(db, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record returns a record of an upload.
func record(key string) *journal.Record {
	return &journal.Record{
		Key: key, Endpoint: "https://tus.example/files/", URL: "https://tus.example/files/" + key + "?a&b", Source: "/é",
		Length: protocol.Known(10), Offset: 4, Updated: time.Unix(1, 0).UTC(),
	}
}

func save(t *testing.T, s *redisstore.Store, r *journal.Record) {
	t.Helper()
	if err := s.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// suite runs the shared tests with a prefix of its own for each of them. Both handles of a
// test have connections of their own.
func suite(t *testing.T, connect func(t *testing.T) redis.UniversalClient) {
	t.Helper()
	var prefixes atomic.Int32
	db, other := connect(t), connect(t)
	storetest.Run(t, func(t *testing.T) storetest.Config {
		t.Helper()
		// The prefix would match other keys if it were a pattern.
		cfg := redisstore.Config{Prefix: "*[t]" + strconv.Itoa(int(prefixes.Add(1))) + ":", Lease: 3 * time.Second}
		return storetest.Config{
			Store:  open(t, db, cfg),
			Reopen: func(t *testing.T) journal.Store { t.Helper(); return open(t, other, cfg) },
			LoseLease: func(t *testing.T, key string) {
				t.Helper()
				if err := db.Del(t.Context(), cfg.Prefix+"{"+key+"}:lock:"+key).Err(); err != nil {
					t.Error(err)
				}
			},
			Patience: time.Minute,
		}
	})
}

func TestStore(t *testing.T) {
	t.Parallel()
	server := databases.Redis(t)
	suite(t, func(t *testing.T) redis.UniversalClient { t.Helper(); return connect(t, server) })
}

// A cluster refuses a script whose keys belong to several nodes.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	t.Parallel()
	nodes := databases.RedisNodes(t)
	join(t, connect(t, nodes[0]), connect(t, nodes[1]))
	suite(t, func(t *testing.T) redis.UniversalClient {
		t.Helper()
		one := connect(t, nodes[0]).Options()
		db := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{one.Addr}, Password: one.Password})
		t.Cleanup(func() { _ = db.Close() })
		return db
	})
}

// join makes a cluster of two nodes, and waits until both know it.
func join(t *testing.T, first, second *redis.Client) {
	t.Helper()
	host, port, err := net.SplitHostPort(second.Options().Addr)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, err := range []error{
		first.ClusterAddSlotsRange(ctx, 0, 8191).Err(),
		second.ClusterAddSlotsRange(ctx, 8192, 16383).Err(),
		first.ClusterMeet(ctx, host, port).Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range []*redis.Client{first, second} {
		for {
			info, err := node.ClusterInfo(ctx).Result()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:2") {
				break
			}
			databases.Pause(t)
		}
	}
}

// Options that cannot work are refused without a call.
func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	db := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer func() { _, _ = db.Close(), ring.Close() }()
	for name, c := range map[string]struct {
		db  redis.UniversalClient
		cfg redisstore.Config
	}{
		"no client":       {nil, redisstore.Config{}},
		"ring":            {ring, redisstore.Config{}},
		"brace in prefix": {db, redisstore.Config{Prefix: "a{b"}},
		"short lease":     {db, redisstore.Config{Lease: lease.MinTTL - 1}},
		"negative lease":  {db, redisstore.Config{Lease: -1}},
	} {
		if _, err := redisstore.New(c.db, c.cfg); !errors.Is(err, failure.ErrInvalidOption) {
			t.Errorf("%s: error %v, want %v", name, err, failure.ErrInvalidOption)
		}
	}
}
