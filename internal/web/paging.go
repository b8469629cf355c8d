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

// maxPageNumber bounds the offset of a page's list.
const maxPageNumber = 1_000_000

// Paging reads page, from 0, and per_page of the query (C 1.1). A value that is
// negative or not a number counts as the default. More than 200 per page count as
// 200. With 0 per page the list is empty.
func Paging(r *http.Request) (offset, limit int) {
	query := r.URL.Query()
	limit = min(number(query.Get("per_page"), defaultPerPage), maxPerPage)
	page := number(query.Get("page"), 0)
	if limit > 0 && page > math.MaxInt/limit {
		return math.MaxInt, limit // after the end of every list
	}
	return page * limit, limit
}

// PageNumber reads the page of the query for the list of a page, from 1. It returns 1
// for a value that is not the number of a page.
func PageNumber(r *http.Request) int {
	n := number(r.URL.Query().Get("page"), 1)
	if n > maxPageNumber {
		return 1
	}
	return max(n, 1)
}

// number returns the number in s, or otherwise if s is negative or not a number.
func number(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}
