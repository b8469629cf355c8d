package testkit

import (
	"testing"

	"gatehouse"
)

// StartNodes starts n nodes of one gateway. As separate processes would, they
// share the database, the secret and the site's URL, and nothing else.
func StartNodes(t *testing.T, databaseURL string, n int) []*Gateway {
	t.Helper()
	same := make([][][]byte, n)
	for i := range same {
		same[i] = [][]byte{secret}
	}
	return StartNodesWith(t, databaseURL, same...)
}

// StartNodesWith starts a node for each list of secrets, of which the first seals
// and the others open.
func StartNodesWith(t *testing.T, databaseURL string, secrets ...[][]byte) []*Gateway {
	t.Helper()
	var nodes []*Gateway
	siteURL := ""
	for _, s := range secrets {
		node := start(t, databaseURL, siteURL, s...)
		if siteURL == "" {
			siteURL = node.URL
		}
		nodes = append(nodes, node)
	}
	nodes[0].Set(t, gatehouse.SettingEnableOAuthServiceProvider, "true")
	return nodes
}

// At is the same browser, led to another node: a cookie is for a host, whatever
// the port.
func (b *Browser) At(node *Gateway) *Browser {
	elsewhere := *b
	elsewhere.g = node
	return &elsewhere
}
