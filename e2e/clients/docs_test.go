package clients_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const guide = "../../docs/connect-your-client.md"

// Each paragraph of code in docs/connect-your-client.md is in the program that the
// block names.
func TestGuideShowsTheProgramsThatRun(t *testing.T) {
	text := read(t, guide)
	blocks := regexp.MustCompile("(?ms)^<!-- e2e/clients/(\\S+) -->\n```\\w+\n(.*?)^```$").FindAllStringSubmatch(text, -1)
	shown := map[string]bool{}
	for _, block := range blocks {
		program := lines(read(t, filepath.FromSlash(block[1])))
		for _, paragraph := range strings.Split(block[2], "\n\n") {
			require.Contains(t, program, lines(paragraph), block[1])
		}
		shown[filepath.ToSlash(filepath.Dir(block[1]))] = true
		shown[strings.TrimSuffix(block[1], filepath.Ext(block[1]))] = true
	}
	for _, c := range clients() {
		require.True(t, shown[c.folder], "docs/connect-your-client.md does not show %s", c.folder)
		if c.openID {
			require.True(t, shown[c.folder+"/openid"], "docs/connect-your-client.md does not show %s with OpenID Connect", c.folder)
		}
	}
}

// The table in docs/connect-your-client.md names the versions that the tests run.
func TestGuideNamesTheVersions(t *testing.T) {
	versions := map[string]string{}
	var node struct{ Dependencies map[string]string }
	require.NoError(t, json.Unmarshal([]byte(read(t, "node/package.json")), &node))
	for name, version := range node.Dependencies {
		versions[name] = version
	}
	for file, pin := range map[string]string{
		"python/requirements.txt": `(?mi)^(requests-oauthlib|authlib|mcp)==(\S+)`,
		"mcp-go/go.mod":           `(github\.com/modelcontextprotocol/go-sdk) (\S+)`,
		"../../go.mod":            `(golang\.org/x/oauth2) (\S+)`,
	} {
		for _, match := range regexp.MustCompile(pin).FindAllStringSubmatch(read(t, file), -1) {
			versions[strings.ToLower(match[1])] = match[2]
		}
	}
	delete(versions, "@mattermost/types") // a dependency of @mattermost/client
	require.Len(t, versions, len(clients()))
	text := read(t, guide)
	for name, version := range versions {
		row := regexp.MustCompile(`(?m)^\|.*` + regexp.QuoteMeta("`"+name+"`") + `[^|]*\| ` + regexp.QuoteMeta(version) + ` \|`)
		require.Regexp(t, row, text, "%s at %s is not in the table", name, version)
	}
}

// lines removes the indentation, which differs between the program and the document.
func lines(text string) string {
	list := strings.Split(strings.Trim(text, "\n"), "\n")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return "\n" + strings.Join(list, "\n") + "\n"
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}
