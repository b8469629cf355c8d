package architecture_test

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each reference to the contract, such as "C 1.8", names a heading of
// docs/contract.md.
func TestReferencesToTheContractResolve(t *testing.T) {
	const contract = "docs/contract.md"
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (C [0-9]+(?:\.[0-9]+)?)\b`).FindAllStringSubmatch(string(read(t, contract)), -1) {
		sections[heading[1]] = true
	}
	require.Greater(t, len(sections), 30, "%s has headings such as ## C 1.8", contract)
	reference, found := regexp.MustCompile(`\bC [0-9]+\.[0-9]+\b`), 0
	eachLine(t, files(t), func(place, line string) {
		for _, section := range reference.FindAllString(line, -1) {
			found++
			if !sections[section] {
				t.Errorf("%s cites %s, but %s has no such heading", place, section, contract)
			}
		}
	})
	require.Greater(t, found, 200)
}

const coverage = "docs/rfc-coverage.md"

// Each RFC that the repository cites is in the list at the top of
// docs/rfc-coverage.md, with its address.
func TestCitedRFCsAreListed(t *testing.T) {
	listed := listedRFCs(t)
	citation := regexp.MustCompile(`\bRFC ([0-9]{3,5})\b`)
	eachLine(t, files(t), func(place, line string) {
		for _, rfc := range citation.FindAllStringSubmatch(line, -1) {
			if !listed[rfc[1]] {
				t.Errorf("%s cites RFC %s, which %s does not list", place, rfc[1], coverage)
			}
		}
	})
}

// listedRFCs returns the numbers of the RFCs in the list at the top of
// docs/rfc-coverage.md.
func listedRFCs(t *testing.T) map[string]bool {
	t.Helper()
	top, _, _ := strings.Cut(string(read(t, coverage)), "\n## ")
	listed := map[string]bool{}
	for _, link := range regexp.MustCompile(`\[RFC ([0-9]+)\]\(https://www\.rfc-editor\.org/rfc/rfc([0-9]+)\)`).FindAllStringSubmatch(top, -1) {
		require.Equal(t, link[1], link[2], "the link leads to the RFC that it names")
		require.False(t, listed[link[1]], "RFC %s is listed once", link[1])
		listed[link[1]] = true
	}
	require.NotEmpty(t, listed)
	return listed
}

// Each row of a table of rules names sections of the RFC or specification in the heading above, and
// a test that proves the rule or the reason why there is no test.
func TestEveryRuleNamesItsSectionAndItsProof(t *testing.T) {
	var (
		heading  = regexp.MustCompile(`^## (?:RFC ([0-9]+)\b|(OpenID Connect .+))`)
		sections = regexp.MustCompile(`^§[1-9A-Z][0-9]*(\.[1-9][0-9]*)*(, §[1-9A-Z][0-9]*(\.[1-9][0-9]*)*)*$`)
		reasons  = []string{"does not apply: ", "not met: ", "by construction: "}
		listed   = listedRFCs(t)
		rfc      = ""
		rows     = 0
	)
	for line := range strings.Lines(string(read(t, coverage))) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "## ") {
			rfc = ""
			if h := heading.FindStringSubmatch(line); h != nil {
				rfc = h[1] + h[2]
				require.True(t, listed[rfc] || h[2] != "", "RFC %s is in the list at the top", rfc)
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if rfc == "" || !strings.HasPrefix(line, "|") || cells[0] == "Section" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		rows++
		require.Len(t, cells, 4, line)
		require.Regexp(t, sections, cells[0], line)
		if proof := cells[3]; !namedTest.MatchString(proof) && !slices.ContainsFunc(reasons, func(r string) bool { return strings.HasPrefix(proof, r) }) {
			t.Errorf("%s %s has neither a test nor a reason: %s", rfc, cells[0], line)
		}
	}
	require.Greater(t, rows, 100)
}

var (
	namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)`")
	// A file is named by its path from the root or from the document, or by its base name alone.
	namedFile = regexp.MustCompile("`((?:[A-Za-z0-9_.*-]+/)*[A-Za-z0-9_.*-]+\\.(?:go|md|sh|yml|sql|html|css|js|mjs|py|json|txtar|template|example))`")
	// A folder has a path that begins with a folder in the root.
	namedFolder = regexp.MustCompile("`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)/?`")
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

func TestTestsAndFilesNamedInDocumentsExist(t *testing.T) {
	all := files(t)
	tests := testNames(t, all)
	known := pathsOf(all)
	eachLine(t, documents(t), func(place, line string) {
		document, _, _ := strings.Cut(place, ":")
		for _, name := range namedTest.FindAllStringSubmatch(line, -1) {
			if !tests[name[1]] {
				t.Errorf("%s names the test %s, which does not exist", place, name[1])
			}
		}
		for _, name := range namedFile.FindAllStringSubmatch(line, -1) {
			if !known.has(name[1], path.Dir(document)) {
				t.Errorf("%s names the file %s, which does not exist", place, name[1])
			}
		}
		for _, name := range namedFolder.FindAllStringSubmatch(line, -1) {
			top, _, _ := strings.Cut(name[1], "/")
			if known[top] && !known.has(name[1], ".") {
				t.Errorf("%s names %s, which does not exist", place, name[1])
			}
		}
	})
}

func TestLinksInDocumentsResolve(t *testing.T) {
	known := pathsOf(files(t))
	eachLine(t, documents(t), func(place, line string) {
		document, _, _ := strings.Cut(place, ":")
		for _, l := range link.FindAllStringSubmatch(line, -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			file, anchor, hasAnchor := strings.Cut(l[1], "#")
			target := document
			if file != "" {
				target = path.Join(path.Dir(document), file)
			}
			if !known[target] && target != "." {
				t.Errorf("%s links to %s, which does not exist", place, l[1])
			} else if hasAnchor && !slices.Contains(anchors(t, target), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", place, l[1], target)
			}
		}
	})
}

// anchors returns the anchors that a host of repositories gives the headings of a
// document.
func anchors(t *testing.T, document string) (list []string) {
	t.Helper()
	for _, heading := range regexp.MustCompile(`(?m)^#+ +(.+)$`).FindAllStringSubmatch(string(read(t, document)), -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading[1])), "")
		list = append(list, strings.ReplaceAll(plain, " ", "-"))
	}
	return list
}

// paths are the files and folders of the repository.
type paths map[string]bool

func pathsOf(files []string) paths {
	known := paths{}
	for _, file := range files {
		for p := file; p != "."; p = path.Dir(p) {
			known[p] = true
		}
	}
	return known
}

// has reports whether a name, which may hold "*", is a path from the root or from
// a folder, or without "/" the base name of a file.
func (p paths) has(name, folder string) bool {
	for known := range p {
		for _, pattern := range []string{name, path.Join(folder, name)} {
			if ok, err := path.Match(pattern, known); ok && err == nil {
				return true
			}
		}
		if ok, err := path.Match(name, path.Base(known)); ok && err == nil && !strings.Contains(name, "/") {
			return true
		}
	}
	return false
}
