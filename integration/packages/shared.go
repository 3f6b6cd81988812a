package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
)

// file is a file of an archive.
type file struct {
	// Path is that in the archive, with slashes.
	Path string
	// Source is the path on this machine.
	Source string
	Mode   os.FileMode
}

// shared are the files that all platforms have.
type shared struct {
	pages       []file // manual pages, by their names
	completions []file // bash, zsh and fish, by the name of the shell
	licences    []file
	dir         string
}

// shared makes the files with the program for this machine.
func (b *builder) shared(ctx context.Context, rel release) (shared, error) {
	program, err := b.build(ctx, rel, host())
	if err != nil {
		return shared{}, err
	}
	s := shared{dir: b.dir}
	manual := filepath.Join(b.dir, "man")
	if _, err := b.run(ctx, nil, program, "man", manual); err != nil {
		return shared{}, err
	}
	entries, err := os.ReadDir(manual)
	if err != nil {
		return shared{}, err
	}
	for _, entry := range entries {
		s.pages = append(s.pages, file{Path: entry.Name(), Source: filepath.Join(manual, entry.Name()), Mode: 0o644})
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		text, err := b.run(ctx, nil, program, "completion", shell)
		if err != nil {
			return shared{}, err
		}
		name := filepath.Join(b.dir, "completion."+shell)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return shared{}, err
		}
		s.completions = append(s.completions, file{Path: shell, Source: name, Mode: 0o644})
	}
	s.licences, err = b.licences(ctx, rel, program)
	return s, err
}

// archive returns the files as an archive has them.
func (s shared) archive() []file {
	var files []file
	for _, f := range s.pages {
		f.Path = path.Join("man", f.Path)
		files = append(files, f)
	}
	for _, f := range s.completions {
		f.Path = "completion/tusker." + f.Path
		files = append(files, f)
	}
	return append(files, s.licences...)
}

// linux returns the files as a package of a distribution has them. zsh is the folder of the
// distribution for completion of zsh.
func (s shared) linux(zsh string) ([]file, error) {
	var files []file
	for _, f := range s.pages {
		packed := f.Source + ".gz"
		if err := pack(f.Source, packed); err != nil {
			return nil, err
		}
		files = append(files, file{Path: "/usr/share/man/man1/" + f.Path + ".gz", Source: packed, Mode: f.Mode})
	}
	places := map[string]string{
		"bash": "/usr/share/bash-completion/completions/tusker",
		"zsh":  zsh + "/_tusker",
		"fish": "/usr/share/fish/vendor_completions.d/tusker.fish",
	}
	for _, f := range s.completions {
		f.Path = places[f.Path]
		files = append(files, f)
	}
	for _, f := range s.licences {
		f.Path = documents + "/" + f.Path
		files = append(files, f)
	}
	return files, nil
}

// pack compresses a file. The result has no name and no time.
func pack(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// licences returns the licence of Tusker, and one file with those of the modules that the
// program is built with, and of Go, whose standard library is in it.
func (b *builder) licences(ctx context.Context, rel release, program string) ([]file, error) {
	own, err := b.licencesOf(cliModule, rel.Version)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	root, err := b.run(ctx, nil, "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	text, err := licencesIn(strings.TrimSpace(root))
	if err != nil {
		return nil, err
	}
	var others strings.Builder
	fmt.Fprintf(&others, "==== %s ====\n\n%s\n", info.GoVersion, text)
	for _, m := range info.Deps {
		if strings.HasPrefix(m.Path, strings.TrimSuffix(cliModule, "cli")) {
			continue
		}
		text, err := b.licencesOf(m.Path, m.Version)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&others, "==== %s %s ====\n\n%s\n", m.Path, m.Version, text)
	}
	var files []file
	for name, text := range map[string]string{"LICENSE": own, "THIRD_PARTY_LICENSES": others.String()} {
		source := filepath.Join(b.dir, name)
		if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
			return nil, err
		}
		files = append(files, file{Path: name, Source: source, Mode: 0o644})
	}
	if files[0].Path > files[1].Path {
		files[0], files[1] = files[1], files[0]
	}
	return files, nil
}

// licencesOf returns the text of the licences and notices of a module.
func (b *builder) licencesOf(modulePath, version string) (string, error) {
	escaped, err := module.EscapePath(modulePath)
	if err != nil {
		return "", err
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return licencesIn(filepath.Join(b.modules, filepath.FromSlash(escaped)+"@"+escapedVersion))
}

// licencesIn returns the text of the licences and notices in a folder.
func licencesIn(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, entry := range entries {
		if !isLicence(entry.Name()) || entry.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return "", err
		}
		text.Write(data)
		text.WriteByte('\n')
	}
	if text.Len() == 0 {
		return "", fmt.Errorf("%s has no licence", folder)
	}
	return text.String(), nil
}

func isLicence(name string) bool {
	name = strings.ToUpper(name)
	for _, prefix := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
