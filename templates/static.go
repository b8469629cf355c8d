package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// static serves the embedded files under names that contain a hash of the content
// ("style-1a2b3c4d.css"), so that browsers can cache them for a year.
type static struct {
	basePath string
	assets   map[string]asset // by the name without the hash
}

type asset struct {
	body []byte
	hash string
	mime string
}

func loadStatic(basePath string) (*static, error) {
	s := &static{basePath: basePath, assets: map[string]asset{}}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("templates: list static files: %w", err)
	}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("templates: read %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(body)
		s.assets[e.Name()] = asset{body: body, hash: hex.EncodeToString(sum[:4]), mime: mime.TypeByExtension(path.Ext(e.Name()))}
	}
	return s, nil
}

// url returns the path of a file with its hash. It returns an error if the file does
// not exist.
func (s *static) url(name string) (string, error) {
	a, ok := s.assets[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	ext := path.Ext(name)
	return s.basePath + "/static/" + strings.TrimSuffix(name, ext) + "-" + a.hash + ext, nil
}

func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := strings.TrimPrefix(r.URL.Path, s.basePath)
	file, ok := strings.CutPrefix(p, "/static/")
	ext := path.Ext(file)
	i := strings.LastIndexByte(file, '-')
	if !ok || i < 0 || i > len(file)-len(ext) {
		http.NotFound(w, r)
		return
	}
	hash := strings.TrimSuffix(file[i+1:], ext)
	a, ok := s.assets[file[:i]+ext]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+a.hash+`"`)
	if hash == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		// Another node that runs another version sent the page. This version of the file
		// is better than none, but the browser must not cache it under that name.
		h.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}
