package main

import (
	"debug/buildinfo"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// writeBill writes the bill of materials of a program: the modules that are in it, and the
// version of Go, in the JSON of CycloneDX.
func writeBill(name, program string, rel release) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	return create(name, func(w io.Writer) error {
		return cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bill(info, rel))
	})
}

func bill(info *debug.BuildInfo, rel release) *cyclonedx.BOM {
	main := component(info.Main)
	main.Type, main.Name = cyclonedx.ComponentTypeApplication, "tusker"
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	components := []cyclonedx.Component{component(debug.Module{Path: "std", Version: goVersion})}
	for _, m := range info.Deps {
		components = append(components, component(*m))
	}
	uses := make([]string, 0, len(components))
	for _, c := range components {
		uses = append(uses, c.BOMRef)
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{Timestamp: rel.Time.Format(time.RFC3339), Component: &main}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: main.BOMRef, Dependencies: &uses}}
	return bom
}

func component(m debug.Module) cyclonedx.Component {
	url := "pkg:golang/" + m.Path + "@" + m.Version
	c := cyclonedx.Component{
		BOMRef: url, Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url,
		Scope: cyclonedx.ScopeRequired,
	}
	if m.Sum != "" {
		// The sum of a module is that of a list of its files, so it is no hash of CycloneDX.
		c.Properties = &[]cyclonedx.Property{{Name: "go:sum", Value: m.Sum}}
	}
	return c
}
