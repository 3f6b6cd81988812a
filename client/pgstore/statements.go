package pgstore

import (
	"strings"

	"github.com/jackc/pgx/v5"
)

// statements are the SQL of a Store. Each is one transaction, and compares and changes a row in
// one step. A statement whose answer was lost may be run again, and has the same result.
type statements struct {
	loadRecord, insertRecord, updateRecord, deleteRecord, discardRecord string
	listRecords, listSuffix                                             string
	pruneRecords, pruneSent, pruneLocks                                 string
	takeLock, renewLock, releaseLock                                    string
	loadSent, useSent, saveSent, discardSent                            string
}

// statementsIn returns the statements for the tables in a schema.
func statementsIn(schema string) statements {
	in := func(sql string) string { return inSchema(schema, sql) }
	return statements{
		loadRecord: in(`SELECT key, revision, record::text FROM tusker.records WHERE key = $1 AND revision <> ''`),
		insertRecord: in(`INSERT INTO tusker.records AS r (key, revision, version, record) VALUES ($1, $2, $3, $4::json)
			ON CONFLICT (key) DO UPDATE
			SET revision = excluded.revision, version = excluded.version, record = excluded.record, saved = clock_timestamp()
			WHERE r.revision IN ('', excluded.revision)`),
		updateRecord: in(`UPDATE tusker.records SET revision = $2, version = $3, record = $4::json, saved = clock_timestamp()
			WHERE key = $1 AND revision IN ($2, $5)`),
		deleteRecord:  in(`DELETE FROM tusker.records WHERE key = $1 AND revision = $2 AND revision <> ''`),
		discardRecord: in(`UPDATE tusker.records SET revision = '' WHERE key = $1 AND revision = $2`),

		listRecords: in(`SELECT key, revision, record::text FROM tusker.records WHERE key > $1 AND revision <> '' ORDER BY key LIMIT $2`),
		// The order is that of the index, so that the database uses it.
		listSuffix: in(`SELECT key, revision, record::text FROM tusker.records
			WHERE reverse(key) COLLATE "C" >= $3 AND reverse(key) COLLATE "C" < $4 AND reverse(key) COLLATE "C" > reverse($1) COLLATE "C"
			AND revision <> '' ORDER BY reverse(key) COLLATE "C" LIMIT $2`),

		pruneRecords: in(`DELETE FROM tusker.records r WHERE saved <= clock_timestamp() - make_interval(secs => $1) AND version <= $2
			AND NOT EXISTS (SELECT FROM tusker.locks l WHERE l.key = r.key AND l.expires > clock_timestamp())`),
		pruneSent:  in(`DELETE FROM tusker.sent WHERE used <= clock_timestamp() - make_interval(secs => $1)`),
		pruneLocks: in(`DELETE FROM tusker.locks WHERE expires <= clock_timestamp()`),

		takeLock: in(`INSERT INTO tusker.locks AS l (key, token, expires) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
			ON CONFLICT (key) DO UPDATE SET token = excluded.token, expires = excluded.expires WHERE l.expires <= clock_timestamp() OR l.token = excluded.token`),
		renewLock:   in(`UPDATE tusker.locks SET expires = clock_timestamp() + make_interval(secs => $3) WHERE key = $1 AND token = $2`),
		releaseLock: in(`DELETE FROM tusker.locks WHERE key = $1 AND token = $2`),

		loadSent: in(`SELECT key, CASE WHEN used < clock_timestamp() - interval '1 day' THEN 'old' ELSE '' END, record::text
			FROM tusker.sent WHERE endpoint = $1 AND key = $2 AND version > 0`),
		useSent: in(`UPDATE tusker.sent SET used = clock_timestamp() WHERE endpoint = $1 AND key = $2`),
		saveSent: in(`INSERT INTO tusker.sent (endpoint, key, version, record) VALUES ($1, $2, $3, $4::json)
			ON CONFLICT (endpoint, key) DO UPDATE SET version = excluded.version, record = excluded.record, used = clock_timestamp()`),
		discardSent: in(`UPDATE tusker.sent SET version = 0 WHERE endpoint = $1 AND key = $2 AND record::text = $3`),
	}
}

// inSchema replaces the schema tusker in SQL.
func inSchema(schema, sql string) string {
	return strings.ReplaceAll(sql, "tusker.", pgx.Identifier{schema}.Sanitize()+".")
}
