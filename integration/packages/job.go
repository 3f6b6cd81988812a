package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// sumsName is the file with the checksums, in the form of sha256sum.
const sumsName = "checksums.txt"

// Job is a version to build, and how.
type Job struct {
	// Version is that of the program, such as v0.1.0.
	Version string
	// Proxy is the URL of a module proxy that is asked before the others, "" for none.
	Proxy string
	// Targets are the platforms. An image is built if one of them is Linux.
	Targets []Target
	// BuildCache is the folder of the build cache, "" for the user's.
	BuildCache string
}

// Into builds the files of the job in the folder out, which must be empty or missing.
func (j Job) Into(ctx context.Context, out string) error {
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return fmt.Errorf("the folder %s is not empty", out)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "tusker-packages-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	builder := &builder{dir: tmp, cache: j.BuildCache}
	rel, err := builder.resolve(ctx, j)
	if err != nil {
		return err
	}
	shared, err := builder.shared(ctx, rel)
	if err != nil {
		return err
	}
	images := make(map[string]string)
	for _, target := range j.Targets {
		program, err := builder.build(ctx, rel, target)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("tusker_%s_%s_%s", rel.Number(), target.OS, target.Arch)
		files := append([]file{{Path: target.program(), Source: program, Mode: 0o755}}, shared.archive()...)
		if err := errors.Join(
			writeArchive(filepath.Join(out, name), target, files, rel.Time),
			writeBill(filepath.Join(out, name+".cdx.json"), program, rel),
		); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		if target.OS != "linux" {
			continue
		}
		images[target.Arch] = program
		for _, format := range []string{"deb", "rpm"} {
			if err := writePackage(out, format, target.Arch, program, shared, rel); err != nil {
				return fmt.Errorf("%s: %s: %w", target, format, err)
			}
		}
	}
	if len(images) > 0 {
		if err := writeImage(filepath.Join(out, "tusker_"+rel.Number()+"_image.tar"), images, shared, rel); err != nil {
			return fmt.Errorf("image: %w", err)
		}
	}
	return writeSums(out)
}

// host is the platform of this machine.
func host() Target { return Target{runtime.GOOS, runtime.GOARCH} }

func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var lines []string
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(data), entry.Name()))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[sha256.Size*2:], b[sha256.Size*2:]) })
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(strings.Join(lines, "")), 0o644)
}
