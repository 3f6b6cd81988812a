package redisstore

import "github.com/redis/go-redis/v9"

// Each script compares and changes the keys of one upload in one step. The client repeats a
// script whose answer was lost, so a repetition has the same result.
var (
	// saveRecord has the arguments known revision, new revision, record and version.
	saveRecord = redis.NewScript(`
local stored = redis.call('HGET', KEYS[1], 'revision') or ''
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'record', ARGV[3], 'version', ARGV[4], 'saved', redis.call('TIME')[1])
return 1`)

	// deleteRecord has the argument revision.
	deleteRecord = redis.NewScript(`
local stored = redis.call('HGET', KEYS[1], 'revision') or ''
if stored == '' then return 1 end
if stored ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1`)

	// discardRecord has the argument revision, and makes the record count as none.
	discardRecord = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'revision') == ARGV[1] then redis.call('HSET', KEYS[1], 'revision', '') end
return 1`)

	// pruneRecord has the keys of the record and its lock, and the arguments age in seconds and
	// version. Records of newer versions stay.
	pruneRecord = redis.NewScript(`
local now = tonumber(redis.call('TIME')[1])
local fields = redis.call('HMGET', KEYS[1], 'saved', 'version')
if not fields[1] or now - tonumber(fields[1]) < tonumber(ARGV[1]) then return 0 end
if tonumber(fields[2] or 0) > tonumber(ARGV[2]) or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('DEL', KEYS[1])`)

	// takeLock has the arguments token and milliseconds.
	takeLock = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

	// renewLock has the arguments token and milliseconds.
	renewLock = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

	// releaseLock has the argument token.
	releaseLock = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`)

	// saveSent has the arguments record and version.
	saveSent = redis.NewScript(`
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'version', ARGV[2], 'used', redis.call('TIME')[1])
return 1`)

	// loadSent has the argument seconds. It returns the record, or nil, and changes the time of
	// the last lookup if the stored one is older than that. A server that is full or read-only
	// refuses that change, and the lookup succeeds nevertheless.
	loadSent = redis.NewScript(`
local fields = redis.call('HMGET', KEYS[1], 'record', 'version', 'used')
if not fields[1] or fields[2] == '0' then return false end
local now = tonumber(redis.call('TIME')[1])
if now - tonumber(fields[3] or 0) > tonumber(ARGV[1]) then redis.pcall('HSET', KEYS[1], 'used', now) end
return fields[1]`)

	// discardSent has the argument record, and makes the finished upload count as none.
	discardSent = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'record') == ARGV[1] then redis.call('HSET', KEYS[1], 'version', '0') end
return 1`)

	// pruneSent has the argument age in seconds.
	pruneSent = redis.NewScript(`
local used = redis.call('HGET', KEYS[1], 'used')
if not used or tonumber(redis.call('TIME')[1]) - tonumber(used) < tonumber(ARGV[1]) then return 0 end
return redis.call('DEL', KEYS[1])`)
)
