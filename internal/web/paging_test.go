package web_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/web"
)

func TestPaging(t *testing.T) {
	for query, want := range map[string][2]int{
		"":                             {0, 60},
		"?page=2":                      {120, 60},
		"?page=2&per_page=10":          {20, 10},
		"?per_page=200":                {0, 200},
		"?per_page=201":                {0, 200},
		"?page=1&per_page=1000":        {200, 200},
		"?page=-1&per_page=-1":         {0, 60},
		"?page=x&per_page=y":           {0, 60},
		"?page=1.5&per_page=":          {0, 60},
		"?page=3&per_page=0":           {0, 0},
		"?page=9223372036854775807":    {math.MaxInt, 60},
		"?page=99999999999999999999":   {0, 60},
		"?per_page=999999999999999999": {0, 200},
	} {
		offset, limit := web.Paging(httptest.NewRequest(http.MethodGet, "/"+query, nil))
		require.Equal(t, want, [2]int{offset, limit}, query)
	}
}

func TestPageNumber(t *testing.T) {
	for query, want := range map[string]int{
		"": 1, "?page=": 1, "?page=0": 1, "?page=1": 1, "?page=7": 7, "?page=-7": 1, "?page=x": 1, "?page=1.5": 1,
		"?page=1000000": 1000000, "?page=1000001": 1, "?page=99999999999999999999": 1,
	} {
		require.Equal(t, want, web.PageNumber(httptest.NewRequest(http.MethodGet, "/"+query, nil)), query)
	}
}
