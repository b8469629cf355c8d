package web

import (
	"math"
	"net/http"
	"strconv"
)

// The paging of the contract's lists (C 1.1).
const (
	defaultPerPage = 60
	maxPerPage     = 200
)

// Paging reads page and per_page of the query (C 1.1): what is negative or no
// number counts as the default, and more than 200 a page as 200. A limit of 0
// was asked for in so many words: the list is empty.
func Paging(r *http.Request) (offset, limit int) {
	query := r.URL.Query()
	limit = numberOr(query.Get("per_page"), defaultPerPage)
	if limit > maxPerPage {
		limit = maxPerPage
	}
	page := numberOr(query.Get("page"), 0)
	if limit > 0 && page > math.MaxInt/limit {
		return math.MaxInt, limit // behind every list
	}
	return page * limit, limit
}

func numberOr(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}
