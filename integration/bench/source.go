package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// makeFiles writes n files of random bytes to a new folder.
func makeFiles(dir string, n int, size int64) (files []string, pattern string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, "", err
	}
	random := rand.NewChaCha8([32]byte{1})
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%04d", i+1))
		if err := makeFile(name, io.LimitReader(random, size)); err != nil {
			return nil, "", err
		}
		files = append(files, name)
	}
	return files, filepath.Join(dir, fmt.Sprintf("[0001-%04d]", n)), nil
}

func makeFile(name string, content io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	w := bufio.NewWriterSize(f, 64<<10)
	if _, err := w.ReadFrom(content); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
