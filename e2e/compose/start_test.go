package compose_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	sh(t, `compose rm --stop --force gateway-1 gateway-2 gateway-3`)
	sh(t, `compose exec -T postgres psql -q -h /var/run/postgresql -U gatehouse -d postgres -c 'DROP DATABASE gatehouse WITH (FORCE)' -c 'CREATE DATABASE gatehouse'`)
	restored(t)

	var log strings.Builder
	for _, node := range nodes() {
		log.WriteString(sh(t, `docker logs "$1" 2>&1`, container(t, node)))
	}
	migrations := strings.Count(log.String(), `"msg":"migration applied"`)
	require.Equal(t, sql(t, "SELECT count(*) FROM goose_db_version WHERE version_id > 0"), itoa(migrations))
	require.Positive(t, migrations)
	require.Equal(t, 1, strings.Count(log.String(), "created the first System Admin"))
	require.Equal(t, 3, strings.Count(log.String(), "gatehouse is running"))
	require.NotContains(t, log.String(), `"level":"ERROR"`)
}
