package architecture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Only the target "check" of the Makefile leaves out PostgreSQL. `make test` and
// .ci/run run their tests through testpostgres, which refuses to start while the
// variable is set.
func TestOnlyMakeCheckLeavesOutPostgreSQL(t *testing.T) {
	var places []string
	eachLine(t, files(t), func(place, line string) {
		if strings.Contains(line, "GATEHOUSE_TEST_ENGINES=") && !strings.HasPrefix(place, "test/") {
			places = append(places, place)
		}
	})
	require.Len(t, places, 1)
	makefile := string(read(t, "Makefile"))
	require.Regexp(t, `(?m)^check: .*\n\tGATEHOUSE_TEST_ENGINES=sqlite go test `, makefile)
	require.Regexp(t, `(?m)^test: .*\n\t\$\(WITH_POSTGRES\) go test .* \./\.\.\.$`, makefile)
	require.Regexp(t, `(?m)^WITH_POSTGRES := go run \./test/testdb/cmd/testpostgres --$`, makefile)
	require.Contains(t, string(read(t, ".ci/run")), "\nmake test\n")
}
