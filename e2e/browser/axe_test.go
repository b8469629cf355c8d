package browser_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/e2e/browser/drive"
	"gatehouse/e2e/cache"
)

// axeSource returns the source of axe-core in the version that axe/package-lock.json
// pins.
var axeSource = sync.OnceValues(func() (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("the accessibility tests need Node.js with npm for axe-core; install them with: sudo apt-get install -y nodejs npm")
	}
	dir, err := cache.Dir("axe", []string{"axe/package.json", "axe/package-lock.json"}, func(dir string) error {
		if err := os.CopyFS(dir, os.DirFS("axe")); err != nil {
			return err
		}
		cmd := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
		cmd.Dir = dir
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci failed; check that the npm registry can be reached, and run: cd e2e/browser/axe && npm ci\n%s", output)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// everyRule selects the rules of WCAG 2.0, 2.1 and 2.2 at the levels A and AA.
// colourRule selects those of them that depend on the colors.
const (
	everyRule  = `{"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}`
	colourRule = `{"type": "rule", "values": ["color-contrast", "link-in-text-block"]}`
)

// violation is a rule that an element breaks.
type violation struct{ Rule, Element, Summary string }

// useAxe loads axe-core into the page of a tab. The debugger loads it, so the
// Content-Security-Policy of the page stays in force.
func useAxe(t *testing.T, tab *drive.Tab) {
	t.Helper()
	source, err := axeSource()
	require.NoError(t, err)
	drive.Eval[bool](tab, source+";true")
}

// violations runs the rules and returns what they find. After a dozen rows, the rows
// of a list are alike and are left out.
func violations(tab *drive.Tab, rules string) []violation {
	return drive.Eval[[]violation](tab, `axe.run({include: [["html"]], exclude: [[".row:nth-child(n+13)"]]}, {runOnly: `+rules+`, resultTypes: ["violations"]}).then(result => result.violations.flatMap(
		v => v.nodes.map(n => ({rule: v.id, element: n.html.slice(0, 300), summary: n.failureSummary}))))`)
}

// overflowing returns the elements that are wider than the window, if the page
// scrolls sideways.
func overflowing(tab *drive.Tab) []string {
	return drive.Eval[[]string](tab, `(() => {
		const root = document.documentElement;
		if (root.scrollWidth <= root.clientWidth) return [];
		const out = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > root.clientWidth + 1);
		return [root.scrollWidth + " > " + root.clientWidth, ...out.slice(0, 5).map(e => e.outerHTML.slice(0, 200))];
	})()`)
}

// inspect runs the rules on the page of a tab: on a desktop and a phone, light and
// dark. It also requires that the page fits into the narrowest window.
func inspect(t *testing.T, tab *drive.Tab, where string) {
	t.Helper()
	useAxe(t, tab)
	for _, look := range []struct {
		width int64
		dark  bool
		rules string
	}{
		{drive.Desktop, false, everyRule},
		{drive.Desktop, true, colourRule},
		{drive.Phone, true, everyRule},
	} {
		tab.Look(look.width, look.dark)
		for _, v := range violations(tab, look.rules) {
			t.Errorf("%s, %d pixels, dark: %t: %s\n\t%s\n\t%s", where, look.width, look.dark, v.Rule, v.Element, strings.ReplaceAll(v.Summary, "\n", "\n\t"))
		}
	}
	tab.Look(drive.Narrow, false)
	if out := overflowing(tab); len(out) > 0 {
		t.Errorf("%s is wider than a window of %d pixels:\n%s", where, drive.Narrow, strings.Join(out, "\n"))
	}
	tab.Look(drive.Desktop, false)
}

// A page with every kind of error shows that axe-core finds them.
func TestAxeFindsErrors(t *testing.T) {
	t.Parallel()
	app := startClient(t)
	tab := chromium.Tab(t, drive.Options{Faulty: true})
	tab.Open(app.url + "/welcome")
	useAxe(t, tab)
	page, err := json.Marshal(`<p style="color:#aaa;background:#999">pale</p><input><img src="data:,">`)
	require.NoError(t, err)
	drive.Eval[bool](tab, `document.body.innerHTML = `+string(page)+`; true`)
	var rules []string
	for _, v := range violations(tab, everyRule) {
		rules = append(rules, v.Rule)
	}
	require.ElementsMatch(t, []string{"color-contrast", "html-has-lang", "image-alt", "label"}, rules)
	require.Len(t, violations(tab, colourRule), 1)
	require.Empty(t, overflowing(tab))
	drive.Eval[bool](tab, `document.body.innerHTML = "<pre>`+strings.Repeat("x", 1000)+`</pre>"; true`)
	require.NotEmpty(t, overflowing(tab))
}
