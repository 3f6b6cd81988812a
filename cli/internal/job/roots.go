// Package job has what the commands about jobs share: roots and the files below them, the
// list of items, and the state of a job as text.
//
// A root is a name for a folder, which may be elsewhere on each machine. An item of a job is a
// file below a root.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/tusker-go/tusker/cli/internal/remote"
)

// Roots has the absolute path of the folder of each root on this machine, by name. A store, such
// as s3://bucket, has its own name in the place of a folder.
type Roots map[string]string

var errRoot = errors.New("--root is not of the form NAME=FOLDER, such as media=/mnt/nfs, and no store such as s3://bucket or https://host")

// ParseRoots reads NAME=FOLDER pairs and stores such as s3://bucket. A store has its name in the
// place of a folder.
func ParseRoots(pairs []string) (Roots, error) {
	roots := make(Roots)
	for _, pair := range pairs {
		if remote.IsName(pair) {
			store, err := remote.ParseStore(pair)
			if err != nil {
				return nil, errRoot
			}
			roots[store] = store
			continue
		}
		name, dir, ok := strings.Cut(pair, "=")
		if !ok || dir == "" || !isRootName(name) {
			return nil, errRoot
		}
		path, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		if other, taken := roots[name]; taken && other != path {
			return nil, fmt.Errorf("--root: %s is both %s and %s", name, other, path)
		}
		roots[name] = path
	}
	return roots, nil
}

// isRootName reports whether a root can have that name. On Windows, a name of one letter would
// look like a drive.
func isRootName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsAny(name, ":=/\\") &&
		!strings.ContainsFunc(name, unicode.IsControl) && (len(name) > 1 || runtime.GOOS != "windows")
}

// Missing returns the names of roots whose folder cannot be used, in order.
func (r Roots) Missing() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r)), func(name string) bool { return r.Check(name) == nil })
}

// Check returns an error if the folder of a root cannot be used.
func (r Roots) Check(name string) error {
	if remote.IsName(name) {
		return nil
	}
	info, err := os.Stat(r[name])
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "stat", Path: r[name], Err: syscall.ENOTDIR}
	}
	if err != nil {
		return fmt.Errorf("root %s: %w", name, err)
	}
	return nil
}

// Merge adds the roots of other. A root that has another folder is an error.
func (r Roots) Merge(other Roots) error {
	for _, name := range slices.Sorted(maps.Keys(other)) {
		if dir, known := r[name]; known && dir != other[name] {
			return fmt.Errorf("root %s of the job is %s, and not %s: give the other folder a name of its own with --root NAME=%s", name, dir, other[name], other[name])
		}
		r[name] = other[name]
	}
	return nil
}

// Places are the files that say where roots of jobs were when items were added on this
// machine, so that a worker on it needs no flags. A worker uses only places from here and from
// its flags, never from the engine.
type Places struct {
	// Dir is the folder of the files.
	Dir string
	// Engine identifies the engine of the jobs. "": that of this machine.
	Engine string
}

func (p Places) file(job string) string {
	name := job
	if p.Engine != "" {
		sum := sha256.Sum256([]byte(p.Engine))
		name += "-" + hex.EncodeToString(sum[:8])
	}
	return filepath.Join(p.Dir, name+".json")
}

// places is the content of a file.
type places struct {
	Roots Roots `json:"roots"`
}

// Load returns the roots of a job, which are empty if nothing is known.
func (p Places) Load(job string) (Roots, error) {
	text, err := os.ReadFile(p.file(job))
	if errors.Is(err, fs.ErrNotExist) {
		return make(Roots), nil
	}
	if err != nil {
		return nil, err
	}
	content := places{Roots: make(Roots)}
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", p.file(job), err)
	}
	return content.Roots, nil
}

// Save replaces the roots of a job.
func (p Places) Save(job string, roots Roots) error {
	text, err := json.Marshal(places{Roots: roots})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(p.Dir, "new.*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.file(job))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Forget removes the roots of a job.
func (p Places) Forget(job string) error {
	err := os.Remove(p.file(job))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
