package testkit

import (
	"testing"

	"gatehouse"
)

// StartNodes starts n nodes of one gateway. Like separate processes, they share the
// database, the secret and the site URL, and nothing else.
func StartNodes(t *testing.T, databaseURL string, n int) []*Gateway {
	t.Helper()
	same := make([][][]byte, n)
	for i := range same {
		same[i] = [][]byte{secret}
	}
	return StartNodesWith(t, databaseURL, same...)
}

// StartNodesWith starts a node for each list of secrets. A node seals with its first
// secret and opens with all of them.
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

// At returns the same browser with another node as its target. The cookies apply to
// each node, because a cookie belongs to a host and not to a port.
func (b *Browser) At(node *Gateway) *Browser {
	other := *b
	other.g = node
	return &other
}
