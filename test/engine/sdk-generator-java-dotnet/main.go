// Command sdk-generator-java-dotnet writes the SDK of a package schema, as `pulumi package gen-sdk` does with language hosts
// of today. The generators of these languages are in repositories of their own; these versions go together
// (go.mod of pulumi-terraform-bridge v3.120.0), and pkg/v3 after v3.229 has none for .NET.
//
//	sdk-generator-java-dotnet SCHEMA java|dotnet FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// The schema refers to no other package.
type noPackages struct{ schema.ReferenceLoader }

// The generator for .NET downloads Pulumi's logo.
type noLogo struct{}

func (noLogo) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(""))}, nil
}

func sdk(bound *schema.Package, language string) (map[string][]byte, error) {
	switch language {
	case "java":
		return java.GeneratePackage("sdk-generator", bound, nil, nil, false, false)
	case "dotnet":
		return dotnet.GeneratePackage("sdk-generator", bound, nil, nil)
	}
	return nil, fmt.Errorf("no SDK can be generated for %q", language)
}

func generate(file, language, folder string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	bound, diagnostics, err := schema.BindSpec(spec, noPackages{}, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	// Warnings, too.
	if len(diagnostics) > 0 {
		return diagnostics
	}
	files, err := sdk(bound, language)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: sdk-generator-java-dotnet SCHEMA java|dotnet FOLDER")
		os.Exit(2)
	}
	http.DefaultTransport = noLogo{}
	if err := generate(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
