package main

import (
	"flag"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"gatehouse/templates"
	"gatehouse/templates/fixtures"
)

func main() {
	listen := flag.String("listen", "localhost:8070", "address to listen on; the pages load icons from "+fixtures.IconHost)
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler, err := newHandler(log)
	if err != nil {
		log.Error("storybook does not start", "error", err)
		os.Exit(1)
	}
	fmt.Printf("Every page in every state: http://%s\n", *listen)
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Error("storybook stopped", "error", server.ListenAndServe())
	os.Exit(1)
}

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#f2b705"/><path d="M16 20h32v5H16zm0 11h32v5H16zm0 11h20v5H16z" fill="#3a2d00"/></svg>`

var index = template.Must(template.New("index").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Storybook · Gatehouse</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"></head>
<body><main><h1>Every page in every state</h1><ul>
{{range .}}<li><a href="/page/{{.Name}}">{{.Name}}</a>{{with .About}} – {{.}}{{end}}</li>
{{end}}</ul></main></body></html>
`))

func newHandler(log *slog.Logger) (http.Handler, error) {
	renderer, err := templates.New(templates.Site{})
	if err != nil {
		return nil, err
	}
	all := fixtures.All()
	byName := map[string]fixtures.Fixture{}
	for _, f := range all {
		byName[f.Name] = f
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", renderer.Static())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		if err := index.Execute(w, all); err != nil {
			log.Error("index not sent", "error", err)
		}
	})
	mux.HandleFunc("GET /icon.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, icon) // fails only if the browser closed the connection
	})
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		f, ok := byName[r.PathValue("name")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if err := renderer.Render(w, f.Status, f.Frame, f.Page); err != nil {
			log.Error("page not rendered", "page", f.Name, "error", err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux, nil
}
