package localengine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// The names in the folder of an engine.
const (
	lockFile    = "lock"    // locked by the process that serves
	addressFile = "address" // see address
	dataFolder  = "data"    // of the engine
)

// address is the content of the file by which processes find the engine. The file is a secret,
// because the token lets its reader do everything.
type address struct {
	Addr  string `json:"addr"` // "": the process starts the engine
	Token string `json:"token"`
	Host  string `json:"host"` // name of the machine
	PID   int    `json:"pid"`
}

func readAddress(dir string) (address, error) {
	var a address
	text, err := os.ReadFile(filepath.Join(dir, addressFile))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s: %w", filepath.Join(dir, addressFile), err)
	}
	return a, nil
}

// writeAddress replaces the file as a whole, so that no process reads a part of it.
func writeAddress(dir string, a address) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, addressFile+".*") // with the mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, addressFile))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// prepare creates the folder of an engine for its user alone. It takes the permissions of
// others away from a folder that exists.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return &fs.PathError{Op: "open", Path: dir, Err: fs.ErrInvalid}
	case runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0: // access lists decide on Windows
		return nil
	}
	return os.Chmod(dir, 0o700) //nolint:gosec // A folder needs the bit of its owner.
}
