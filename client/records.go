package client

import "github.com/tusker-go/tusker/client/journal"

// Names of package journal that a program needs to configure a Client.
type (
	// Store keeps records of unfinished uploads, for Config.Store.
	Store = journal.Store
	// Ledger keeps which uploads were finished, for Config.Ledger.
	Ledger = journal.Ledger
	// EmptyLedger is a Ledger that can tell that it has no finished upload.
	EmptyLedger = journal.EmptyLedger
	// Lister is a Store that can tell which records it holds.
	Lister = journal.Lister
	// SuffixLister is a Store that can find records by the end of their keys.
	SuffixLister = journal.SuffixLister
	// Record is the entry of a Store for one upload.
	Record = journal.Record
	// Leaser is a Store whose locks can be lost.
	Leaser = journal.Leaser
	// PartRecord is one part of an upload that is sent in parts.
	PartRecord = journal.PartRecord
	// MemoryStore keeps records as long as the process lives.
	MemoryStore = journal.MemoryStore
)

// Errors of a Store; test for them with errors.Is. Package journal says more about each.
var (
	ErrNoRecord      = journal.ErrNoRecord      // nothing is stored under the key
	ErrBusy          = journal.ErrBusy          // another upload holds the lock
	ErrConflict      = journal.ErrConflict      // another run has changed the record
	ErrLeaseLost     = journal.ErrLeaseLost     // another run may have taken the upload over
	ErrUnrecorded    = journal.ErrUnrecorded    // Config.Once: the upload has no record
	ErrRecordDamaged = journal.ErrRecordDamaged // the record cannot be read
	ErrRecordVersion = journal.ErrRecordVersion // a newer version wrote the record
	ErrInvalidRecord = journal.ErrInvalidRecord // the record or key breaks the rules
)

// CheckAccount checks a name under the rules of Config.Account. The error Is
// ErrInvalidOption and does not repeat the name.
func CheckAccount(name string) error { return journal.CheckAccount(name) }

// CheckKey checks the key of a record, see Record.Key. The error Is ErrInvalidRecord.
func CheckKey(key string) error { return journal.CheckKey(key) }
